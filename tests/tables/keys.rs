//! An API key opens what its scopes name of what its holder may do, for one trip more, and nothing else.

use domain::policy::{PERMISSIONS, is_for_keys};
use domain::{Policy, Role};
use edge::Access;
use serde_json::{Value, json};
use support::{App, Request, endpoints, id};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// Every endpoint that wants to know who asks.
fn asking() -> impl Iterator<Item = (&'static Endpoint, Access)> {
    endpoints().filter(|(_, route)| route.access != Access::Public).filter_map(|(_, route)| {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}"))?;
        (!endpoint.is_public()).then_some((endpoint, route.access))
    })
}

/// All that a key of this role can have, but for one permission.
fn all_but(role: Role, one: &str) -> Vec<&'static str> {
    let held = |permission: &&&str| **permission != one && Policy::from(role).reach(permission).is_some();
    PERMISSIONS.iter().filter(held).copied().filter(|permission| is_for_keys(permission)).collect()
}

fn call(key: &str, endpoint: &Endpoint, world: &World) -> Request {
    let request = App::shared().with_token(key).request(endpoint.method(), &endpoint.path(world));
    match (endpoint.body)(world) {
        Value::Null => request,
        body => request.json(&body),
    }
}

#[tokio::test]
async fn keys_open_what_their_scopes_name_for_one_trip_more() {
    let (mut wrong, mut opened) = (Vec::new(), 0);
    for (endpoint, access) in asking().filter(|(endpoint, _)| !endpoint.streams()) {
        let Access::May(permission) = access else { continue };
        if !is_for_keys(permission) {
            continue;
        }
        let (world, role, request_id) = (World::new().await, endpoint.roles[0], id("req"));
        let key = world.member(role).key(&all_but(role, ""), json!({})).await;
        let answer = call(&key, endpoint, &world).header("x-request-id", &request_id).send().await;
        let trips = App::shared().wire.calls(&request_id);
        if answer.status >= 300 || !(2..=endpoint.trips + 1).contains(&trips) {
            wrong.push(format!("{}: {trips} trips of {} + 1: {} {}", endpoint.route, endpoint.trips, answer.status, answer.text));
        }
        opened += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(opened > 60, "{opened} endpoints were opened");
}

#[tokio::test]
async fn keys_without_the_one_scope_open_nothing() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let mut refused = 0;
    for (endpoint, access) in asking() {
        let role = endpoint.roles[0];
        let Access::May(permission) = access else { continue };
        let key = world.member(role).key(&all_but(role, permission), json!({})).await;
        let answer = call(&key, endpoint, &world).send().await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{}: {}", endpoint.route, answer.text);
        assert!(answer.text.contains(permission), "{}: {}", endpoint.route, answer.text);
        refused += 1;
    }
    assert!(refused > 60, "{refused} endpoints refused");
    assert_eq!(without_keys(world.snapshot().await), without_keys(before));
}

#[tokio::test]
async fn keys_open_nothing_that_is_for_people_alone() {
    let world = World::new().await;
    let key = world.member(Role::Owner).key(&all_but(Role::Owner, ""), json!({})).await;
    let before = world.snapshot().await;
    let mut refused = 0;
    for (endpoint, _) in asking().filter(|(_, access)| *access == Access::Member) {
        let answer = call(&key, endpoint, &world).send().await;
        assert_eq!((answer.status, answer.code()), (403, "session-required"), "{}: {}", endpoint.route, answer.text);
        refused += 1;
    }
    assert!(refused > 10, "{refused} endpoints refused");
    assert_eq!(world.snapshot().await, before);
}

/// The test itself makes keys.
fn without_keys(mut snapshot: std::collections::BTreeMap<String, Vec<Value>>) -> std::collections::BTreeMap<String, Vec<Value>> {
    snapshot.remove("api_keys");
    snapshot
}
