//! A list query: what the caller asked for, checked against the entity's table, and the page that answers it.

mod compile;
mod cursor;
mod custom;
mod parse;

use std::borrow::Cow;

use data_api::{Action, Answer, Operation};
use domain::entity::{CUSTOM, CUSTOM_PERSONAL, Entity, Field};
use domain::json;
use domain::{Doc, Filter, Viewer, validate};
use serde_json::{Map, Value};

use crate::Scope;
use cursor::Cursor;

pub use compile::compile;

/// The most records on a page.
const LIMIT_MAX: usize = 100;
const LIMIT_DEFAULT: usize = 25;
const EXPAND_MAX: usize = 5;

/// A list query that was found right.
pub struct Query {
    entity: &'static Entity,
    filter: Filter,
    sort: Vec<SortKey>,
    limit: usize,
    cursor: Option<Cursor>,
    fields: Option<Vec<&'static Field>>,
    expand: Vec<(&'static Field, &'static Entity)>,
    count: bool,
    /// Whether it asks for what is in the trash.
    trash: bool,
    /// Who asks; nobody stands for the system.
    viewer: Option<Viewer>,
    /// The records to choose from, where that is not what the scope may read of the entity.
    among: Option<Filter>,
}

/// What a list is sorted by; `_id` always comes last.
#[derive(Clone, Debug)]
struct SortKey {
    /// As the caller says it.
    name: Cow<'static, str>,
    /// Where it is in the document.
    path: String,
    descending: bool,
    is_date: bool,
}

/// A page of records as callers see them.
#[derive(Debug)]
pub struct Page {
    /// The records.
    pub data: Vec<Doc>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
    /// How many there are in all, if asked for.
    pub total: Option<u64>,
}

impl Query {
    /// All records of an entity, the newest first.
    fn all(entity: &'static Entity, viewer: Option<Viewer>) -> Self {
        let (filter, limit) = (Filter::All, LIMIT_DEFAULT);
        let (sort, expand) = (Vec::new(), Vec::new());
        let (count, trash) = (false, false);
        Self { entity, filter, sort, limit, cursor: None, fields: None, expand, count, trash, viewer, among: None }
    }

    /// The same within a further condition.
    pub fn within(self, filter: Filter) -> Self {
        Self { filter: self.filter.and(filter), ..self }
    }

    /// The same for the live records that belong to another record, such as the messages of a conversation: whoever may
    /// read that one may read these. The caller requires it in the same reading.
    pub fn belonging(self, scope: &Scope, to: Filter) -> Self {
        Self { among: Some(scope.live().and(to)), ..self }
    }

    /// Whether other records are to be shown in the place of references.
    pub fn expands(&self) -> bool {
        !self.expand.is_empty()
    }

    /// How many operations it takes.
    pub(crate) fn steps(&self) -> usize {
        1 + usize::from(self.count)
    }

    /// What to ask the database: one operation, or two when a total is asked for.
    pub(crate) fn operations(&self, scope: &Scope, also: Option<Filter>) -> Vec<Operation> {
        let among = self.among.clone().unwrap_or_else(|| match self.trash {
            true => scope.trashed(self.entity),
            false => scope.reach(self.entity, "read"),
        });
        let visible = among.and(self.filter.clone());
        let visible = also.map_or_else(|| visible.clone(), |also| visible.clone().and(also));
        let page = self.cursor.as_ref().map_or(Filter::All, |cursor| cursor.after(&self.sort));
        let filter = compile(&visible.clone().and(page));
        let mut operations = vec![if self.expand.is_empty() { self.find(filter) } else { self.aggregate(scope, filter) }];
        if self.count {
            let count = Operation::new(Action::CountDocuments, self.entity.collection);
            operations.push(count.with("filter", compile(&visible)));
        }
        operations
    }

    /// The page that the answers hold.
    pub(crate) fn page(&self, answers: Vec<Answer>) -> Page {
        let mut answers = answers.into_iter();
        let documents = answers.next().and_then(|answer| answer.documents).unwrap_or_default();
        let has_more = documents.len() > self.limit;
        let mut data: Vec<Doc> = documents.into_iter().take(self.limit).filter_map(domain::doc::object).collect();
        let next = data.last().filter(|_| has_more).map(|last| Cursor::of(last, &self.sort).encode(&self.sort));
        data = data.into_iter().map(|doc| self.render(doc)).collect();
        Page { data, next, total: answers.next().and_then(|answer| answer.count) }
    }

