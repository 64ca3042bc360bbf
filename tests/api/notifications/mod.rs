//! `/v1/notifications` and `/v1/events`.

mod events;
mod list;
mod preferences;
mod read;

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Member, Tenant, id};

/// Puts a notification straight into the database, so that it depends on no fan-out; `with` replaces fields.
async fn notify(tenant: &Tenant, member: &Member, with: Value) -> String {
    let notification_id = id("not");
    let mut document = json!({
        "_id": notification_id, "tenant_id": tenant.id, "recipient": member.id, "cause": id("evt"), "key": "lead.published",
        "title": "A lead is open", "message": "SU-000001 takes bids.", "type": "info", "priority": "medium",
        "deliveries": [{ "channel": "browser", "status": "sent" }], "is_read": false, "expires_at": date(2999),
        "created_at": date(2026), "updated_at": date(2026), "version": 1,
    });
    document.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    App::shared().data("insertOne", json!({ "collection": "notifications", "document": document })).await;
    notification_id
}

/// The beginning of a year, as the database takes it.
fn date(year: u32) -> Value {
    Time::parse(&format!("{year}-01-01T00:00:00Z")).unwrap().ejson()
}

fn ids(page: &Answered) -> Vec<&str> {
    page.json["data"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}
