//! `/v1/profile/preferences`: one store with the channels of notifications.

use domain::Role;
use serde_json::json;
use support::Tenant;

const PATH: &str = "/v1/profile/preferences";

#[tokio::test]
async fn preferences_have_defaults_and_are_changed_one_by_one() {
    let caller = Tenant::new().await.caller(Role::Customer).await;
    let channels = json!({ "browser": true, "email": true, "sms": false, "push": false });
    assert_eq!(caller.get(PATH).await.expect(200).json, json!({ "theme": "auto", "notifications": channels }));
    let layout = json!({ "columns": [1, 2], "open": { "leads": true } });
    let patch = json!({ "theme": "dark", "default_view": "leads", "dashboard_layout": layout, "notifications": { "sms": true } });
    caller.patch(PATH, patch).send().await.expect(200);
    caller.patch("/v1/notifications/preferences", json!({ "email": false })).send().await.expect(200);
    let changed = caller.patch(PATH, json!({ "theme": null })).send().await.expect(200);
    let channels = json!({ "browser": true, "email": false, "sms": true, "push": false });
    assert_eq!(
        changed.json,
        json!({ "theme": "auto", "default_view": "leads", "dashboard_layout": layout, "notifications": channels })
    );
    for (patch, pointer) in [
        (json!({ "theme": "pink" }), "/theme"),
        (json!({ "sound": true }), "/sound"),
        (json!({ "sound": null }), "/sound"),
        (json!({ "notifications": { "fax": true } }), "/notifications/fax"),
        (json!({ "dashboard_layout": "x".repeat(10_001) }), "/dashboard_layout"),
    ] {
        assert_eq!(caller.patch(PATH, patch).send().await.expect(422).places(), [pointer]);
    }
}
