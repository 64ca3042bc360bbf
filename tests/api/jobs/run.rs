//! Who may run jobs, how many, and that none is done twice.

use domain::Role;
use domain::lane::{LANES, lane_of};
use serde_json::json;
use support::{App, Cut, JOBS_SECRET, id};

use super::{alone, job, jobs, lead, now, queue, run, run_at, run_in, staffed, told};

#[tokio::test]
async fn jobs_run_for_whoever_knows_the_secret() {
    let _alone = alone().await;
    let caller = App::shared().anyone();
    let request = || caller.post("/v1/jobs/run", json!({}));
    assert_eq!(request().send().await.expect(401).code(), "bad-secret");
    assert_eq!(request().header("x-jobs-secret", "guess").send().await.status, 401);
    let ran = request().header("authorization", format!("Bearer {JOBS_SECRET}")).send().await.expect(200);
    assert!(ran.json["taken"].is_u64() && ran.json["done"].is_u64() && ran.json["failed"].is_u64(), "{}", ran.text);
    let wrong = caller.post("/v1/jobs/run?limit=0", json!({})).header("x-jobs-secret", JOBS_SECRET).send().await;
    assert_eq!(wrong.expect(400).places(), ["limit"]);
}

#[tokio::test]
async fn a_limit_is_kept() {
    let _alone = alone().await;
    App::shared().run_jobs().await;
    let (tenant, _) = staffed().await;
    for _ in 0..3 {
        queue(&tenant, "xero.quote", json!({ "quote": id("quo") })).await;
    }
    let ran = App::shared().anyone().post("/v1/xero/run?limit=2", json!({})).header("x-jobs-secret", JOBS_SECRET).send().await;
    assert_eq!(ran.json, json!({ "taken": 2, "done": 2, "failed": 0 }));
    assert_eq!(run_in("xero").send().await.json, json!({ "taken": 1, "done": 1, "failed": 0 }));
}

#[tokio::test]
async fn a_lane_takes_no_job_of_another() {
    let _alone = alone().await;
    App::shared().run_jobs().await;
    let (tenant, _) = staffed().await;
    for (begin, lane) in LANES {
        let id = queue(&tenant, &format!("{begin}nonsense"), json!({})).await;
        for (_, other) in LANES.iter().filter(|(_, other)| other != lane) {
            assert_eq!(run_in(other).send().await.expect(200).json["taken"], 0, "{other} took from {lane}");
        }
        assert_eq!(job(&id).await["status"], "queued");
        assert_eq!(run_in(lane).send().await.expect(200).json, json!({ "taken": 1, "done": 0, "failed": 1 }));
        assert_eq!(job(&id).await["status"], "dead");
    }
}

#[tokio::test]
async fn every_job_is_queued_in_the_lane_of_its_kind() {
    let _alone = alone().await;
    let (tenant, manager) = staffed().await;
    tenant.member(Role::Admin).await;
    lead(&manager, json!({})).await;
    App::shared().run_jobs().await;
    let queued = App::shared().stored("jobs", json!({ "tenant_id": tenant.id })).await;
    assert!(queued.len() > 1, "{queued:?}");
    for job in queued {
        assert_eq!(job["lane"], lane_of(job["kind"].as_str().unwrap()), "{job}");
    }
}

#[tokio::test]
async fn runners_at_the_same_time_do_no_job_twice() {
    let _alone = alone().await;
    App::shared().run_jobs().await;
    let (tenant, manager) = staffed().await;
    let other = tenant.member(Role::Admin).await;
    for _ in 0..12 {
        lead(&manager, json!({})).await;
    }
    let runs = futures_util::future::join_all((0..4).map(|_| run().send())).await;
    let taken: u64 = runs.iter().map(|ran| ran.json["taken"].as_u64().unwrap()).sum();
    let busy = runs.iter().filter(|ran| ran.json["taken"] != 0).count();
    // A fan-out and a mail for each lead.
    assert_eq!((taken, busy > 1), (24, true), "{runs:?}");
    for job in jobs(&tenant, "notify").await.iter().chain(&jobs(&tenant, "mail").await) {
        assert_eq!((&job["status"], &job["attempts"]), (&json!("done"), &json!(1)), "{job}");
    }
    assert_eq!(told(&other).await.len(), 12);
    let mails = App::shared().standins.mails_to(&other.email).await;
    assert_eq!(mails.len(), 12);
    assert!(mails.iter().all(|mail| mail.idempotency_key.is_some()));
}

