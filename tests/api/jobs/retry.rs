//! `POST /v1/operator/tenants/{id}/jobs/retry`: what was laid aside is put back by the operator.

use serde_json::{Value, json};
use support::{App, OPERATOR_SECRET, Tenant, id};

use super::{alone, job, queue, run_in};

async fn retry(tenant: &str, which: Value) -> Value {
    let path = format!("/v1/operator/tenants/{tenant}/jobs/retry");
    App::shared().with_token(OPERATOR_SECRET).post(&path, which).send().await.expect(200).json
}

/// A job that was laid aside, and has nothing to do by now.
async fn dead(tenant: &Tenant, kind: &str) -> String {
    let id = queue(tenant, kind, json!({ "quote": id("quo"), "invoice": id("inv") })).await;
    let laid_aside = json!({ "$set": { "status": "dead", "attempts": 10, "last_error": "mail-unavailable" } });
    App::shared().data("updateOne", json!({ "collection": "jobs", "filter": { "_id": id }, "update": laid_aside })).await;
    id
}

#[tokio::test]
async fn the_operator_puts_back_what_was_laid_aside() {
    let _alone = alone().await;
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    let (first, second, third) =
        (dead(&tenant, "xero.quote").await, dead(&tenant, "xero.quote").await, dead(&tenant, "xero.invoice").await);
    let foreign = dead(&other, "xero.quote").await;
    assert_eq!(retry(&tenant.id, json!({ "job": foreign })).await, json!({ "retried": 0 }));
    assert_eq!(retry(&tenant.id, json!({ "job": first })).await, json!({ "retried": 1 }));
    assert_eq!(retry(&tenant.id, json!({ "job": first })).await, json!({ "retried": 0 }));
    let waiting = job(&first).await;
    assert_eq!((&waiting["status"], &waiting["attempts"], &waiting["last_error"]), (&json!("queued"), &json!(0), &Value::Null));
    assert_eq!(retry(&tenant.id, json!({ "kind": "xero.quote" })).await, json!({ "retried": 1 }));
    assert_eq!(retry(&tenant.id, json!({})).await, json!({ "retried": 1 }));
    assert_eq!(run_in("xero").send().await.expect(200).json, json!({ "taken": 3, "done": 3, "failed": 0 }));
    for id in [&first, &second, &third] {
        assert_eq!(job(id).await["status"], "done");
    }
    assert_eq!(retry(&tenant.id, json!({})).await, json!({ "retried": 0 }), "what is done is done");
    assert_eq!(job(&foreign).await["status"], "dead");
}

#[tokio::test]
async fn only_whoever_knows_the_secret_puts_jobs_back() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let path = format!("/v1/operator/tenants/{}/jobs/retry", tenant.id);
    for caller in [App::shared().anyone(), App::shared().with_token("wrong"), tenant.caller(domain::Role::Owner).await] {
        assert_eq!(caller.post(&path, json!({})).send().await.expect(401).code(), "bad-secret");
    }
    let operator = App::shared().with_token(OPERATOR_SECRET);
    assert_eq!(operator.post(&path, json!({ "job": 7 })).send().await.expect(422).places(), ["/job"]);
    assert_eq!(operator.post(&path, json!({ "all": true })).send().await.expect(422).places(), ["/all"]);
    assert_eq!(operator.post("/v1/operator/tenants/nonsense/jobs/retry", json!({})).send().await.expect(400).places(), ["id"]);
}
