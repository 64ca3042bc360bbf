//! What a session can be asked to do, and what it answers.

use bson::{Bson, Document};

/// Whether a session may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A snapshot beside the writer.
    Read,
    /// The one writer: the session waits for its turn.
    Write,
}

/// The two forms an update takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// Update operators such as `{"$set": {…}}`.
    Document(Document),
    /// An aggregation pipeline of `$set`, `$unset`, `$project`, `$replaceRoot` and their aliases.
    Pipeline(Vec<Document>),
}

/// One command on one database.
#[expect(missing_docs, reason = "the fields carry MongoDB's names and meanings")]
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    FindOne {
        collection: String,
        filter: Document,
        projection: Option<Document>,
        sort: Option<Document>,
        skip: Option<i64>,
    },
    Find {
        collection: String,
        filter: Document,
        projection: Option<Document>,
        sort: Option<Document>,
        limit: Option<i64>,
        skip: Option<i64>,
    },
    Aggregate {
        collection: String,
        pipeline: Vec<Document>,
    },
    InsertOne {
        collection: String,
        document: Document,
    },
    InsertMany {
        collection: String,
        documents: Vec<Document>,
        ordered: bool,
    },
    UpdateOne {
        collection: String,
        filter: Document,
        update: Update,
        upsert: bool,
        array_filters: Vec<Document>,
        sort: Option<Document>,
    },
    UpdateMany {
        collection: String,
        filter: Document,
        update: Update,
        upsert: bool,
        array_filters: Vec<Document>,
    },
    ReplaceOne {
        collection: String,
        filter: Document,
        replacement: Document,
        upsert: bool,
        sort: Option<Document>,
    },
    DeleteOne {
        collection: String,
        filter: Document,
    },
    DeleteMany {
        collection: String,
        filter: Document,
    },
    FindOneAndUpdate {
        collection: String,
        filter: Document,
        update: Update,
        sort: Option<Document>,
        projection: Option<Document>,
        upsert: bool,
        return_after: bool,
        array_filters: Vec<Document>,
    },
    FindOneAndReplace {
        collection: String,
        filter: Document,
        replacement: Document,
        sort: Option<Document>,
        projection: Option<Document>,
        upsert: bool,
        return_after: bool,
    },
    FindOneAndDelete {
        collection: String,
        filter: Document,
        sort: Option<Document>,
        projection: Option<Document>,
    },
    CountDocuments {
        collection: String,
        filter: Document,
        skip: Option<i64>,
        limit: Option<i64>,
    },
    Distinct {
        collection: String,
        field: String,
        filter: Document,
    },
    /// Each index is `{key, name?, unique?, sparse?, partialFilterExpression?, expireAfterSeconds?}`.
    CreateIndexes {
        collection: String,
        indexes: Vec<Document>,
    },
    /// `["*"]` drops every index but the one on `_id`.
    DropIndexes {
        collection: String,
        names: Vec<String>,
    },
    ListIndexes {
        collection: String,
    },
    ListCollections,
    DropCollection {
        collection: String,
    },
    /// How the inner command would find its documents.
    Explain {
        command: Box<Command>,
    },
    Stats {
        collection: Option<String>,
    },
    /// An empty validator removes it.
    SetValidator {
        collection: String,
        validator: Document,
    },
}

impl Command {
    /// The collection that it names.
    pub fn collection(&self) -> Option<&str> {
        match self {
            Command::FindOne { collection, .. }
            | Command::Find { collection, .. }
            | Command::Aggregate { collection, .. }
            | Command::InsertOne { collection, .. }
            | Command::InsertMany { collection, .. }
            | Command::UpdateOne { collection, .. }
            | Command::UpdateMany { collection, .. }
            | Command::ReplaceOne { collection, .. }
            | Command::DeleteOne { collection, .. }
            | Command::DeleteMany { collection, .. }
            | Command::FindOneAndUpdate { collection, .. }
            | Command::FindOneAndReplace { collection, .. }
            | Command::FindOneAndDelete { collection, .. }
            | Command::CountDocuments { collection, .. }
            | Command::Distinct { collection, .. }
            | Command::CreateIndexes { collection, .. }
            | Command::DropIndexes { collection, .. }
            | Command::ListIndexes { collection }
            | Command::DropCollection { collection }
            | Command::SetValidator { collection, .. } => Some(collection),
            Command::Explain { command } => command.collection(),
            Command::Stats { collection } => collection.as_deref(),
            Command::ListCollections => None,
        }
    }

    /// Whether a failure leaves what was written before it: insertMany and pipelines that end in `$merge`.
    pub fn keeps_its_beginning(&self) -> bool {
        match self {
            Command::InsertMany { .. } => true,
            Command::Aggregate { pipeline, .. } => pipeline.last().is_some_and(|stage| stage.contains_key("$merge")),
            _ => false,
        }
    }

    /// Whether it needs a session of `Mode::Write`.
    pub fn writes(&self) -> bool {
        match self {
            Command::FindOne { .. }
            | Command::Find { .. }
            | Command::CountDocuments { .. }
            | Command::Distinct { .. }
            | Command::ListIndexes { .. }
            | Command::ListCollections
            | Command::Explain { .. }
            | Command::Stats { .. } => false,
            Command::Aggregate { pipeline, .. } => {
                pipeline.last().is_some_and(|stage| stage.contains_key("$merge") || stage.contains_key("$out"))
            }
            _ => true,
        }
    }
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// findOne, findOneAnd*, explain, stats, createIndexes.
    Document(Option<Document>),
    /// find, aggregate, listIndexes, listCollections.
    Documents(Vec<Document>),
    /// The `_id` of each inserted document, in order; insertOne gives one.
    Inserted(Vec<Bson>),
    /// update*, replaceOne.
    Updated {
        /// Documents the filter matched.
        matched: u64,
        /// Documents that changed.
        modified: u64,
        /// The `_id` of the document that an upsert inserted.
        upserted_id: Option<Bson>,
    },
    /// delete*.
    Deleted(u64),
    /// countDocuments.
    Count(u64),
    /// distinct.
    Values(Vec<Bson>),
    /// dropIndexes, dropCollection, setValidator.
    Done,
}
