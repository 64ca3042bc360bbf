//! The definitions of a tenant's custom fields: read with whatever else a command must know, and expected to be the same still.

use domain::entities::{FIELD_DEFINITION, FIELD_SCHEMA};
use domain::validate::change;
use domain::{Doc, Entity, Error, Filter, custom, id, json};
use serde_json::Value;

use crate::command::{Found, Reading};
use crate::{Command, Scope, Step};

/// What refuses a command whose definitions were changed meanwhile, or that had to read them: it is done once more.
pub const FIELDS_CHANGED: &str = "fields-changed";

/// Whoever writes values writes one of so many marks, and whoever changes a definition all of them: each of the former conflicts
/// with each of the latter, and seldom with one another.
const MARKS: u8 = 8;

/// The definitions of an entity, archived ones included, at one version.
pub struct Definitions {
    /// The definitions.
    pub docs: Vec<Doc>,
    schema: Option<Doc>,
}

/// Where a reading finds them.
pub struct Steps(Step, Step);

impl Definitions {
    /// Has them read, for an entity by its name.
    pub fn read(reading: &mut Reading<'_>, scope: &Scope, entity: &str) -> Steps {
        let of = scope.live().and(Filter::is("entity", entity));
        let docs = reading.many(&FIELD_DEFINITION, &of, order(), LIMIT);
        Steps(docs, reading.many(&FIELD_SCHEMA, &of, order(), 1))
    }

    /// Has them read, for an entity whose name an earlier step finds at `source`.
    pub fn read_linked(reading: &mut Reading<'_>, scope: &Scope, source: &str) -> Steps {
        let (live, link) = (scope.live(), ("entity", source));
        let docs = reading.many_linked(&FIELD_DEFINITION, &live, order(), LIMIT, link);
        Steps(docs, reading.many_linked(&FIELD_SCHEMA, &live, order(), 1, link))
    }

    /// What was read.
    pub fn found(found: &mut Found, steps: &Steps) -> Self {
        Self { docs: found.docs(steps.0), schema: found.docs(steps.1).pop() }
    }

    fn version(&self) -> Option<Filter> {
        Some(Filter::is("version", self.schema.as_ref()?.get("version").cloned().unwrap_or_default()))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is a small constant")]
const LIMIT: u32 = custom::DEFINITIONS_MAX as u32;

fn order() -> Value {
    json!({ "position": 1, "_id": 1 })
}

impl Command<'_> {
    /// Expects the definitions to be as they were read, else fails so that the command is done once more. Until it is done nobody
    /// changes them: a field that no record holds could be taken away while one is getting a value of it.
    pub fn expect_definitions(&mut self, scope: &Scope, entity: &Entity, definitions: &Definitions) {
        let schema = schema(scope, entity);
        let Some(version) = definitions.version() else {
            self.forbid(&FIELD_SCHEMA, schema, changed());
            return;
        };
        self.require(&FIELD_SCHEMA, schema.and(version), changed());
        let [chance] = self.store.random();
        self.number(&mark(entity.name, chance % MARKS));
    }

    /// Expects that a record of the entity can be made without custom values, without reading any definitions.
    pub fn expect_none_required(&mut self, scope: &Scope, entity: &Entity) {
        self.forbid(&FIELD_SCHEMA, schema(scope, entity).and(Filter::is("has_required", true)), changed());
    }

    /// Has the defaults read for a record that is made without custom values.
    pub(crate) fn read_defaults(&mut self, entity: &Entity, id: &str, doc: &Doc) {
        if entity.is_customizable() && !doc.contains_key(custom::FIELD) {
            let of = schema_id(self.scope(), entity.name);
            let known = self.defaults.iter().find(|(_, known, _)| *known == of).map(|(.., step)| *step);
            let step = known.unwrap_or_else(|| self.find(&FIELD_SCHEMA, schema(self.scope(), entity)));
            self.defaults.push((id.to_owned(), of, step));
        }
    }

    /// A field of such a record, or of what tells of it, and the source of what it gets there, if there is anything.
    pub(crate) fn default_of(&self, id: &str, field: &str, of: &str) -> Option<(String, String)> {
        let (.., step) = self.defaults.iter().find(|(known, ..)| known == id)?;
        Some((field.to_owned(), step.path(&format!("document.{of}?"))))
    }

    /// Writes what the definitions come to now, unless they were changed since they were read.
    pub fn keep_schema(&mut self, scope: &Scope, entity: &str, definitions: &Definitions, now: &[Doc]) {
        let raced =
            || Error::conflict("concurrent-update", "Fields were changed by somebody else at the same moment. Try again.");
        let mut summary = custom::summary(now);
        summary.insert("entity".to_owned(), entity.into());
        let id = schema_id(scope, entity);
        for at in 0..MARKS {
            self.number(&mark(entity, at));
        }
        match (&definitions.schema, definitions.version()) {
            (Some(before), Some(version)) => {
                let base = before.iter().filter(|(name, _)| FIELD_SCHEMA.fields.iter().all(|field| field.name != *name));
                let after = base.map(|(name, value)| (name.clone(), value.clone())).chain(summary).collect();
                let filter = scope.live().and(Filter::is("_id", id)).and(version);
                self.update(&FIELD_SCHEMA, &filter, &change(before, after), raced());
            }
            _ => drop(self.insert(&FIELD_SCHEMA, &id, summary, &[], raced())),
        }
    }

    /// Expects the database to understand a pattern, and a text to have it.
    pub fn require_readable(&mut self, scope: &Scope, pattern: &str, text: Option<&str>, unreadable: Error, unlike: Error) {
        let input = text.map_or_else(|| Value::from("$_id"), |text| json!({ "$literal": text }));
        let matches = json!({ "$regexMatch": { "input": input, "regex": { "$literal": pattern } } });
        let condition = if text.is_some() { matches } else { json!({ "$in": [matches, [true, false]] }) };
        self.examine(domain::entities::TENANT.collection, scope.tenant(), condition, (unreadable, unlike));
    }

    /// Expects a text to have the pattern of a definition.
    pub fn require_pattern(&mut self, definition: &str, text: &str, unlike: Error) {
        let matches = json!({ "$regexMatch": { "input": { "$literal": text }, "regex": "$pattern" } });
        self.examine(FIELD_DEFINITION.collection, definition, matches, (unlike.clone(), unlike));
    }
}

fn mark(entity: &str, at: u8) -> String {
    ["fields", entity, &at.to_string()].join(".")
}

fn schema_id(scope: &Scope, entity: &str) -> String {
    id::derived(FIELD_SCHEMA.prefix, &[scope.tenant(), entity])
}

fn schema(scope: &Scope, entity: &Entity) -> Filter {
    scope.live().and(Filter::is("_id", schema_id(scope, entity.name)))
}

fn changed() -> Error {
    Error::conflict(FIELDS_CHANGED, "The custom fields were changed at the same moment. Try again.")
}
