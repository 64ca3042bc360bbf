//! `/v1/quotes`, `/v1/projects`, `/v1/milestones` and `/v1/invoices`.

mod accept;
mod decline;
mod invoices;
mod quotes;
mod withdraw;

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Member};

use crate::bids::{Pool, get_at, post_at};

/// A lead that was awarded, with its draft quote.
struct Deal {
    pool: Pool,
    expert: Member,
    rival: Member,
    /// The rival's bid.
    other: String,
    quote: String,
    /// When all of this happens.
    time: Time,
}

impl Deal {
    /// A bid of 100.01 EUR in two milestones of 33 and 67 percent is awarded.
    async fn awarded() -> Self {
        let pool = Pool::new().await;
        let (expert, rival) = (pool.expert().await, pool.expert().await);
        let (bid, other) = (pool.submitted(&expert, 10_001).await, pool.submitted(&rival, 20_000).await);
        let time = pool.after();
        let awarded = post_at(&pool.manager, time, &format!("/v1/bids/{bid}/award"), json!({})).send().await.expect(200);
        let quote = awarded.json["quote"].as_str().unwrap().to_owned();
        Self { pool, expert, rival, other, quote, time }
    }

    /// The customer has the quote.
    async fn sent() -> Self {
        let deal = Self::awarded().await;
        deal.manages("quotes", &deal.quote, "send").await.expect(200);
        deal
    }

    /// The customer has accepted it. The invoices come in the order of the milestones.
    async fn accepted() -> (Self, Vec<Value>) {
        let deal = Self::sent().await;
        deal.decides("accept", json!({})).await.expect(200);
        let page = get_at(&deal.pool.manager, deal.time, "/v1/invoices?sort=id").await.expect(200);
        let invoices = page.json["data"].as_array().unwrap().clone();
        (deal, invoices)
    }

    /// What the manager does.
    async fn manages(&self, plural: &str, id: &str, verb: &str) -> Answered {
        post_at(&self.pool.manager, self.time, &format!("/v1/{plural}/{id}/{verb}"), json!({})).send().await
    }

    /// What the customer decides.
    async fn decides(&self, verb: &str, body: Value) -> Answered {
        let path = format!("/v1/quotes/{}/{verb}", self.quote);
        post_at(&self.pool.customer, self.time, &path, body).header("x-request-id", &self.quote).send().await
    }

    async fn status(&self, collection: &str, id: &str) -> Value {
        App::shared().stored(collection, json!({ "_id": id, "tenant_id": self.pool.tenant.id })).await[0]["status"].clone()
    }

    async fn jobs(&self, kind: &str) -> Vec<Value> {
        App::shared().stored("jobs", json!({ "tenant_id": self.pool.tenant.id, "kind": kind })).await
    }
}
