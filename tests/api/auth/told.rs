//! What is told of somebody who enters names them, so that it is shown to them and goes with them.

use domain::Role;
use serde_json::json;
use support::{App, Tenant};

use super::{PASSWORD, email, joined, post, signed_up, string};

#[tokio::test]
async fn whatever_somebody_does_to_enter_is_told_as_theirs() {
    let (address, invited) = (email(), email());
    let signed_up = signed_up(&address).await;
    let tenant = string(&signed_up, "/tenant/id");
    let owner = string(&signed_up, "/member/id");
    let login = json!({ "email": address, "password": PASSWORD });
    post("/v1/auth/login", login).send().await.expect(200);
    let other = Tenant::new().await;
    let member = string(&joined(&other.caller(Role::Admin).await, &invited, "expert").await, "/member/id");
    for (tenant, member, kinds) in [
        (&tenant, &owner, vec!["tenant.created", "membership.activated", "login.created", "login.created"]),
        (&other.id, &member, vec!["membership.activated", "login.created"]),
    ] {
        let events = App::shared().stored("events", json!({ "tenant_id": tenant, "actor.type": "auth" })).await;
        let told: Vec<&str> =
            events.iter().filter_map(|event| event["type"].as_str()).filter(|kind| !kind.starts_with("role.")).collect();
        assert_eq!(told, kinds);
        assert!(events.iter().all(|event| event["actor"]["id"] == member.as_str()), "{events:?}");
    }
}
