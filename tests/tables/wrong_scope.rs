//! A permission that reaches one's own records reaches no others: nothing of them is shown, and nothing changes.

use domain::policy::{PERMISSIONS, Reach};
use domain::{Policy, Role};
use edge::{Access, Verb};
use support::endpoints;

use crate::table::{ENDPOINTS, Endpoint, shows_nothing_of};
use crate::world::World;

/// Every endpoint that asks for a permission, with that permission.
fn asking() -> impl Iterator<Item = (&'static Endpoint, Verb, &'static str)> {
    endpoints().filter_map(|(_, route)| {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}"))?;
        match route.access {
            Access::May(permission) => Some((endpoint, route.verb, permission)),
            Access::Public | Access::Member => None,
        }
    })
}

/// All permissions on all records, but for one.
fn all_but(role: Role, one: &str, reach: Option<Reach>) -> Policy {
    let others = PERMISSIONS.iter().filter(|permission| **permission != one).map(|permission| (*permission, Reach::All));
    let one = PERMISSIONS.iter().filter(|permission| **permission == one).filter_map(|permission| Some((*permission, reach?)));
    Policy::custom(role, others.chain(one), []).unwrap()
}

#[tokio::test]
async fn wrong_scope() {
    let world = World::new().await;
    let stranger = world.tenant.member(Role::Manager).await;
    let before = world.snapshot().await;
    let mut asked = 0;
    for (endpoint, _, permission) in asking().filter(|(endpoint, verb, _)| endpoint.record.is_some() || *verb == Verb::Get) {
        let caller = stranger.with(all_but(Role::Manager, permission, Some(Reach::Own))).caller();
        let request = caller.request(endpoint.method(), &endpoint.path(&world));
        let body = (endpoint.body)(&world);
        let answer = if body.is_null() { request } else { request.json(&body) }.send().await;
        let what = format!("{}: {} {}", endpoint.route, answer.status, answer.text);
        // Whoever sees a member may be shown that there is nothing for them.
        let is_sub = endpoint.route.ends_with("/sessions");
        let is_refused = matches!(answer.status, 403 | 404) && !answer.text.contains(permission);
        assert!(if endpoint.record.is_some() && !is_sub { is_refused } else { answer.status < 300 }, "{what}");
        assert!(shows_nothing_of(&answer, &world, &endpoint.path(&world)), "{what}");
        asked += 1;
    }
    assert!(asked >= 50, "{asked} endpoints were asked");
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn wrong_scope_is_said_when_the_one_permission_is_missing() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for (endpoint, _, permission) in asking() {
        let role = endpoint.roles[0];
        let caller = world.member(role).with(all_but(role, permission, None)).caller();
        let request = caller.request(endpoint.method(), &endpoint.path(&world)).json(&(endpoint.body)(&world));
        let answer = request.send().await.expect(403);
        assert!(answer.text.contains(permission), "{}: {}", endpoint.route, answer.text);
    }
    assert_eq!(world.snapshot().await, before);
}
