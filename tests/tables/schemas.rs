//! What `/v1/fields/schema` says of records and bodies is what is shown and taken, for every entity.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Role, entities};
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::custom::{giving_as, writing};
use crate::masked::reads;
use crate::world::World;

/// The schemas of a shape as a role is told them, by entity; each is one by its metaschema too.
async fn schemas(world: &World, role: Role, shape: &str) -> BTreeMap<String, Validator> {
    let told = world.member(role).caller().get("/v1/fields/schema").await.expect(200);
    let compiled = |(name, schemas): (&String, &Value)| {
        let schema = &schemas[shape];
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}: {schema}");
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        (name.clone(), options.build(schema).unwrap())
    };
    told.json.as_object().unwrap().iter().map(compiled).collect()
}

fn wrong(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The records in some JSON, each with its entity.
fn records<'a>(value: &'a Value, found: &mut Vec<(&'static str, &'a Value)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| records(item, found)),
        Value::Object(fields) => {
            let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
            match entities::ALL.iter().find(|entity| domain::id::is(entity.prefix, id)) {
                Some(entity) if fields.contains_key("version") => found.push((entity.name, value)),
                _ => fields.values().for_each(|value| records(value, found)),
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn schemas_say_what_is_shown() {
    let world = World::new().await;
    let read = format!("/v1/conversations/{}/read", world.id("conversation"));
    world.member(Role::Customer).caller().post(&read, json!({ "seq": 1 })).send().await.expect(200);
    let (mut seen, mut unlike) = (BTreeSet::new(), Vec::new());
    for (endpoint, ..) in reads().filter(|(endpoint, ..)| endpoint.route != "GET /v1/fields/schema") {
        for role in endpoint.roles {
            let schemas = schemas(&world, *role, "record").await;
            let answer = world.member(*role).caller().get(&endpoint.path(&world)).await;
            let mut found = Vec::new();
            records(&answer.json, &mut found);
            for (entity, record) in found {
                let Some(schema) = schemas.get(entity) else { continue };
                let wrong = wrong(schema, record);
                unlike.extend(wrong.into_iter().map(|wrong| format!("{} as {role:?}: {entity} {wrong}", endpoint.route)));
                seen.insert(entity);
            }
        }
    }
    assert!(unlike.is_empty(), "{unlike:#?}");
    let told = schemas(&world, Role::Owner, "record").await;
    let unseen: Vec<&String> = told.keys().filter(|name| !seen.contains(name.as_str())).collect();
    assert!(unseen.is_empty(), "{unseen:?} are told and never shown");
}

#[tokio::test]
async fn schemas_say_what_is_taken_and_what_comes_of_it() {
    for (endpoint, entity) in writing() {
        let (world, role) = (World::new().await, endpoint.roles[0]);
        let shape = if endpoint.method() == "POST" { "create" } else { "change" };
        let (taken, shown) = (schemas(&world, role, shape).await, schemas(&world, role, "record").await);
        let (taken, shown, caller) = (&taken[entity.name], &shown[entity.name], world.member(role).caller());
        let mut body = (endpoint.body)(&world);
        body["custom"] = json!({ "note": "Slate", "tax": "DE1", "about": world.id("biddable") });
        assert_eq!(wrong(taken, &body), Vec::<String>::new(), "{}: {body}", endpoint.route);
        for bad in [json!({ "nope": 1 }), json!({ "note": 1 }), json!({ "note": "" }), json!({ "about": "lead_1" }), json!([])] {
            body["custom"] = bad.clone();
            assert!(!taken.is_valid(&body), "{}: {body}", endpoint.route);
            giving_as(&caller, endpoint, &world, bad).send().await.expect(422);
        }
        let custom = json!({ "note": "Slate", "tax": "DE1", "about": world.id("biddable") });
        let made = giving_as(&caller, endpoint, &world, custom).send().await;
        assert!(made.status < 300, "{}: {}", endpoint.route, made.text);
        assert_eq!(wrong(shown, &made.json), Vec::<String>::new(), "{}: {}", endpoint.route, made.text);
    }
}
