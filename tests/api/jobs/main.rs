//! `/v1/jobs/run`, and what jobs of each kind do. A run takes the jobs of any tenant: so these tests have a binary of their own,
//! in which one of them runs at a time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop there")]

mod activation;
mod erase;
mod erased_login;
mod fields;
mod form;
mod invite_expiry;
mod keys;
mod keys_made;
mod leave;
mod login_code;
mod mail;
mod notify;
mod password;
mod payout;
mod privacy;
mod recount;
mod retry;
mod run;
mod suspended;
mod teams;
mod trash_kept;
mod verification;
mod xero;

use domain::lane::lane_of;
use domain::{Role, Time};
use serde_json::{Value, json};
use support::{Answered, App, Member, Ran, Request, Tenant};
use tokio::sync::{Mutex, MutexGuard};

/// Lets one test run, on an empty queue: nothing that others left behind takes its runs or its faults.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::const_new(());
    let guard = ONE.lock().await;
    App::shared().standins.clear_faults().await;
    App::shared().data("deleteMany", json!({ "collection": "jobs", "filter": {} })).await;
    guard
}

fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}

/// A run of due jobs.
fn run() -> Request {
    run_in("jobs")
}

/// A run of the due jobs of a lane.
fn run_in(lane: &str) -> Request {
    App::shared().anyone().run(lane)
}

/// Runs what is due at a time, in every lane.
async fn run_at(time: Time) -> Ran {
    App::shared().anyone().run_lanes(Some(time)).await
}

async fn jobs(tenant: &Tenant, kind: &str) -> Vec<Value> {
    App::shared().stored("jobs", json!({ "tenant_id": tenant.id, "kind": kind })).await
}

/// Puts a job into the queue.
async fn queue(tenant: &Tenant, kind: &str, payload: Value) -> String {
    let id = support::id("job");
    let now = json!({ "$date": "2026-01-01T00:00:00.000Z" });
    let job = json!({
        "_id": id, "tenant_id": tenant.id, "kind": kind, "lane": lane_of(kind), "payload": payload, "status": "queued", "run_at": now,
        "attempts": 0, "created_at": now, "updated_at": now, "version": 1,
    });
    App::shared().data("insertOne", json!({ "collection": "jobs", "document": job })).await;
    id
}

async fn job(id: &str) -> Value {
    App::shared().stored("jobs", json!({ "_id": id })).await.remove(0)
}

/// The keys of a member's notifications, oldest first.
async fn told(member: &Member) -> Vec<String> {
    let page = member.caller().get("/v1/notifications?sort=created_at").await.expect(200);
    let all = page.json["data"].as_array().unwrap();
    all.iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect()
}

/// A lead that a manager makes.
async fn lead(manager: &Member, more: Value) -> Answered {
    let mut lead = json!({ "category": "Roof" });
    lead.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manager.caller().post("/v1/leads", lead).send().await.expect(201)
}

async fn staffed() -> (Tenant, Member) {
    let tenant = Tenant::new().await;
    let manager = tenant.member(Role::Manager).await;
    (tenant, manager)
}