#[tokio::test]
async fn a_runner_that_is_cut_off_leaves_one_effect() {
    let _alone = alone().await;
    let app = App::shared();
    for cut in [Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2), Cut::Before(3), Cut::After(3)] {
        app.run_jobs().await;
        let (tenant, manager) = staffed().await;
        let other = tenant.member(Role::Owner).await;
        lead(&manager, json!({})).await;
        let request_id = id("req");
        app.wire.cut(&request_id, cut);
        // Whatever it answers, it is not to be trusted.
        run().header("x-request-id", &request_id).send().await;
        // A lease lasts a minute; by then somebody else does what is left.
        for minutes in 1..4 {
            run_at(now().plus_ms(minutes * 61_000)).await;
        }
        assert_eq!(told(&other).await, ["lead.created"], "{cut:?}");
        assert_eq!(app.standins.mails_to(&other.email).await.len(), 1, "{cut:?}");
        assert!(jobs(&tenant, "notify").await.iter().all(|job| job["status"] == "done"), "{cut:?}");
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_in_the_end_laid_aside() {
    let _alone = alone().await;
    let app = App::shared();
    app.run_jobs().await;
    let (tenant, _) = staffed().await;
    let unknown = queue(&tenant, "nonsense", json!({})).await;
    assert_eq!(run().send().await.json, json!({ "taken": 1, "done": 0, "failed": 1 }));
    assert_eq!(job(&unknown).await["status"], "dead");
    // Credentials that nobody can open are a fault of ours that may be mended.
    let integration = json!({
        "_id": id("int"), "tenant_id": tenant.id, "kind": "xero", "is_enabled": true, "credentials": "broken", "version": 1,
    });
    app.data("insertOne", json!({ "collection": "integrations", "document": integration })).await;
    let failing = queue(&tenant, "xero.quote", json!({ "quote": id("quo") })).await;
    let mut time = now();
    for attempt in 1..=10 {
        run_at(time).await;
        let left = job(&failing).await;
        assert_eq!((&left["attempts"], left["status"] == "dead"), (&json!(attempt), attempt == 10), "{left}");
        assert!(left["last_error"].as_str().unwrap().starts_with("internal"), "{left}");
        if attempt == 1 {
            assert_eq!(run_at(time).await.taken, 0, "not at once");
        }
        time = time.plus_days(1);
    }
}

#[tokio::test]
async fn a_job_that_every_runner_dies_of_is_laid_aside() {
    let _alone = alone().await;
    let app = App::shared();
    app.run_jobs().await;
    let (tenant, _) = staffed().await;
    let (deadly, harmless) = (queue(&tenant, "xero.quote", json!({})).await, queue(&tenant, "xero.quote", json!({})).await);
    let left = json!({ "$set": { "status": "leased", "attempts": 10, "lease_token": "of a runner that is gone" } });
    app.data("updateOne", json!({ "collection": "jobs", "filter": { "_id": deadly }, "update": left })).await;
    assert_eq!(run_in("xero").send().await.json, json!({ "taken": 1, "done": 1, "failed": 0 }));
    let dead = job(&deadly).await;
    assert_eq!((&dead["status"], &dead["last_error"]), (&json!("dead"), &json!("no attempt came to an end")));
    assert_eq!(job(&harmless).await["status"], "done");
}
