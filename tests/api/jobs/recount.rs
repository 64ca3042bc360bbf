//! The daily recount: counters that drifted are mended, whatever happens at the same moment, and nothing else is told of.

use domain::plan::Limit;
use domain::{Role, Time};
use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{App, Caller, OPERATOR_SECRET, Tenant, id};

use super::{alone, jobs, now, queue, run_at, run_in};

const DAY_MS: i64 = 86_400_000;
const RECOUNT: &str = "tenant.recount";

async fn counter(tenant: &str, limit: Limit) -> Value {
    App::shared().stored("counters", json!({ "tenant_id": tenant, "key": limit.key() })).await[0]["value"].clone()
}

async fn break_counter(tenant: &str, limit: Limit, value: i64) {
    let filter = json!({ "tenant_id": tenant, "key": limit.key() });
    let update = json!({ "collection": "counters", "filter": filter, "update": { "$set": { "value": value } } });
    App::shared().data("updateOne", update).await;
}

async fn told(tenant: &str) -> Vec<Value> {
    App::shared().stored("events", json!({ "tenant_id": tenant, "type": "tenant.recounted" })).await
}

async fn invite(caller: &Caller) -> u16 {
    let email = format!("{}@example.com", id("new").to_lowercase().replace('_', "-"));
    caller.post("/v1/members", json!({ "email": email, "name": "V", "role": "vendor" })).send().await.status
}

#[tokio::test]
async fn a_counter_that_drifted_is_mended_within_a_day_and_told_of_once() {
    let _alone = alone().await;
    let email = format!("{}@example.com", id("own").to_lowercase().replace('_', "-"));
    let body = json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": "correct horse" });
    let signed_up = App::shared().anyone().post("/v1/auth/signup", body).send().await.expect(201);
    let owner = App::shared().with_token(signed_up.json["access_token"].as_str().unwrap());
    let tenant = signed_up.json["tenant"]["id"].as_str().unwrap();
    assert_eq!(invite(&owner).await, 201);
    for (limit, wrong) in [(Limit::Users, 9), (Limit::Leads, 4), (Limit::MasterVendors, 0)] {
        break_counter(tenant, limit, wrong).await;
    }
    run_at(now().plus_ms(DAY_MS / 2)).await;
    assert_eq!(counter(tenant, Limit::Users).await, 9, "it is not yet time");
    run_at(now().plus_ms(DAY_MS + 60_000)).await;
    for (limit, right) in [(Limit::Users, 2), (Limit::Leads, 0), (Limit::MasterVendors, 1), (Limit::StaffVendors, 0)] {
        assert_eq!(counter(tenant, limit).await, right, "{limit:?}");
    }
    let wrong = |before: i64, after: i64| json!({ "before": before, "after": after });
    let changes = json!({ "users": wrong(9, 2), "leads": wrong(4, 0), "master_vendors": wrong(0, 1) });
    let events = told(tenant).await;
    assert_eq!((events.len(), &events[0]["changes"], &events[0]["actor"]["type"]), (1, &changes, &json!("job")));
    for days in [2, 3] {
        run_at(now().plus_ms(days * DAY_MS + 120_000)).await;
    }
    assert_eq!(told(tenant).await.len(), 1, "what is right is not told of");
    let recounts = App::shared().stored("jobs", json!({ "tenant_id": tenant, "kind": RECOUNT })).await;
    let waiting = recounts.iter().filter(|job| job["status"] == "queued").count();
    assert_eq!((recounts.len(), waiting), (4, 1), "each day has one, and the next waits");
}

#[tokio::test]
async fn who_takes_a_place_during_a_recount_is_counted_once() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    break_counter(&tenant.id, Limit::Users, 1).await;
    for round in 0..5_usize {
        break_counter(&tenant.id, Limit::MasterVendors, 50).await;
        for _ in 0..4 {
            queue(&tenant, RECOUNT, json!({})).await;
        }
        let run = run_in("tenants").send();
        let (invited, _) = tokio::join!(join_all((0..8).map(|_| invite(&owner))), run);
        assert!(invited.iter().all(|status| matches!(status, 201 | 503)), "{invited:?}");
        App::shared().run_jobs().await;
        let vendors = json!({ "tenant_id": tenant.id, "role": "vendor", "status": "invited" });
        let vendors = App::shared().as_stored("memberships", vendors).await.len();
        assert_eq!(counter(&tenant.id, Limit::MasterVendors).await, vendors, "round {round}");
        assert_eq!(counter(&tenant.id, Limit::Users).await, vendors + 1, "round {round}");
    }
}

#[tokio::test]
async fn the_recount_of_a_cancelled_tenant_is_its_last_until_it_comes_back() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let (start, path) = (now(), format!("/v1/operator/tenants/{}", tenant.id));
    let set = async |status: &str, time: Time| {
        let operator = App::shared().with_token(OPERATOR_SECRET);
        operator.patch(&path, json!({ "status": status })).at(time).send().await.expect(200);
    };
    set("cancelled", start).await;
    run_at(start.plus_ms(DAY_MS + 60_000)).await;
    let waiting = async || jobs(&tenant, RECOUNT).await.iter().filter(|job| job["status"] == "queued").count();
    assert_eq!((jobs(&tenant, RECOUNT).await.len(), waiting().await), (1, 0));
    set("suspended", start.plus_ms(DAY_MS + 120_000)).await;
    run_at(start.plus_ms(2 * DAY_MS + 180_000)).await;
    assert_eq!((jobs(&tenant, RECOUNT).await.len(), waiting().await), (3, 1));
}
