//! The writing commands.

use std::sync::Arc;

use bson::{Bson, DateTime, Document};

use crate::{
    command::{Outcome, Update},
    error::{Error, Result},
    expression::Variables,
    projection::Projection,
    search::{Found, Query},
    storage::{Collection, Store, oplog::ChangeKind},
    update::{Occasion, Updater, from_filter, with_id},
};

/// Where a command writes.
pub(crate) struct Place<'a> {
    pub store: &'a Store,
    pub database: &'a str,
    pub collection: &'a str,
}

/// What an update does to which documents.
pub(crate) struct Change<'a> {
    pub filter: &'a Document,
    pub updater: Updater,
    pub sort: Option<&'a Document>,
    pub upsert: bool,
    pub many: bool,
}

/// The document that findOneAnd* answers with.
pub(crate) struct Wanted<'a> {
    pub projection: Option<&'a Document>,
    pub after: bool,
}

impl Place<'_> {
    pub fn insert(&self, documents: &[Document], ordered: bool) -> Result<Outcome> {
        let collection = self.store.ensure_collection(self.database, self.collection)?;
        let mut ids = Vec::with_capacity(documents.len());
        let mut failure = None;
        for document in documents {
            match self.insert_one(&collection, document) {
                Ok(id) => ids.push(id),
                Err(error) if ordered => return Err(error),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(Outcome::Inserted(ids)),
        }
    }

    fn insert_one(&self, collection: &Arc<Collection>, document: &Document) -> Result<Bson> {
        let document = with_id(document.clone());
        check_id(&document)?;
        let collection = self.store.collection(self.database, self.collection)?.unwrap_or_else(|| Arc::clone(collection));
        let inserted = self.store.atomically(|| self.store.insert(&collection, &document));
        inserted.map(|()| document.get("_id").cloned().unwrap_or_default())
    }

    pub fn update(&self, change: &Change<'_>) -> Result<Outcome> {
        let query = Query::parse(change.filter, change.sort, None, if change.many { None } else { Some(1) })?;
        let Some(collection) = self.store.collection(self.database, self.collection)? else {
            return self.upsert(change).map(|upserted| updated(0, 0, upserted.as_ref()));
        };
        let found = query.all(self.store, &collection)?;
        if found.is_empty() {
            return self.upsert(change).map(|upserted| updated(0, 0, upserted.as_ref()));
        }
        let mut modified = 0;
        for one in &found {
            let (_, changed) = self.change(&collection, one, &change.updater)?;
            modified += u64::from(changed);
        }
        Ok(updated(found.len() as u64, modified, None))
    }

    pub fn find_and_update(&self, change: &Change<'_>, wanted: &Wanted<'_>) -> Result<Outcome> {
        let query = Query::parse(change.filter, change.sort, None, None)?;
        let projection = wanted.projection.map(Projection::of_find).transpose()?;
        let collection = self.store.collection(self.database, self.collection)?;
        let found = match &collection {
            Some(collection) => query.first(self.store, collection)?,
            None => None,
        };
        let (Some(collection), Some(found)) = (collection, found) else {
            let upserted = self.upsert(change)?.filter(|_| wanted.after);
            return answer(upserted, projection.as_ref(), None);
        };
        let (after, _) = self.change(&collection, &found, &change.updater)?;
        let document = if wanted.after { after } else { found.document };
        answer(Some(document), projection.as_ref(), found.position)
    }

    pub fn delete(&self, filter: &Document, many: bool) -> Result<Outcome> {
        let query = Query::parse(filter, None, None, if many { None } else { Some(1) })?;
        let Some(collection) = self.store.collection(self.database, self.collection)? else {
            return Ok(Outcome::Deleted(0));
        };
        let found = query.all(self.store, &collection)?;
        for one in &found {
            self.store.delete(&collection, one.rid, &one.document)?;
        }
        Ok(Outcome::Deleted(found.len() as u64))
    }

    pub fn find_and_delete(&self, filter: &Document, sort: Option<&Document>, projection: Option<&Document>) -> Result<Outcome> {
        let query = Query::parse(filter, sort, None, None)?;
        let projection = projection.map(Projection::of_find).transpose()?;
        let Some(collection) = self.store.collection(self.database, self.collection)? else {
            return Ok(Outcome::Document(None));
        };
        let Some(found) = query.first(self.store, &collection)? else {
            return Ok(Outcome::Document(None));
        };
        self.store.delete(&collection, found.rid, &found.document)?;
        answer(Some(found.document), projection.as_ref(), found.position)
    }

    /// Writes the document after the update; answers it and whether it differs.
    fn change(&self, collection: &Collection, found: &Found, updater: &Updater) -> Result<(Document, bool)> {
        let occasion = Occasion { position: found.position, inserting: false, now: DateTime::now() };
        let after = updater.apply(&found.document, occasion)?;
        if after.to_vec()? == found.document.to_vec()? {
            return Ok((after, false));
        }
        let kind = match updater {
            Updater::Replacement(_) => ChangeKind::Replace,
            _ => ChangeKind::Update,
        };
        self.store.replace(collection, found.rid, &found.document, &after, kind)?;
        Ok((after, true))
    }

    /// The document that was inserted, if one was asked for.
    fn upsert(&self, change: &Change<'_>) -> Result<Option<Document>> {
        if !change.upsert {
            return Ok(None);
        }
        let occasion = Occasion { position: None, inserting: true, now: DateTime::now() };
        let mut seed = from_filter(change.filter)?;
        if let Updater::Replacement(replacement) = &change.updater {
            let id = replacement.get("_id").or_else(|| seed.get("_id")).cloned();
            seed = Document::new();
            seed.extend(id.map(|id| ("_id".to_owned(), id)));
        }
        let document = with_id(change.updater.apply(&seed, occasion)?);
        check_id(&document)?;
        let collection = self.store.ensure_collection(self.database, self.collection)?;
        self.store.insert(&collection, &document)?;
        Ok(Some(document))
    }
}

/// An updater for either form.
pub(crate) fn updater(update: &Update, array_filters: &[Document]) -> Result<Updater> {
    Updater::parse(update, array_filters)
}

fn updated(matched: u64, modified: u64, upserted: Option<&Document>) -> Outcome {
    Outcome::Updated { matched, modified, upserted_id: upserted.and_then(|document| document.get("_id").cloned()) }
}

fn answer(document: Option<Document>, projection: Option<&Projection>, position: Option<usize>) -> Result<Outcome> {
    let document = match (document, projection) {
        (Some(document), Some(projection)) => Some(projection.apply(&document, position, &Variables::of_command())?),
        (document, _) => document,
    };
    Ok(Outcome::Document(document))
}

/// What `_id` cannot be, and names that a stored document cannot have at its top.
fn check_id(document: &Document) -> Result<()> {
    match document.get("_id") {
        Some(Bson::Array(_)) => return Err(Error::new(53, "The '_id' value cannot be of type array")),
        Some(Bson::RegularExpression(_)) => return Err(Error::new(53, "The '_id' value cannot be of type regex")),
        Some(Bson::Undefined) => return Err(Error::new(53, "The '_id' value cannot be of type undefined")),
        Some(Bson::Document(id)) => {
            if let Some(name) = id.keys().find(|name| name.starts_with('$') && !matches!(name.as_str(), "$ref" | "$id" | "$db")) {
                return Err(Error::new(52, format!("The dollar ($) prefixed field '{name}' in '_id' is not valid for storage.")));
            }
        }
        _ => {}
    }
    Ok(())
}
