//! Keys that are good from some addresses alone.

use domain::Role;
use serde_json::json;
use support::{App, Tenant};

#[tokio::test]
async fn a_key_with_a_list_of_addresses_is_good_from_those_alone() {
    let manager = Tenant::new().await.member(Role::Manager).await;
    let more = json!({ "allowed_ips": ["192.0.2.0/24", "2001:db8::/32"] });
    let key = App::shared().with_token(&manager.key(&["lead:read"], more).await);
    let cases = [
        (Some("192.0.2.9"), 200),
        (Some("2001:db8::9"), 200),
        (Some("198.51.100.9"), 403),
        (Some("2001:db9::9"), 403),
        (Some("192.0.2.9, 198.51.100.9"), 403),
        (Some("nonsense"), 403),
        // Where nothing can tell the address, no list can be kept.
        (None, 403),
    ];
    for (address, status) in cases {
        let request = key.request("GET", "/v1/leads");
        let request = address.into_iter().fold(request, |request, address| request.header("cf-connecting-ip", address));
        // What callers say of themselves is not believed.
        let answer = request.header("x-forwarded-for", "192.0.2.9").send().await.expect(status);
        assert!(status == 200 || answer.code() == "address-not-allowed", "{address:?}: {}", answer.text);
    }
}
