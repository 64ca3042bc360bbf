//! A suspended tenant is there to be read: every endpoint that reads works, every one that writes is refused, until it is over.

use serde_json::json;
use support::{App, OPERATOR_SECRET};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// What writes nothing of the tenant's: what members do about their own sessions and passwords, a question that takes a body, and
/// the request for an export.
const ABOUT_ONESELF: &[&str] = &[
    "POST /v1/auth/logout",
    "POST /v1/auth/switch",
    "POST /v1/auth/password",
    "POST /v1/auth/totp",
    "POST /v1/auth/proofs",
    "POST /v1/auth/proofs/code",
    "POST /v1/me/credentials",
    "DELETE /v1/me/credentials/{id}",
    "POST /v1/auth/totp/confirm",
    "POST /v1/auth/totp/recovery-codes",
    "DELETE /v1/auth/totp",
    "DELETE /v1/sessions/{id}",
    "POST /v1/sessions/revoke-others",
    "POST /v1/policy/explain",
    "POST /v1/privacy/requests",
];

async fn set_status(world: &World, status: &str) {
    let path = format!("/v1/operator/tenants/{}", world.tenant.id);
    App::shared().with_token(OPERATOR_SECRET).patch(&path, json!({ "status": status })).send().await.expect(200);
}

fn writing() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && endpoint.writes())
}

#[tokio::test]
async fn suspended_tenants_are_read_and_not_written() {
    let world = World::new().await;
    set_status(&world, "suspended").await;
    let before = world.snapshot().await;
    let mut refused = 0;
    for endpoint in writing().filter(|endpoint| !ABOUT_ONESELF.contains(&endpoint.route)) {
        let answer = endpoint.succeeding(&world).send().await;
        let what = format!("{}: {} {}", endpoint.route, answer.status, answer.text);
        assert_eq!((answer.status, answer.code()), (403, "tenant-suspended"), "{what}");
        refused += 1;
    }
    assert!(refused > 30, "{refused} endpoints were refused");
    assert_eq!(world.snapshot().await, before);
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && !endpoint.writes() && !endpoint.streams()) {
        endpoint.succeeding(&world).send().await.expect(200);
    }
}

#[tokio::test]
async fn suspended_tenants_leave_their_members_to_themselves() {
    for endpoint in writing().filter(|endpoint| ABOUT_ONESELF.contains(&endpoint.route)) {
        let world = World::new().await;
        set_status(&world, "suspended").await;
        let answer = endpoint.succeeding(&world).send().await;
        assert!(answer.status < 300, "{}: {} {}", endpoint.route, answer.status, answer.text);
    }
}

#[tokio::test]
async fn suspended_tenants_come_back_as_they_were() {
    for endpoint in writing() {
        let world = World::new().await;
        set_status(&world, "suspended").await;
        set_status(&world, "active").await;
        let answer = endpoint.succeeding(&world).send().await;
        assert!(answer.status < 300, "{}: {} {}", endpoint.route, answer.status, answer.text);
    }
}