    fn find(&self, filter: Value) -> Operation {
        let operation = Operation::new(Action::Find, self.entity.collection).with("filter", filter);
        let operation = operation.with("sort", self.sort_document()).with("limit", self.limit + 1);
        match self.projection() {
            Some(projection) => operation.with("projection", projection),
            None => operation,
        }
    }

    fn aggregate(&self, scope: &Scope, filter: Value) -> Operation {
        let mut pipeline =
            vec![json!({ "$match": filter }), json!({ "$sort": self.sort_document() }), json!({ "$limit": self.limit + 1 })];
        for (field, target) in &self.expand {
            pipeline.push(json!({ "$lookup": {
                "from": target.collection,
                "localField": field.name,
                "foreignField": "_id",
                "pipeline": [{ "$match": compile(&scope.reach(target, "read")) }],
                "as": expanded(field),
            }}));
        }
        if let Some(Value::Object(mut projection)) = self.projection() {
            projection.extend(
                self.expand.iter().flat_map(|(field, _)| [field.name.to_owned(), expanded(field)]).map(|name| (name, 1.into())),
            );
            pipeline.push(json!({ "$project": projection }));
        }
        Operation::new(Action::Aggregate, self.entity.collection).with("pipeline", pipeline)
    }

    fn sort_document(&self) -> Value {
        let mut sort: Map<String, Value> = Map::new();
        for key in &self.sort {
            sort.insert(key.path.clone(), if key.descending { -1 } else { 1 }.into());
        }
        let last = self.sort.last().is_none_or(|key| key.descending);
        sort.entry("_id").or_insert_with(|| if last { -1 } else { 1 }.into());
        sort.into()
    }

    fn projection(&self) -> Option<Value> {
        let fields = self.fields.as_ref()?;
        let mut projection: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), 1.into())).collect();
        // The cursor needs what the page is sorted by, and no two paths of a projection may overlap.
        let root = |key: &SortKey| key.path.split('.').next().unwrap_or_default().to_owned();
        for key in self.sort.iter().filter(|key| !fields.iter().any(|field| field.name == root(key))) {
            projection.insert(key.path.clone(), 1.into());
        }
        if fields.iter().any(|field| field.name == CUSTOM.name) {
            projection.insert(CUSTOM_PERSONAL.name.to_owned(), 1.into());
        }
        // What an event shows depends on the record it is about.
        if self.entity.name == "event" {
            projection.insert("record".to_owned(), 1.into());
        }
        projection.insert("_id".to_owned(), 1.into());
        Some(projection.into())
    }

    /// The record as callers see it, with what it refers to.
    fn render(&self, mut doc: Doc) -> Doc {
        let found: Vec<_> = self.expand.iter().map(|(field, target)| (field, target, doc.remove(&expanded(field)))).collect();
        let viewer = self.viewer.as_ref();
        let mut shown = validate::render(self.entity, doc, viewer);
        if let Some(fields) = &self.fields {
            let expanded = |name: &str| self.expand.iter().any(|(field, _)| field.name == name);
            shown.retain(|name, _| name == "id" || expanded(name) || fields.iter().any(|field| field.name == name));
        }
        for (field, target, found) in found {
            let Some(Value::Array(found)) = found else { continue };
            let mut records: Vec<Doc> =
                found.into_iter().filter_map(domain::doc::object).map(|doc| validate::render(target, doc, viewer)).collect();
            // What is not visible stays an id.
            match shown.get_mut(field.name) {
                Some(Value::Array(ids)) => ids.iter_mut().for_each(|id| put_in_place(id, &mut records)),
                Some(id) => put_in_place(id, &mut records),
                None => {}
            }
        }
        shown
    }
}

/// Puts the record in the place of its id, if it was found.
fn put_in_place(id: &mut Value, records: &mut Vec<Doc>) {
    if let Some(at) = records.iter().position(|record| record.get("id") == Some(id)) {
        *id = records.swap_remove(at).into();
    }
}

fn expanded(field: &Field) -> String {
    format!("expanded_{}", field.name)
}
