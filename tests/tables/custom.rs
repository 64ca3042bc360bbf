//! Fields of a tenant's own, for every entity that takes them: written, found, kept, and what they refer to.

use std::collections::BTreeSet;

use domain::custom::{REFS_FIELD, TARGETS};
use domain::{Entity, Role, entities, lifecycle};
use edge::{Content, Route, Verb};
use serde_json::{Value, json};
use support::{Answered, App, Caller, Request, endpoints, id, orphans};

use crate::references::wrong_ids;
use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// Endpoints whose tables of routes name no entity, and that write one that takes custom fields.
const BESIDES: &[(&str, &str)] = &[("PATCH /v1/profiles/{id}", "membership")];

pub fn endpoint_of(route: &Route) -> &'static Endpoint {
    ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).expect("it is in the table")
}

/// Every endpoint that makes or changes records of an entity with custom fields by what a caller gives.
pub fn writing() -> Vec<(&'static Endpoint, &'static Entity)> {
    let entity_of = |route: &Route| {
        let besides =
            BESIDES.iter().find(|(known, _)| *known == format!("{route:?}")).and_then(|(_, name)| entities::by_name(name));
        route.entity.or(besides).filter(|entity| entity.is_customizable())
    };
    let writes = |route: &Route| match route.verb {
        Verb::Post => route.content == Content::Json && !route.path.contains('{'),
        Verb::Patch => route.path.ends_with("{id}"),
        _ => false,
    };
    let routes = endpoints().map(|(_, route)| route).filter(|route| writes(route));
    let all: Vec<_> = routes.filter_map(|route| Some((endpoint_of(route), entity_of(route)?))).collect();
    let covered: BTreeSet<&str> = all.iter().map(|(_, entity)| entity.name).collect();
    assert_eq!(covered, entities::CUSTOMIZABLE.iter().copied().collect(), "each can be given values by an endpoint");
    all
}

/// The path of the list of an entity.
pub fn list_of(entity: &Entity) -> &'static str {
    let is_list = |route: &&Route| {
        route.verb == Verb::Get && !route.path.contains('{') && route.entity.is_some_and(|of| of.name == entity.name)
    };
    endpoints().map(|(_, route)| route).find(is_list).expect("it has a list").path
}

/// The call of an endpoint with custom values besides what it takes anyway.
fn giving(endpoint: &Endpoint, world: &World, custom: Value) -> Request {
    giving_as(&world.member(endpoint.roles[0]).caller(), endpoint, world, custom)
}

/// As [`giving`], by somebody.
pub fn giving_as(caller: &Caller, endpoint: &Endpoint, world: &World, custom: Value) -> Request {
    let mut body = (endpoint.body)(world);
    body["custom"] = custom;
    caller.request(endpoint.method(), &endpoint.path(world)).json(&body)
}

async fn counted(request: Request) -> (Answered, u32) {
    let request_id = id("req");
    let answer = request.header("x-request-id", &request_id).send().await;
    (answer, App::shared().wire.calls(&request_id))
}

#[tokio::test]
async fn round_trips_of_custom_values_are_one_more_at_the_most() {
    for (endpoint, entity) in writing() {
        let world = World::new().await;
        let caller = world.member(endpoint.roles[0]).caller();
        let custom = json!({ "note": "Slate and copper", "tax": "DE-planted", "about": world.id("biddable") });
        let (first, trips) = counted(giving(endpoint, &world, custom.clone())).await;
        assert!(first.status < 300, "{}: {}", endpoint.route, first.text);
        assert_eq!((&first.json["custom"], trips), (&custom, 2), "{}", endpoint.route);
        let record = &App::shared().as_stored(entity.collection, json!({ "_id": first.json["id"] })).await[0];
        assert_eq!(record[REFS_FIELD], json!([world.id("biddable")]), "{}", endpoint.route);
        for collection in [entity.collection, "events"] {
            let kept = App::shared().as_stored(collection, json!({ "tenant_id": world.tenant.id })).await;
            assert!(!json!(kept).to_string().contains("DE-planted"), "{}: {collection}", endpoint.route);
        }
        let archived = if lifecycle::is_archivable(entity) { "&archived=all" } else { "" };
        for (query, expected) in [
            ("limit=100", 1),
            ("custom.note=Slate%20and%20copper", 2),
            ("custom.tax[exists]=true&sort=custom.note", 2),
            ("q=slate%20copp", 1),
        ] {
            let path = format!("{}?{query}{archived}", list_of(entity));
            let (found, trips) = counted(caller.request("GET", &path)).await;
            let data = found.json["data"].as_array().unwrap_or_else(|| panic!("{path}: {}", found.text));
            let shown = data.iter().find(|record| record["id"] == first.json["id"]);
            assert_eq!((shown.map(|shown| &shown["custom"]), trips), (Some(&custom), expected), "{path}: {}", found.text);
        }
        assert_eq!(orphans(&world.tenant.id).await, Vec::<String>::new(), "{}", endpoint.route);
    }
}

