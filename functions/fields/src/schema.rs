//! Entities as JSON Schemas (2020-12), with the fields that the tenant defined and without what the caller's role hides: a record
//! as it is shown, and the bodies that make and change one.

mod custom;
mod table;

use domain::custom::DEFINITIONS_MAX;
use domain::doc::text;
use domain::entities::{self, CUSTOMIZABLE, FIELD_DEFINITION};
use domain::policy::PERMISSIONS;
use domain::{Doc, Entity, Error, Filter, Viewer, json, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

use table::Shape;

/// The most that can be: every entity has only so many fields.
#[expect(clippy::cast_possible_truncation, reason = "both are small constants")]
const LIMIT: u32 = (CUSTOMIZABLE.len() * DEFINITIONS_MAX) as u32;

/// The schemas of one entity, or those of all entities by their names.
pub async fn schema(call: &Call) -> Outcome {
    let (one, scope, viewer) = (asked(call.query())?, call.scope()?, call.viewer()?);
    let of = one.map_or(Filter::All, |entity| Filter::is("entity", entity.name));
    let mut reading = call.store.reading(scope);
    let visible = scope.reach(&FIELD_DEFINITION, "read").and(of);
    let step = reading.many(&FIELD_DEFINITION, &visible, json!({ "position": 1, "_id": 1 }), LIMIT);
    let found = reading.run().await?.docs(step).into_iter();
    let found: Vec<Doc> = found.map(|doc| validate::render(&FIELD_DEFINITION, doc, Some(viewer))).collect();
    let body = match one {
        Some(entity) => schemas(entity, viewer, &found),
        None => shown().map(|entity| (entity.name.to_owned(), schemas(entity, viewer, &found))).collect(),
    };
    Ok(Reply::json(200, &body))
}

/// The entities whose records callers are shown as their tables have them.
fn shown() -> impl Iterator<Item = &'static Entity> {
    let is_read = |entity: &Entity| PERMISSIONS.iter().any(|permission| permission.strip_suffix(":read") == Some(entity.name));
    let is_shown = move |entity: &Entity| is_read(entity) && !APART.contains(&entity.name) || WITHIN.contains(&entity.name);
    entities::ALL.iter().copied().filter(move |entity| is_shown(entity))
}

/// Settings are shown by their keys, logins as sessions.
const APART: &[&str] = &["setting", "login"];
/// What whoever reads a conversation reads.
const WITHIN: &[&str] = &["message", "read_mark"];

fn schemas(entity: &Entity, viewer: &Viewer, definitions: &[Doc]) -> Value {
    let of: Vec<&Doc> = definitions.iter().filter(|doc| text(doc, "entity") == Some(entity.name)).collect();
    let schema = |shape| table::schema(entity, viewer, &of, shape);
    json!({ "record": schema(Shape::Record), "create": schema(Shape::Create), "change": schema(Shape::Change) })
}

fn asked(query: &str) -> Result<Option<&'static Entity>, Error> {
    let mut asked = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "entity" {
            return Err(Error::parameter(&name, "This endpoint takes `entity` alone."));
        }
        let entity = shown().find(|entity| entity.name == value);
        asked = Some(entity.ok_or_else(|| Error::parameter("entity", "Expected the name of an entity, such as lead."))?);
    }
    Ok(asked)
}
