//! What is done, and to which documents; the same for everyone who is measured.

use bson::{Bson, Document, doc};

/// The documents of the smaller collection.
pub const FEW: i32 = 10_000;
/// The documents of the larger collection.
pub const MANY: i32 = 1_000_000;
/// What a list shows.
pub const LISTED: usize = 50;
/// The tenant whose open leads are listed; every tenth document is one of its.
pub const TENANT: &str = "t3";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    FindOne,
    FindOneOfMany,
    List,
    ListOfMany,
    InsertOne,
    Transaction,
    Group,
}

impl Work {
    pub const ALL: [Self; 7] =
        [Self::FindOne, Self::FindOneOfMany, Self::List, Self::ListOfMany, Self::InsertOne, Self::Transaction, Self::Group];

    pub fn name(self) -> &'static str {
        match self {
            Self::FindOne => "findOne by `_id`",
            Self::FindOneOfMany => "findOne from the larger collection",
            Self::List => "find, 50 sorted by an index",
            Self::ListOfMany => "the same from the larger collection",
            Self::InsertOne => "insertOne",
            Self::Transaction => "transaction of 5 writes",
            Self::Group => "aggregate, `$group` of 10,000",
        }
    }

    /// How often it is done in one round, by all clients together.
    pub fn times(self) -> usize {
        match self {
            Self::FindOne | Self::FindOneOfMany => 4_000,
            Self::List | Self::ListOfMany => 1_200,
            Self::InsertOne => 800,
            Self::Transaction => 400,
            Self::Group => 32,
        }
    }
}

pub fn id(number: i32) -> String {
    format!("lead_{number:08}")
}

/// A lead of the size that leads have.
pub fn lead(number: i32) -> Document {
    doc! {
        "_id": id(number), "tenant_id": tenant(number), "status": status(number),
        "title": format!("Lead number {number}"), "value": number, "deleted_at": Bson::Null, "created_at": bson::DateTime::from_millis(i64::from(number)),
        "person": {"name": "Somebody", "email": "somebody@example.com"}, "tags": ["a", "b"],
    }
}

pub fn tenant(number: i32) -> String {
    format!("t{}", number % 10)
}

pub fn status(number: i32) -> &'static str {
    if number % 3 == 0 { "open" } else { "won" }
}

/// A lead of the smaller collection, another one for each number.
pub fn existing(number: i32) -> i32 {
    among(FEW, number)
}

/// A lead of the larger collection, from anywhere in it.
pub fn existing_of_many(number: i32) -> i32 {
    among(MANY, number)
}

fn among(documents: i32, number: i32) -> i32 {
    // Neighbours in time are no neighbours in the file.
    number.wrapping_mul(7_919).rem_euclid(documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_found_lies_all_over_its_collection() {
        let times = i32::try_from(Work::FindOneOfMany.times()).unwrap();
        for (documents, existing) in [(FEW, existing as fn(i32) -> i32), (MANY, existing_of_many)] {
            let tenths: BTreeSet<i32> = (0..times).map(|number| existing(number) / (documents / 10)).collect();
            assert_eq!(tenths, (0..10).collect(), "of {documents}");
        }
    }
}
