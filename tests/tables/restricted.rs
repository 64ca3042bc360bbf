//! What is about whoever is restricted is read and not changed: by every endpoint that changes such a record.

use domain::privacy::restricting;
use domain::{Entity, Role, entities};
use serde_json::{Value, json};
use support::App;

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// What comes out of the trash was there before; and whoever is suspected is logged out, restricted or not.
const FREE: &[&str] = &["DELETE /v1/members/{id}/sessions"];

/// The entity of the record in an endpoint's path.
fn entity_of(endpoint: &Endpoint, world: &World) -> Option<&'static Entity> {
    let path = endpoint.path(world);
    let prefixes =
        path.split('/').filter_map(|part| part.split_once('_').map(|(prefix, _)| prefix.to_owned())).collect::<Vec<_>>();
    entities::ALL.iter().copied().find(|entity| prefixes.iter().any(|prefix| prefix == entity.prefix))
}

/// The endpoints that change a record that the restriction of somebody else holds.
fn held(world: &World) -> Vec<(&'static Endpoint, &'static Entity)> {
    let is_free = |endpoint: &Endpoint| endpoint.route.ends_with("/restore") || FREE.contains(&endpoint.route);
    let is_own = |endpoint: &Endpoint| endpoint.path(world).contains(&world.member(endpoint.roles[0]).id);
    let changes = ENDPOINTS.iter().filter(|endpoint| endpoint.writes() && endpoint.record.is_some() && !endpoint.is_public());
    let of = changes.filter_map(|endpoint| Some((endpoint, entity_of(endpoint, world)?)));
    of.filter(|(endpoint, entity)| restricting(entity).next().is_some() && !is_free(endpoint) && !is_own(endpoint)).collect()
}

/// Restricts everybody in a world, and has every record be about them that can be.
async fn restrict(world: &World) {
    let (app, customer) = (App::shared(), world.member(Role::Customer).id.clone());
    let of = |collection: &str, filter: Value, set: Value| {
        let mut filter = filter;
        filter["tenant_id"] = world.tenant.id.clone().into();
        json!({ "updateMany": { "collection": collection, "filter": filter, "update": { "$set": set } } })
    };
    let since = json!({ "restricted_at": { "$date": "2026-01-01T00:00:00Z" } });
    let operations = vec![
        of("people", json!({}), since.clone()),
        of("memberships", json!({}), since),
        of("leads", json!({}), json!({ "person": world.id("person") })),
        of("verifications", json!({}), json!({ "member": customer })),
    ];
    app.data("transaction", json!({ "operations": operations })).await;
}

#[tokio::test]
async fn what_is_about_whoever_is_restricted_is_read_and_not_changed() {
    let world = World::new().await;
    restrict(&world).await;
    let before = world.snapshot().await;
    let mut refused: Vec<&str> = Vec::new();
    for (endpoint, entity) in held(&world) {
        let answer = endpoint.succeeding(&world).send().await;
        assert_eq!((answer.status, answer.code()), (409, "processing-restricted"), "{} {}", endpoint.route, answer.text);
        refused.push(entity.name);
    }
    assert_eq!(world.snapshot().await, before);
    for entity in ["lead", "membership", "person", "verification"] {
        assert!(refused.contains(&entity), "{entity}: {refused:?}");
    }
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && !endpoint.writes() && !endpoint.streams()) {
        endpoint.succeeding(&world).send().await.expect(200);
    }
}
