//! Preferences.

use domain::Role;
use serde_json::{Value, json};
use support::{App, Tenant};

const PATH: &str = "/v1/notifications/preferences";

/// All channels, two of which cost something and are off by themselves.
fn channels(browser: bool, email: bool) -> Value {
    json!({ "browser": browser, "email": email, "sms": false, "push": false })
}

#[tokio::test]
async fn every_channel_is_on_until_it_is_turned_off() {
    let tenant = Tenant::new().await;
    let member = tenant.member(Role::Customer).await;
    let caller = member.caller();
    assert_eq!(caller.get(PATH).await.expect(200).json, channels(true, true));
    let cases = [
        (json!({ "email": false }), channels(true, false)),
        (json!({ "browser": false }), channels(false, false)),
        (json!({}), channels(false, false)),
        (json!({ "browser": null, "email": true }), channels(true, true)),
    ];
    for (patch, expected) in cases {
        assert_eq!(caller.patch(PATH, patch).send().await.expect(200).json, expected);
        assert_eq!(caller.get(PATH).await.expect(200).json, expected);
    }
    let events = App::shared().stored("events", json!({ "record.id": member.id, "type": "membership.updated" })).await;
    assert_eq!(events.len(), 3);
    let first = json!({ "before": null, "after": { "notifications": { "email": false } } });
    assert_eq!(events[0]["changes"]["preferences"], first);
}

#[tokio::test]
async fn a_preference_is_a_flag_of_a_known_channel() {
    let caller = Tenant::new().await.caller(Role::Expert).await;
    for (patch, pointer) in [(json!({ "email": "no" }), "/email"), (json!({ "fax": true }), "/fax")] {
        assert_eq!(caller.patch(PATH, patch).send().await.expect(422).places(), [pointer]);
    }
    assert_eq!(caller.get(PATH).await.expect(200).json, channels(true, true));
}

#[tokio::test]
async fn preferences_of_another_version_are_not_changed() {
    let caller = Tenant::new().await.caller(Role::Expert).await;
    let patch = |version: &str| caller.patch(PATH, json!({ "email": false })).header("if-match", version).send();
    assert_eq!(patch("\"7\"").await.expect(412).code(), "stale");
    patch("\"1\"").await.expect(200);
}