#[tokio::test]
async fn custom_references_lead_to_what_is_there_for_the_caller() {
    let (world, other) = (World::new().await, World::new().await);
    let mut wrong = Vec::new();
    for target in TARGETS.iter().filter_map(|name| entities::by_name(name)) {
        for entity in entities::CUSTOMIZABLE {
            let definition = json!({
                "_id": id("fld"), "tenant_id": world.tenant.id, "entity": entity, "key": format!("a_{}", target.name), "label": "x",
                "type": "reference", "target": target.name, "status": "active", "options": [], "version": 1,
            });
            App::shared().data("insertOne", json!({ "collection": "field_definitions", "document": definition })).await;
        }
        wrong.push((target, wrong_ids(&world, &other, target).await));
    }
    let before = world.snapshot().await;
    let mut refused = 0;
    for (endpoint, _) in writing() {
        for (target, why, id) in wrong.iter().flat_map(|(target, ids)| ids.iter().map(move |(why, id)| (target, why, id))) {
            let key = format!("a_{}", target.name);
            let answer = giving(endpoint, &world, json!({ key.as_str(): id })).send().await;
            let what = format!("{} {key} {why}: {}", endpoint.route, answer.text);
            assert_eq!((answer.status, answer.places()), (422, vec![format!("/custom/{key}")]), "{what}");
            assert_eq!(answer.json["errors"][0]["code"], "not-found", "{what}");
            refused += 1;
        }
    }
    assert!(refused > 300, "{refused} references were refused");
    assert_eq!(world.snapshot().await, before);
}

/// A live record that refers to another by a custom field, with what its unique keys need.
async fn referring(world: &World, entity: &Entity, to: &str) -> String {
    let planted = id(entity.prefix);
    let mut record = json!({ "_id": planted, "tenant_id": world.tenant.id, "version": 1, "custom": { "about": to } });
    for key in entity.indexes.iter().filter(|index| index.unique).flat_map(|index| index.keys) {
        record[*key] = planted.as_str().into();
    }
    record[REFS_FIELD] = json!([to]);
    // So a bid is unsealed.
    record["status"] = "submitted".into();
    record["sealed_until"] = json!({ "$date": "2026-01-01T00:00:00Z" });
    App::shared().data("insertOne", json!({ "collection": entity.collection, "document": record })).await;
    planted
}

#[tokio::test]
async fn custom_references_hold_on_to_what_they_lead_to() {
    let mut held = 0;
    for (target, record, role) in
        [("lead", "lead", Role::Owner), ("person", "person", Role::Owner), ("bid", "draft_bid", Role::Expert)]
    {
        let world = World::new().await;
        let path = format!("/v1/{}/{}", entities::by_name(target).unwrap().collection, world.id(record));
        let caller = world.member(role).caller();
        for entity in entities::ALL.iter().filter(|entity| entity.is_customizable()) {
            let referring = referring(&world, entity, world.id(record)).await;
            let refused = caller.delete(&path).await.expect(409);
            let used_by = format!("{}.custom", entity.name);
            assert_eq!((refused.code(), &refused.json["used_by"]), ("in-use", &json!(used_by)), "{path}");
            let gone = json!({ "collection": entity.collection, "filter": { "_id": referring } });
            App::shared().data("deleteOne", gone).await;
            held += 1;
        }
        caller.delete(&path).await.expect(204);
    }
    assert_eq!(held, 3 * entities::CUSTOMIZABLE.len());
}

#[tokio::test]
async fn what_a_custom_field_says_of_a_person_is_in_their_export() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).caller();
    let mut planted = Vec::new();
    // A person's or a member's own record is nobody else's.
    for entity in entities::ALL.iter().filter(|entity| entity.is_customizable() && !domain::privacy::is_itself(entity)) {
        planted.push(referring(&world, entity, world.id("person")).await);
    }
    let request = json!({ "type": "export", "person": world.id("person") });
    let request = owner.post("/v1/privacy/requests", request).send().await.expect(201).id();
    let (mut exported, mut cursor) = (String::new(), String::new());
    loop {
        let page = owner.get(&format!("/v1/privacy/requests/{request}/export{cursor}")).await.expect(200);
        exported.push_str(&page.json["data"].to_string());
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    for record in planted {
        assert!(exported.contains(&record), "{record} is missing");
    }
}
