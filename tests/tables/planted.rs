//! Values that can be told from all others, put into every field of every record of a world.

use domain::custom::WORDS_FIELD;
use domain::entity::Kind;
use domain::search::SEARCH_FIELD;
use domain::{Entity, Field, Time, entities};
use serde_json::{Map, Value, json};
use store::Keyring;
use support::{App, id};

use crate::world::World;

/// What is overwritten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Planting {
    /// Free text, which no command minds.
    Texts,
    /// Free text, and every field that a record lacks.
    Everywhere,
}

/// What commands look up: it must be what it is.
const LOOKED_UP: &[(&str, &str)] = &[("tenant", "domain"), ("field_definition", "key"), ("field_definition", "pattern")];

/// What the values of a field have in them, and of no other.
pub fn mark(entity: &Entity, field: &Field) -> String {
    format!("zq{}q{}z", entity.name.replace('_', ""), field.name.replace('_', ""))
}

/// What tells that a value of a field is somewhere: its mark, or the number or the time that it is planted with.
pub fn bytes(entity: &Entity, field: &Field) -> [String; 3] {
    let mark = mark(entity, field);
    [number(&mark).to_string(), time(&mark).to_string(), mark]
}

/// A number of ten digits for the field of a mark.
fn number(mark: &str) -> i64 {
    let field = mark.split(' ').next().unwrap();
    let digest =
        field.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    5_000_000_000 + i64::try_from(digest % 4_000_000_000).unwrap()
}

/// A time in years to come for the field of a mark.
fn time(mark: &str) -> Time {
    Time::from_ms(number(mark) * 1_000)
}

/// A value of a kind that has a mark in it, where the kind can hold one.
pub fn value(kind: &Kind, mark: &str) -> Value {
    match kind {
        Kind::Text(_) | Kind::Email | Kind::Phone | Kind::FileUrl | Kind::Url | Kind::Choice(_) | Kind::Reference(_) => {
            mark.into()
        }
        Kind::Integer(..) | Kind::Number => number(mark).into(),
        Kind::Flag => true.into(),
        Kind::Date => json!({ "$date": time(mark) }),
        Kind::Money => json!({ "minor": number(mark), "currency": "EUR" }),
        Kind::List(of, _) => json!([value(of, mark)]),
        Kind::Object(fields) => fields.iter().map(|field| (field.name.to_owned(), value(&field.kind, mark))).collect(),
        Kind::Opaque(_) | Kind::Custom => json!({ "planted": mark }),
    }
}

/// Plants marks in all records of a world, and tells of each entity in an event.
pub async fn plant(world: &World, planting: Planting) {
    let keyring = world.tenant.keyring();
    for entity in entities::ALL {
        let found = App::shared().stored(entity.collection, json!({ "tenant_id": world.tenant.id })).await;
        let update = |(at, record): (usize, &Value)| {
            let update = json!({ "$set": planted(&keyring, entity, record, at, planting) });
            json!({ "updateOne": { "collection": entity.collection, "filter": { "_id": record["_id"] }, "update": update } })
        };
        let operations: Vec<Value> = found.iter().enumerate().map(update).collect();
        if !operations.is_empty() {
            App::shared().data("transaction", json!({ "operations": operations })).await;
        }
    }
    for entity in entities::ALL.iter().filter(|_| planting == Planting::Everywhere) {
        let change = |field: &Field| (field.name.to_owned(), json!({ "before": null, "after": mark(entity, field) }));
        let changes: Map<String, Value> = entity.fields.iter().filter(|field| !field.hidden).map(change).collect();
        let comment = entity.fields.iter().map(|field| mark(entity, field)).collect::<Vec<_>>().join(" ");
        let event = json!({
            "_id": id("evt"), "tenant_id": world.tenant.id, "type": "planted", "record": { "type": entity.name, "id": id(entity.prefix) },
            "changes": changes, "comment": comment, "version": 1,
        });
        App::shared().data("insertOne", json!({ "collection": "events", "document": event })).await;
    }
}

/// The fields of a record with their marks in them; unlike each other, as some must be.
fn planted(keyring: &Keyring, entity: &Entity, record: &Value, at: usize, planting: Planting) -> Map<String, Value> {
    let mut set = Map::new();
    let mut words: Vec<Value> = Vec::new();
    for field in entity.fields.iter().filter(|field| !field.hidden) {
        let is_text = matches!(field.kind, Kind::Text(_) | Kind::Email);
        let is_missing = record[field.name].is_null() || record[field.name] == json!([]);
        // A login that was revoked is shown to nobody.
        let is_login_end = entity.name == "login" && field.name == "revoked_at";
        let plants = planting == Planting::Everywhere && is_missing && !is_login_end;
        let is_looked_up = planting == Planting::Texts && LOOKED_UP.contains(&(entity.name, field.name));
        if (is_text || plants) && !is_looked_up {
            let mark = mark(entity, field);
            if matches!(field.kind, Kind::Custom) {
                set.insert(WORDS_FIELD.to_owned(), json!([mark]));
            }
            if field.searchable && field.encrypted {
                let found_by = keyring.words(&format!("{}/{}", entity.name, field.name), &mark);
                set.insert(field.words_name(), found_by.into());
            } else {
                words.extend(field.searchable.then(|| Value::from(mark.clone())));
            }
            set.insert(field.name.to_owned(), value(&field.kind, &format!("{mark} {at}")));
        }
    }
    if !words.is_empty() {
        set.insert(SEARCH_FIELD.to_owned(), words.into());
    }
    set
}
