//! Each command to what carries it out.

use bson::{Document, doc};

use crate::{
    aggregate, catalog_commands as catalog,
    command::{Command, Outcome},
    error::Result,
    read,
    storage::{Store, check_namespace},
    update::Updater,
    write::{self, Change, Place, Wanted},
};

pub(crate) fn run(store: &Store, database: &str, command: &Command) -> Result<Outcome> {
    if let Some(collection) = command.collection() {
        check_namespace(database, collection)?;
    }
    let place = |collection| Place { store, database, collection };
    match command {
        Command::FindOne { .. } | Command::Find { .. } | Command::CountDocuments { .. } | Command::Distinct { .. } => {
            read::run(store, database, command)
        }
        Command::Aggregate { collection, pipeline } => {
            aggregate::run(store, database, collection, pipeline).map(Outcome::Documents)
        }
        Command::InsertOne { collection, document } => place(collection).insert(std::slice::from_ref(document), true),
        Command::InsertMany { collection, documents, ordered } => place(collection).insert(documents, *ordered),
        Command::UpdateOne { .. } | Command::UpdateMany { .. } | Command::ReplaceOne { .. } => {
            run_update(store, database, command)
        }
        Command::DeleteOne { collection, filter } => place(collection).delete(filter, false),
        Command::DeleteMany { collection, filter } => place(collection).delete(filter, true),
        Command::FindOneAndUpdate { .. } | Command::FindOneAndReplace { .. } => run_find_and(store, database, command),
        Command::FindOneAndDelete { collection, filter, sort, projection } => {
            place(collection).find_and_delete(filter, sort.as_ref(), projection.as_ref())
        }
        _ => catalog::run(store, database, command),
    }
}

fn run_update(store: &Store, database: &str, command: &Command) -> Result<Outcome> {
    let (collection, change) = match command {
        Command::UpdateOne { collection, filter, update, upsert, array_filters, sort } => {
            let updater = write::updater(update, array_filters)?;
            (collection, Change { filter, updater, sort: sort.as_ref(), upsert: *upsert, many: false })
        }
        Command::UpdateMany { collection, filter, update, upsert, array_filters } => {
            let updater = write::updater(update, array_filters)?;
            (collection, Change { filter, updater, sort: None, upsert: *upsert, many: true })
        }
        Command::ReplaceOne { collection, filter, replacement, upsert, sort } => {
            let updater = Updater::replacement(replacement)?;
            (collection, Change { filter, updater, sort: sort.as_ref(), upsert: *upsert, many: false })
        }
        _ => return Ok(Outcome::Done),
    };
    Place { store, database, collection }.update(&change)
}

fn run_find_and(store: &Store, database: &str, command: &Command) -> Result<Outcome> {
    let (collection, change, wanted) = match command {
        Command::FindOneAndUpdate { collection, filter, update, sort, projection, upsert, return_after, array_filters } => {
            let updater = write::updater(update, array_filters)?;
            let change = Change { filter, updater, sort: sort.as_ref(), upsert: *upsert, many: false };
            (collection, change, wanted(projection.as_ref(), *return_after))
        }
        Command::FindOneAndReplace { collection, filter, replacement, sort, projection, upsert, return_after } => {
            let updater = Updater::replacement(replacement)?;
            let change = Change { filter, updater, sort: sort.as_ref(), upsert: *upsert, many: false };
            (collection, change, wanted(projection.as_ref(), *return_after))
        }
        _ => return Ok(Outcome::Done),
    };
    Place { store, database, collection }.find_and_update(&change, &wanted)
}

fn wanted(projection: Option<&Document>, after: bool) -> Wanted<'_> {
    Wanted { projection: projection.filter(|spec| **spec != doc! {}), after }
}
