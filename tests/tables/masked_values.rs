//! What a policy masks of one custom field is in no channel, for every entity that takes such fields; the others stay.

use domain::custom::{INDEX_FIELD, WORDS_FIELD};
use domain::policy::Mask;
use domain::search::SEARCH_FIELD;
use domain::{Entity, Kind, Policy, Role, entities, lifecycle};
use serde_json::{Value, json};
use support::{App, Caller, id};

use crate::custom::{giving_as, list_of, writing};
use crate::masked::{HANDS_OUT, reads};
use crate::world::World;

fn customizable() -> impl Iterator<Item = &'static Entity> {
    entities::ALL.iter().copied().filter(|entity| entity.is_customizable())
}

/// What the values of a key of an entity are, and no others.
fn mark(entity: &Entity, key: &str) -> String {
    format!("zq{}q{key}z", entity.name)
}

/// Gives every record of a world two values, and tells of them in events.
async fn plant(world: &World) {
    for entity in customizable() {
        let [note, hint] = ["note", "hint"].map(|key| mark(entity, key));
        let set = json!({
            "custom": { "note": note, "hint": hint }, (INDEX_FIELD): ["note", "hint"], (WORDS_FIELD): [note, hint],
            (SEARCH_FIELD): [note, hint],
        });
        let filter = json!({ "tenant_id": world.tenant.id });
        let update = json!({ "collection": entity.collection, "filter": filter, "update": { "$set": set } });
        App::shared().data("updateMany", update).await;
        let change = |mark: &str| json!({ "before": null, "after": mark });
        let event = json!({
            "_id": id("evt"), "tenant_id": world.tenant.id, "type": "planted", "record": { "type": entity.name, "id": id(entity.prefix) },
            "changes": { "custom": { "note": change(&note), "hint": change(&hint) } }, "comment": note, "version": 1,
        });
        App::shared().data("insertOne", json!({ "collection": "events", "document": event })).await;
    }
}

/// A member in a role from whom the note of every entity is kept.
fn masked(world: &World, role: Role, mask: Mask) -> Caller {
    let masks = customizable().map(|entity| (entity, "custom.note", mask));
    let policy = Policy::custom(role, Policy::from(role).permissions(), masks).unwrap();
    world.member(role).with(policy).caller()
}

#[tokio::test]
async fn masked_values_are_in_no_answer_that_reads_and_the_others_are() {
    let world = World::new().await;
    plant(&world).await;
    let mut seen = 0;
    for (endpoint, entity, has_query) in reads() {
        let fields = entity.into_iter().flat_map(|entity| entity.fields).filter(|field| !field.hidden);
        let references = fields.filter(|field| matches!(field.kind, Kind::Reference(_) | Kind::List(Kind::Reference(_), _)));
        let expanded = references.filter(|_| has_query).map(|field| format!("?expand={}", field.name));
        let shaped = entity.filter(|entity| has_query && entity.is_customizable()).map(|_| "?fields=custom".to_owned());
        for query in [String::new()].into_iter().chain(expanded).chain(shaped) {
            let (role, path) = (endpoint.roles[0], format!("{}{query}", endpoint.path(&world)));
            let all = world.member(role).caller().get(&path).await.expect(200);
            let rest = masked(&world, role, Mask::Hidden).get(&path).await.expect(200);
            for entity in customizable() {
                assert!(!rest.text.contains(&mark(entity, "note")), "{path}: {}", rest.text);
                assert_eq!(rest.text.contains(&mark(entity, "hint")), all.text.contains(&mark(entity, "hint")), "{path}");
                seen += u32::from(all.text.contains(&mark(entity, "note")));
            }
        }
    }
    assert!(seen > 60, "{seen} marks were seen without a mask");
}

#[tokio::test]
async fn masked_values_cannot_be_asked_about_nor_found() {
    let world = World::new().await;
    plant(&world).await;
    for entity in customizable() {
        // Bids are for staff once they are unsealed.
        let (path, caller) = (list_of(entity), masked(&world, Role::Manager, Mask::Hidden));
        let archived = if lifecycle::is_archivable(entity) { "&archived=all" } else { "" };
        for (query, place) in [
            ("custom.note=x", "custom.note"),
            ("custom.note[exists]=true", "custom.note[exists]"),
            ("custom.note[gt]=a", "custom.note[gt]"),
            ("sort=custom.note", "sort"),
        ] {
            let refused = caller.get(&format!("{path}?{query}")).await.expect(400);
            assert_eq!(refused.places(), [place], "{path}?{query}");
        }
        let total = async |caller: &Caller, query: &str| {
            caller.get(&format!("{path}?count=true{archived}&{query}")).await.expect(200).json["total"].as_u64().unwrap()
        };
        let all = world.member(Role::Manager).caller();
        let [note, hint] = ["note", "hint"].map(|key| format!("q={}", mark(entity, key)));
        assert!(total(&all, &note).await > 0 && total(&all, &hint).await > 0, "{path}");
        assert_eq!((total(&caller, &note).await, total(&caller, &hint).await), (0, total(&all, &hint).await), "{path}");
        assert_eq!(total(&caller, "custom.hint[exists]=true").await, total(&all, "custom.hint[exists]=true").await, "{path}");
        let definitions = caller.get(&format!("/v1/fields?limit=100&entity={}", entity.name)).await.expect(200);
        assert!(definitions.text.contains("\"hint\"") && !definitions.text.contains("\"note\""), "{}", definitions.text);
        let schema = caller.get(&format!("/v1/fields/schema?entity={}", entity.name)).await.expect(200);
        assert!(schema.text.contains("\"hint\"") && !schema.text.contains("\"note\""), "{}", schema.text);
    }
}

#[tokio::test]
async fn masked_values_are_not_written_and_the_others_are() {
    // Who hands out more than they have is refused before.
    for (endpoint, entity) in writing().into_iter().filter(|(endpoint, _)| !HANDS_OUT.contains(&endpoint.route)) {
        let (world, role) = (World::new().await, endpoint.roles[0]);
        plant(&world).await;
        let note = mark(entity, "note");
        for (mask, code) in [(Mask::Hidden, "unknown-field"), (Mask::ReadOnly, "read-only")] {
            let caller = masked(&world, role, mask);
            let refused = giving_as(&caller, endpoint, &world, json!({ "note": "x", "hint": "y" })).send().await.expect(422);
            let error = &refused.json["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!("/custom/note"), &json!(code)), "{}", endpoint.route);
        }
        let caller = masked(&world, role, Mask::Hidden);
        let written = giving_as(&caller, endpoint, &world, json!({ "hint": "y" })).send().await;
        assert!(written.status < 300 && written.json["custom"] == json!({ "hint": "y" }), "{}: {}", endpoint.route, written.text);
        if endpoint.method() != "PATCH" {
            continue;
        }
        let stored = async || -> Value {
            App::shared().stored(entity.collection, json!({ "_id": written.json["id"], "tenant_id": world.tenant.id })).await[0]["custom"].clone()
        };
        assert_eq!(stored().await, json!({ "note": note, "hint": "y" }), "{}", endpoint.route);
        let same = masked(&world, role, Mask::ReadOnly);
        giving_as(&same, endpoint, &world, json!({ "note": note, "hint": "z" })).send().await.expect(200);
        let none = giving_as(&caller, endpoint, &world, Value::Null).send().await.expect(200);
        assert!(none.json.get("custom").is_none(), "{}", none.text);
        assert_eq!(stored().await, json!({ "note": note }), "what one does not see stays");
    }
}
