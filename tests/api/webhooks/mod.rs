//! `/v1/integrations` and `/v1/hooks`.

mod forms;
mod integrations;
mod xero;

use serde_json::{Value, json};
use support::{Answered, App, Caller};

/// What Typeform signs with in these tests.
const SECRET: &str = "typeform-secret";
/// What Xero signs with in these tests.
const WEBHOOK_KEY: &str = "xero-webhook-key";

fn typeform() -> Value {
    json!({ "kind": "typeform", "name": "Our site", "credentials": { "signing_secret": SECRET } })
}

fn xero() -> Value {
    json!({
        "kind": "xero", "config": { "account_code": "200" },
        "credentials": {
            "client_id": "standin-client", "client_secret": "standin-secret", "webhook_key": WEBHOOK_KEY,
            "tenant_id": "45e4708e-d862-4111-ab3a-dd8cd03913e1",
        },
    })
}

async fn connect(caller: &Caller, integration: Value) -> Answered {
    caller.post("/v1/integrations", integration).send().await.expect(201)
}

/// The path of an integration's address.
fn hook(integration: &Value) -> String {
    let url = integration["hook_url"].as_str().unwrap_or_default();
    url.strip_prefix(&App::shared().url).unwrap_or_default().to_owned()
}
