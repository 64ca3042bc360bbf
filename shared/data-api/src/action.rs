//! The names of the actions and what each of them needs.

use serde::{Deserialize, Serialize};

/// An action of the Data API, the last segment of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each variant is the action of the same name")]
pub enum Action {
    FindOne,
    Find,
    Aggregate,
    InsertOne,
    InsertMany,
    UpdateOne,
    UpdateMany,
    ReplaceOne,
    DeleteOne,
    DeleteMany,
    FindOneAndUpdate,
    FindOneAndReplace,
    FindOneAndDelete,
    CountDocuments,
    Distinct,
    Transaction,
    Watch,
    CreateIndexes,
    DropIndexes,
    ListIndexes,
    ListCollections,
    CollMod,
    Stats,
    Explain,
}

/// What an API key must allow for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The action only reads.
    Read,
    /// The action may change documents.
    Write,
    /// The action changes or tells the structure of a database.
    Admin,
}

impl Action {
    /// Every action, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::FindOne,
        Self::Find,
        Self::Aggregate,
        Self::InsertOne,
        Self::InsertMany,
        Self::UpdateOne,
        Self::UpdateMany,
        Self::ReplaceOne,
        Self::DeleteOne,
        Self::DeleteMany,
        Self::FindOneAndUpdate,
        Self::FindOneAndReplace,
        Self::FindOneAndDelete,
        Self::CountDocuments,
        Self::Distinct,
        Self::Transaction,
        Self::Watch,
        Self::CreateIndexes,
        Self::DropIndexes,
        Self::ListIndexes,
        Self::ListCollections,
        Self::CollMod,
        Self::Stats,
        Self::Explain,
    ];

    /// The name as it stands in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindOne => "findOne",
            Self::Find => "find",
            Self::Aggregate => "aggregate",
            Self::InsertOne => "insertOne",
            Self::InsertMany => "insertMany",
            Self::UpdateOne => "updateOne",
            Self::UpdateMany => "updateMany",
            Self::ReplaceOne => "replaceOne",
            Self::DeleteOne => "deleteOne",
            Self::DeleteMany => "deleteMany",
            Self::FindOneAndUpdate => "findOneAndUpdate",
            Self::FindOneAndReplace => "findOneAndReplace",
            Self::FindOneAndDelete => "findOneAndDelete",
            Self::CountDocuments => "countDocuments",
            Self::Distinct => "distinct",
            Self::Transaction => "transaction",
            Self::Watch => "watch",
            Self::CreateIndexes => "createIndexes",
            Self::DropIndexes => "dropIndexes",
            Self::ListIndexes => "listIndexes",
            Self::ListCollections => "listCollections",
            Self::CollMod => "collMod",
            Self::Stats => "stats",
            Self::Explain => "explain",
        }
    }

    /// The action of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Everything that a key must allow; a transaction needs what its operations need.
    pub const fn grants(self) -> &'static [Grant] {
        match self {
            Self::Transaction => &[],
            // They answer with documents beside writing them.
            Self::FindOneAndUpdate | Self::FindOneAndReplace | Self::FindOneAndDelete => &[Grant::Read, Grant::Write],
            Self::CreateIndexes | Self::DropIndexes | Self::CollMod => &[Grant::Write, Grant::Admin],
            _ => match self.grant() {
                Grant::Read => &[Grant::Read],
                Grant::Write => &[Grant::Write],
                Grant::Admin => &[Grant::Admin],
            },
        }
    }

    /// The furthest of what a key must allow.
    pub const fn grant(self) -> Grant {
        match self {
            Self::FindOne
            | Self::Find
            | Self::Aggregate
            | Self::CountDocuments
            | Self::Distinct
            | Self::Transaction
            | Self::Watch => Grant::Read,
            Self::InsertOne
            | Self::InsertMany
            | Self::UpdateOne
            | Self::UpdateMany
            | Self::ReplaceOne
            | Self::DeleteOne
            | Self::DeleteMany
            | Self::FindOneAndUpdate
            | Self::FindOneAndReplace
            | Self::FindOneAndDelete => Grant::Write,
            Self::CreateIndexes
            | Self::DropIndexes
            | Self::ListIndexes
            | Self::ListCollections
            | Self::CollMod
            | Self::Stats
            | Self::Explain => Grant::Admin,
        }
    }

    /// Whether the answer tells of a created document by status 201.
    pub const fn inserts(self) -> bool {
        matches!(self, Self::InsertOne | Self::InsertMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_grant_is_among_all_of_them() {
        for action in Action::ALL.iter().filter(|action| **action != Action::Transaction) {
            assert!(action.grants().contains(&action.grant()), "{}", action.name());
        }
    }

    #[test]
    fn a_name_leads_back_to_its_action() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(*action));
            let written = serde_json::to_value(action).expect("an action is a string");
            assert_eq!(written, action.name());
        }
        assert_eq!(Action::from_name("dropDatabase"), None);
    }
}
