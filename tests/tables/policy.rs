//! What is explained is what happens, for every endpoint, role and field.

use domain::role::ROLES;
use domain::{Role, entities};
use edge::{Access, Route, Verb};
use serde_json::{Value, json};
use support::{Answered, App, OPERATOR_SECRET, endpoints};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

fn endpoint(route: &Route) -> &'static Endpoint {
    ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap()
}

async fn explained(world: &World, question: Value) -> Answered {
    world.member(Role::Owner).caller().post("/v1/policy/explain", question).send().await
}

#[tokio::test]
async fn policy_is_explained_as_it_is_applied_to_records() {
    let (mut allowed, mut refused) = (0, 0);
    let mut world = World::new().await;
    for (_, route) in endpoints() {
        let (Access::May(permission), endpoint) = (route.access, endpoint(route)) else { continue };
        // What is in the trash cannot be asked about.
        if endpoint.record.is_none() || endpoint.streams() || endpoint.route.ends_with("/restore") {
            continue;
        }
        for role in ROLES {
            if endpoint.writes() {
                world = World::new().await;
            }
            let path = endpoint.path(&world);
            let named = |id: &str| entities::ALL.iter().find(|entity| domain::id::is(entity.prefix, id));
            let (id, entity) = path.split('/').find_map(|part| Some((part, named(part)?))).unwrap();
            if permission.split(':').next() != Some(entity.name) {
                continue;
            }
            let question = json!({ "member": world.member(*role).id, "action": permission, "record": id });
            let explained = explained(&world, question).await;
            if explained.status == 422 && explained.places() == ["/record"] {
                // Not even the owner sees drafts of bids and the notices of others.
                assert!(matches!(entity.name, "bid" | "notification"), "{}: {}", endpoint.route, explained.text);
                continue;
            }
            let happened = endpoint.call(&world, *role, &world).send().await;
            let is_allowed = !matches!(happened.status, 403 | 404);
            let what = format!("{} as {role:?}: {} but {} {}", endpoint.route, explained.text, happened.status, happened.text);
            assert_eq!((explained.status, &explained.json["allowed"]), (200, &json!(is_allowed)), "{what}");
            *(if is_allowed { &mut allowed } else { &mut refused }) += 1;
        }
    }
    assert!(allowed > 60 && refused > 60, "{allowed} allowed, {refused} refused");
}

#[tokio::test]
async fn policy_is_explained_as_it_is_applied_to_fields() {
    let (mut allowed, mut refused) = (0, 0);
    for (_, route) in endpoints().filter(|(_, route)| route.verb == Verb::Patch) {
        let (Access::May(permission), Some(entity), endpoint) = (route.access, route.entity, endpoint(route)) else { continue };
        for role in endpoint.roles {
            let world = World::new().await;
            for field in entity.fields.iter().filter(|field| !field.hidden) {
                let question = json!({ "role": role.word(), "action": permission, "field": field.name });
                let explained = explained(&world, question).await.expect(200);
                let request =
                    world.member(*role).caller().patch(&endpoint.path(&world), json!({ field.name: [{ "no": "such value" }] }));
                let happened = request.send().await;
                if happened.status == 404 {
                    // None of theirs: asked without a record, only the policy is told.
                    continue;
                }
                let errors = happened.json["errors"].as_array().cloned().unwrap_or_default();
                // What one is not shown one does not know.
                let is_refusal = |code: &Value| code == "read-only" || code == "unknown-field";
                let is_refused =
                    errors.iter().any(|error| is_refusal(&error["code"]) && error["pointer"] == format!("/{}", field.name));
                let what = format!("{} {} as {role:?}: {} but {}", endpoint.route, field.name, explained.text, happened.text);
                assert_eq!(explained.json["allowed"], !is_refused, "{what}");
                *(if is_refused { &mut refused } else { &mut allowed }) += 1;
            }
        }
    }
    assert!(allowed > 40 && refused > 40, "{allowed} allowed, {refused} refused");
}

#[tokio::test]
async fn policy_is_explained_as_it_is_applied_to_those_who_are_shut_out() {
    let mut refused = 0;
    let world = World::new().await;
    let owner = world.member(Role::Owner).caller();
    for (role, status) in [(Role::Manager, "suspended"), (Role::Expert, "suspended")] {
        let path = format!("/v1/members/{}", world.member(role).id);
        owner.patch(&path, json!({ "status": status })).send().await.expect(200);
    }
    let invited =
        owner.post("/v1/members", json!({ "email": "invited@example.com", "role": "manager" })).send().await.expect(201);
    let question = json!({ "member": invited.id(), "action": "lead:read" });
    assert_eq!(explained(&world, question).await.expect(200).json["rule"], "not-active");
    for (_, route) in endpoints() {
        let (Access::May(permission), endpoint) = (route.access, endpoint(route)) else { continue };
        for role in [Role::Manager, Role::Expert].into_iter().filter(|role| endpoint.writes() && endpoint.roles.contains(role)) {
            let explained = explained(&world, json!({ "member": world.member(role).id, "action": permission })).await.expect(200);
            let happened = endpoint.call(&world, role, &world).send().await;
            let what = format!("{} as {role:?}: {} but {} {}", endpoint.route, explained.text, happened.status, happened.text);
            assert_eq!((&explained.json["allowed"], &explained.json["rule"]), (&json!(false), &json!("not-active")), "{what}");
            assert!(happened.status >= 400, "{what}");
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused} refused");
}

#[tokio::test]
async fn policy_is_explained_as_it_is_applied_in_suspended_tenants() {
    let (mut allowed, mut refused) = (0, 0);
    let world = World::new().await;
    let path = format!("/v1/operator/tenants/{}", world.tenant.id);
    App::shared().with_token(OPERATOR_SECRET).patch(&path, json!({ "status": "suspended" })).send().await.expect(200);
    for (_, route) in endpoints() {
        let (Access::May(permission), endpoint) = (route.access, endpoint(route)) else { continue };
        // Who may read asks and marks as well.
        if endpoint.streams() || endpoint.writes() == permission.ends_with(":read") {
            continue;
        }
        let whom = json!({ "member": world.member(endpoint.roles[0]).id, "action": permission });
        let of_role = json!({ "role": endpoint.roles[0].word(), "action": permission });
        let happened = endpoint.succeeding(&world).send().await;
        let is_allowed = happened.status < 300;
        for question in [whom, of_role] {
            let explained = explained(&world, question).await.expect(200);
            let what = format!("{}: {} but {} {}", endpoint.route, explained.text, happened.status, happened.text);
            assert_eq!(explained.json["allowed"], json!(is_allowed), "{what}");
            assert_eq!(explained.json["rule"] == "tenant-suspended", !is_allowed, "{what}");
        }
        *(if is_allowed { &mut allowed } else { &mut refused }) += 1;
    }
    assert!(allowed > 15 && refused > 30, "{allowed} allowed, {refused} refused");
}
