//! Connecting services, changing and removing the connections.

use domain::Role;
use serde_json::json;
use support::{App, Tenant};

use super::{SECRET, connect, hook, typeform, xero};

#[tokio::test]
async fn credentials_go_in_and_never_come_out() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let made = connect(&owner, typeform()).await;
    let path = format!("/v1/integrations/{}", made.id());
    assert!(hook(&made.json).starts_with("/v1/hooks/forms/"), "{}", made.text);
    let read = owner.get(&path).await.expect(200);
    let listed = owner.get("/v1/integrations").await.expect(200);
    assert_eq!((&read.json["hook_url"], &listed.json["data"][0]["id"]), (&made.json["hook_url"], &made.json["id"]));
    let app = App::shared();
    let stored = app.as_stored("integrations", json!({ "_id": made.id() })).await;
    let events = app.stored("events", json!({ "record.id": made.id() })).await;
    assert_eq!(events.len(), 1);
    for shown in [made.text, read.text, listed.text, json!(events).to_string()] {
        assert!(!shown.contains("credentials") && !shown.contains(SECRET), "{shown}");
    }
    assert!(stored[0]["credentials"].is_string() && !stored[0].to_string().contains(SECRET));
}

#[tokio::test]
async fn each_kind_says_what_is_wrong_with_its_setup() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Admin).await;
    let cases = [
        (json!({ "kind": "typeform" }), "/credentials"),
        (json!({ "kind": "typeform", "credentials": { "signing_secret": 7 } }), "/credentials/signing_secret"),
        (json!({ "kind": "typeform", "credentials": { "signing_secret": "s", "client_id": "c" } }), "/credentials/client_id"),
        (json!({ "kind": "fax", "credentials": {} }), "/kind"),
        (json!({ "credentials": {} }), "/kind"),
    ];
    for (input, place) in cases {
        assert_eq!(owner.post("/v1/integrations", input).send().await.expect(422).places(), [place]);
    }
    let mut mapped = typeform();
    mapped["config"] = json!({ "mapping": { "q": "lead.customer" } });
    assert_eq!(owner.post("/v1/integrations", mapped).send().await.expect(422).places(), ["/config/mapping"]);
    let mut unpriced = xero();
    unpriced["config"] = json!({});
    assert_eq!(owner.post("/v1/integrations", unpriced).send().await.expect(422).places(), ["/config/account_code"]);
    assert_eq!(tenant.caller(Role::Manager).await.post("/v1/integrations", typeform()).send().await.status, 403);
}

#[tokio::test]
async fn xero_is_connected_once() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let first = connect(&owner, xero()).await;
    assert_eq!(owner.post("/v1/integrations", xero()).send().await.expect(409).code(), "already-connected");
    owner.delete(&format!("/v1/integrations/{}", first.id())).await.expect(204);
    connect(&owner, xero()).await;
}

#[tokio::test]
async fn configuration_is_changed_by_a_patch_and_another_secret_has_another_address() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let made = connect(&owner, typeform()).await;
    let path = format!("/v1/integrations/{}", made.id());
    let config = json!({ "config": { "mapping": { "q1": "lead.category" }, "default_currency": "USD" } });
    let changed = owner.patch(&path, config).send().await.expect(200);
    assert_eq!(changed.json["config"]["default_currency"], "USD");
    assert_eq!(changed.json["hook_url"], made.json["hook_url"]);
    let same = owner.patch(&path, json!({ "config": { "default_currency": "USD" } })).send().await.expect(200);
    assert_eq!(same.json["version"], changed.json["version"]);
    let wrong = owner.patch(&path, json!({ "config": { "default_currency": "ABC" } })).send().await.expect(422);
    assert_eq!(wrong.places(), ["/config/default_currency"]);
    let rotated = owner.patch(&path, json!({ "credentials": { "signing_secret": "another" } })).send().await.expect(200);
    assert_ne!(rotated.json["hook_url"], made.json["hook_url"]);
    let stale = owner.patch(&path, json!({ "name": "x" })).header("if-match", "\"1\"").send().await;
    assert_eq!(stale.status, 412);
}

#[tokio::test]
async fn xero_is_connected_once_by_two_at_once() {
    for _ in 0..5 {
        let tenant = Tenant::new().await;
        let owner = tenant.caller(Role::Owner).await;
        let connect = || owner.post("/v1/integrations", xero()).send();
        let (one, two) = tokio::join!(connect(), connect());
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{} {}", one.text, two.text);
        // What makes the second wait, whatever the isolation of the database.
        let counters = App::shared().stored("counters", json!({ "tenant_id": tenant.id, "key": "integration.xero" })).await;
        assert_eq!(counters[0]["value"], 1);
    }
}
