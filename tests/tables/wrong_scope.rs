//! A permission that reaches one's own records or those of one's teams reaches no others: nothing of them is shown, and
//! nothing changes.

use domain::policy::{PERMISSIONS, Reach};
use domain::{Policy, Role, entities};
use edge::{Access, Verb};
use support::{endpoints, id};

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
    let asked_twice = asking().flat_map(|asking| [(asking, Reach::Own), (asking, Reach::Team)]);
    for ((endpoint, verb, permission), reach) in asked_twice {
        if endpoint.record.is_none() && verb != Verb::Get {
            continue;
        }
        let policy = all_but(Role::Manager, permission, Some(reach)).in_teams([id("team")]);
        let caller = stranger.with(policy).caller();
        let request = caller.request(endpoint.method(), &endpoint.path(&world));
        let body = (endpoint.body)(&world);
        let answer = if body.is_null() { request } else { request.json(&body) }.send().await;
        let what = format!("{}: {} {}", endpoint.route, answer.status, answer.text);
        // Whoever sees a member may be shown that there is nothing for them.
        let is_sub = endpoint.route.ends_with("/sessions");
        let is_one = endpoint.record.is_some() && !is_sub || endpoint.route.starts_with("GET /v1/tenant");
        let is_refused = matches!(answer.status, 403 | 404) && !answer.text.contains(permission);
        // Nor may they end the sessions of whoever has more.
        let is_right = if is_one { is_refused } else { answer.status < 300 || is_sub && is_refused };
        assert!(is_right, "{what}");
        assert!(shows_nothing_of(&answer, &world, &endpoint.path(&world)), "{what}");
        asked += 1;
    }
    assert!(asked >= 100, "{asked} endpoints were asked");
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn wrong_scope_is_not_said_of_what_belongs_to_ones_team() {
    let mut reached = 0;
    for (endpoint, verb, permission) in asking() {
        let is_for_staff = endpoint.roles.contains(&Role::Owner);
        let entity = permission.split(':').next().and_then(entities::by_name).unwrap();
        // Nobody in the world is in its team, though its records are of it. What is for the person concerned alone reaches one's own, and a stream does not end.
        if entity.access.teams.is_none() || entity.name == "membership" || !is_for_staff || endpoint.streams() {
            continue;
        }
        let world = World::new().await;
        let others = all_but(Role::Manager, permission, Some(Reach::Own));
        let reach = |reach| others.permissions().filter(move |(known, _)| *known != permission).chain([(permission, reach)]);
        let stranger = world.tenant.member(Role::Manager).await;
        let own = if entity.name == "team" { endpoint.record.unwrap_or("team") } else { "team" };
        for (team, is_theirs) in [(id("team"), false), (world.id(own).to_owned(), true)] {
            let policy = Policy::custom(Role::Manager, reach(Reach::Team), []).unwrap().in_teams([team]);
            let request = stranger.with(policy).caller().request(endpoint.method(), &endpoint.path(&world));
            let body = (endpoint.body)(&world);
            let answer = if body.is_null() { request } else { request.json(&body) }.send().await;
            let what = format!("{} {is_theirs}: {} {}", endpoint.route, answer.status, answer.text);
            if endpoint.record.is_some() {
                assert_eq!(is_theirs, !matches!(answer.status, 403 | 404), "{what}");
                reached += u32::from(is_theirs);
            } else if verb == Verb::Get {
                assert_eq!(is_theirs, world.ids().any(|id| answer.text.contains(id)), "{what}");
                reached += u32::from(is_theirs);
            }
        }
    }
    assert!(reached >= 25, "{reached} endpoints reached a team's records");
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
