//! `/v1/bids`.

mod award;
mod create;
mod deleted_lead;
mod race;
mod sealed;
mod submit;
mod update;
mod withdraw;

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Role, Time};
use serde_json::{Value, json};
use support::{Answered, App, Member, Request, Tenant};

/// A lead that is open to bids for a day, with those who look after it.
pub struct Pool {
    pub tenant: Tenant,
    pub manager: Member,
    pub customer: Member,
    pub lead: String,
    pub deadline: Time,
}

impl Pool {
    pub async fn new() -> Self {
        let tenant = Tenant::new().await;
        let (manager, customer) = (tenant.member(Role::Manager).await, tenant.member(Role::Customer).await);
        let deadline = now().plus_days(1);
        let lead = json!({ "category": "Roof", "customer": customer.id, "manager": manager.id });
        let lead = manager.caller().post("/v1/leads", lead).send().await.expect(201).id();
        let publish = json!({ "bid_deadline": deadline });
        manager.caller().post(&format!("/v1/leads/{lead}/publish"), publish).send().await.expect(200);
        Self { tenant, manager, customer, lead, deadline }
    }

    /// A minute after the deadline.
    pub fn after(&self) -> Time {
        self.deadline.plus_ms(60_000)
    }

    pub async fn expert(&self) -> Member {
        self.tenant.member(Role::Expert).await
    }

    /// A complete bid.
    pub fn offer(&self, price_minor: i64) -> Value {
        json!({
            "lead": self.lead, "title": "New roof", "price": { "minor": price_minor, "currency": "EUR" },
            "start_date": "2027-01-01T00:00:00Z", "end_date": "2027-02-01T00:00:00Z",
            "milestones": [
                { "order": 2, "name": "Tiles", "percentage": 67 },
                { "order": 1, "name": "Beams", "percentage": 33, "type": "time" },
            ],
        })
    }

    pub async fn draft(&self, expert: &Member, price_minor: i64) -> String {
        expert.caller().post("/v1/bids", self.offer(price_minor)).send().await.expect(201).id()
    }

    pub async fn submitted(&self, expert: &Member, price_minor: i64) -> String {
        let bid = self.draft(expert, price_minor).await;
        expert.caller().post(&format!("/v1/bids/{bid}/submit"), json!({})).send().await.expect(200);
        bid
    }

    /// The events of a record that the manager can read at a time.
    pub async fn events_at(&self, time: Time, record: &str) -> Vec<String> {
        let page = get_at(&self.manager, time, &format!("/v1/events?lead={}&limit=100", self.lead)).await.expect(200);
        let events = page.json["data"].as_array().unwrap().iter().filter(|event| event["record"]["id"] == record);
        events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    /// The notices of a kind of event, sent or waiting to be; not those that were cancelled.
    pub async fn notices(&self, key: &str) -> Vec<Value> {
        let kept = json!([{ "status": { "$ne": "done" } }, { "attempts": { "$gt": 0 } }]);
        let filter = json!({ "tenant_id": self.tenant.id, "kind": "notify", "payload.facts.key": key, "$or": kept });
        App::shared().stored("jobs", filter).await
    }
}

/// Reads something at a time.
pub async fn get_at(member: &Member, time: Time, path: &str) -> Answered {
    member.caller_at(time).request("GET", path).at(time).send().await
}

/// Does something at a time.
pub fn post_at(member: &Member, time: Time, path: &str, body: Value) -> Request {
    member.caller_at(time).post(path, body).at(time)
}

/// Now.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}
