//! `$merge` and `$out`: writing what a pipeline gives into a collection.

use std::sync::Arc;

use bson::{Bson, Document};

use super::{Context, Rows, set_path, simple::held};
use crate::{
    aggregate::{self, pipeline::Pipeline},
    error::{Error, Result},
    expression::{Expression, Variables},
    fields::Fields,
    matcher::Matcher,
    order::equal,
    path,
    path::Path,
    search::{Found, Query},
    sort::SortOrder,
    storage::{Collection, Store, oplog::ChangeKind},
    update::with_id,
};

#[derive(Debug, Clone)]
pub(crate) struct Merge {
    pub database: Option<String>,
    pub collection: String,
    pub on: Vec<String>,
    pub bindings: Vec<(String, Expression)>,
    pub matched: Matched,
    pub unmatched: Unmatched,
    /// `$out`: what was there goes.
    pub replaces_all: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Matched {
    Merge,
    Replace,
    Keep,
    Fail,
    Pipeline(Pipeline),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmatched {
    Insert,
    Discard,
    Fail,
}

impl Merge {
    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let store = context.store()?;
        let (documents, _budget) = held(rows)?;
        let database = self.database.as_deref().unwrap_or(context.database);
        let target = store.ensure_collection(database, &self.collection)?;
        let allows_null = self.check_unique(&target)?;
        if self.replaces_all {
            for found in everything().all(store, &target)? {
                store.delete(&target, found.rid, &found.document)?;
            }
        }
        let mut failure = None;
        for document in documents {
            let target = store.ensure_collection(database, &self.collection)?;
            let written = store.atomically(|| self.write(store, &target, document, allows_null, &context.variables));
            failure = failure.or(written.err());
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(Box::new(std::iter::empty())),
        }
    }

    /// Some unique index must tell apart what `on` names; whether it also tells apart what is missing.
    fn check_unique(&self, target: &Collection) -> Result<bool> {
        let wanted = sorted(self.on.iter().map(String::as_str));
        if wanted == ["_id"] {
            return Ok(false);
        }
        let fitting = target.indexes.iter().filter(|index| {
            let names = sorted(index.fields.iter().map(|field| field.path.as_str()));
            index.unique && !index.building && index.partial.is_none() && names == wanted
        });
        let mut sparse = fitting.map(|index| index.sparse).peekable();
        if sparse.peek().is_none() {
            return Err(Error::new(51183, "Cannot find index to verify that join fields will be unique"));
        }
        Ok(sparse.any(|sparse| !sparse))
    }

    fn write(
        &self,
        store: &Store,
        target: &Arc<Collection>,
        document: Document,
        allows_null: bool,
        variables: &Variables,
    ) -> Result<()> {
        let mut document = if self.on == ["_id"] { with_id(document) } else { document };
        for name in &self.on {
            if allows_null && path::get(&document, name).is_none() {
                set_path(&mut document, name, Bson::Null);
            }
        }
        let query = self.find(&document, allows_null)?;
        match (query.first(store, target)?, self.unmatched) {
            (Some(found), _) => self.replace(store, target, &found, &document, variables),
            (None, Unmatched::Insert) => store.insert(target, &with_id(document)),
            (None, Unmatched::Discard) => Ok(()),
            (None, Unmatched::Fail) => Err(Error::new(
                13113,
                "$merge could not find a matching document in the target collection for at least one document in the source collection",
            )),
        }
    }

    fn find(&self, document: &Document, allows_null: bool) -> Result<Query> {
        let mut matcher = Matcher::everything();
        for name in &self.on {
            let value = path::get(document, name).filter(|value| match value {
                Bson::Null => allows_null,
                Bson::Array(_) => false,
                _ => true,
            });
            let value = value.ok_or_else(|| {
                Error::new(51132, "$merge write error: 'on' field cannot be missing, null, undefined or an array")
            })?;
            matcher = matcher.and(Matcher::any_of(&Path::new(name), vec![value.clone()]));
        }
        Ok(Query { matcher, ..everything() })
    }

    fn replace(
        &self,
        store: &Store,
        target: &Collection,
        found: &Found,
        document: &Document,
        variables: &Variables,
    ) -> Result<()> {
        let after = match &self.matched {
            Matched::Keep => return Ok(()),
            Matched::Fail => return Err(Error::duplicate(&target.name, "_id_", bson::doc! {"_id": 1})),
            Matched::Replace => document.clone(),
            Matched::Merge => {
                let mut merged = found.document.clone();
                merged.extend(document.clone());
                merged
            }
            Matched::Pipeline(pipeline) => {
                let mut inner = variables.clone();
                if self.bindings.is_empty() {
                    inner = inner.with("new", Bson::Document(document.clone()));
                }
                for (name, expression) in &self.bindings {
                    inner = inner.with(name, expression.evaluate(document, variables)?);
                }
                aggregate::transform_with(pipeline, found.document.clone(), inner)?
            }
        };
        let after = keep_id(&found.document, after)?;
        if after.to_vec()? == found.document.to_vec()? {
            return Ok(());
        }
        let kind = if matches!(self.matched, Matched::Replace) { ChangeKind::Replace } else { ChangeKind::Update };
        store.replace(target, found.rid, &found.document, &after, kind)
    }
}

fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut all: Vec<&str> = names.collect();
    all.sort_unstable();
    all
}

fn everything() -> Query {
    Query { matcher: Matcher::everything(), sort: SortOrder::default(), skip: 0, limit: None, fields: Fields::All }
}

fn keep_id(before: &Document, mut after: Document) -> Result<Document> {
    let id = before.get("_id").unwrap_or(&Bson::Null);
    match after.get("_id") {
        Some(other) if !equal(other, id) => {
            Err(Error::new(66, "$merge failed: the immutable field '_id' was found to have been altered"))
        }
        Some(_) => Ok(after),
        None => {
            after.insert("_id", id.clone());
            Ok(with_id(after))
        }
    }
}
