//! `/v1/conversations`.

mod archive;
mod messages;
mod read;
mod stream;
mod wait;

use domain::Role;
use serde_json::{Value, json};
use support::{Answered, Caller, Member, Tenant};

/// A conversation between a customer and the manager who looks after their lead.
struct Chat {
    tenant: Tenant,
    customer: Member,
    manager: Member,
    lead: String,
    id: String,
}

impl Chat {
    async fn new() -> Self {
        let tenant = Tenant::new().await;
        let (customer, manager) = (tenant.member(Role::Customer).await, tenant.member(Role::Manager).await);
        let lead = json!({ "category": "Roof", "customer": customer.id, "manager": manager.id });
        let lead = manager.caller().post("/v1/leads", lead).send().await.expect(201);
        let id = lead.json["conversation"].as_str().unwrap().to_owned();
        Self { tenant, customer, manager, lead: lead.id(), id }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/conversations/{}{rest}", self.id)
    }

    async fn say(&self, caller: &Caller, content: &str) -> Answered {
        caller.post(&self.path("/messages"), json!({ "content": content })).send().await.expect(201)
    }

    /// Says the numbers from one to another.
    async fn count(&self, numbers: std::ops::RangeInclusive<u32>) {
        let caller = self.customer.caller();
        for number in numbers {
            self.say(&caller, &number.to_string()).await;
        }
    }
}

/// A field of every record on a page.
fn column(page: &Answered, field: &str) -> Vec<Value> {
    page.json["data"].as_array().unwrap().iter().map(|record| record[field].clone()).collect()
}
