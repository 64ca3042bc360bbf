//! What a plan allows so many of is counted in the transaction that makes it: never one too many, and given back.

use domain::Role::{Customer, Manager, Owner};
use domain::plan::Limit;
use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{App, Caller, OPERATOR_SECRET, System, Tenant, id};

/// A tenant that may have so many of something; as many as `taken` are there already.
async fn limited(limit: Limit, taken: i64, max: i64) -> Tenant {
    let tenant = Tenant::new().await;
    let set = json!({ "$set": { "value": taken, "max": max } });
    let change = json!({ "collection": "counters", "filter": { "tenant_id": tenant.id, "key": limit.key() }, "update": set });
    App::shared().data("updateOne", change).await;
    tenant
}

async fn taken(tenant: &Tenant, limit: Limit) -> i64 {
    let counter = json!({ "tenant_id": tenant.id, "key": limit.key() });
    App::shared().stored("counters", counter).await[0]["value"].as_i64().unwrap()
}

fn address() -> String {
    format!("{}@example.com", id("new").to_lowercase().replace('_', "-"))
}

async fn invite(caller: &Caller) -> support::Answered {
    // The wire is narrow: what was too much at once comes again, as any client would.
    let body = json!({ "email": address(), "name": "New", "role": "expert" });
    let key = id("key");
    loop {
        let answer = caller.post("/v1/members", body.clone()).header("idempotency-key", &key).send().await;
        if !matches!(answer.status, 429 | 503) {
            return answer;
        }
    }
}

/// In a system of its own: so many at once are more than others could go on beside.
#[tokio::test]
async fn two_hundred_members_invited_at_once_leave_exactly_as_many_as_the_plan_allows() {
    let system = System::native().await;
    let signup = json!({ "tenant_name": "Acme", "name": "Ada", "email": address(), "password": "correct horse battery" });
    let owner = system.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let tenant = format!("/v1/operator/tenants/{}", owner.json["tenant"]["id"].as_str().unwrap());
    system.with_token(OPERATOR_SECRET).patch(&tenant, json!({ "max_users": 100 })).send().await.expect(200);
    let owner = system.with_token(owner.json["access_token"].as_str().unwrap());
    let answers = join_all((0..200).map(|_| invite(&owner))).await;
    let invited = answers.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 201).collect();
    assert_eq!((invited, refused.len()), (99, 101));
    for answer in refused {
        assert_eq!(
            (answer.status, answer.code(), &answer.json["limit"]),
            (403, "plan-limit", &json!("users")),
            "{}",
            answer.text
        );
    }
    assert_eq!(owner.get("/v1/members?count=true").await.expect(200).json["total"], 100);
    assert_eq!(owner.get("/v1/tenant/usage").await.expect(200).json["users"], json!({ "used": 100, "max": 100 }));
}

#[tokio::test]
async fn a_suspended_member_gives_their_place_back_and_needs_one_to_return() {
    let tenant = limited(Limit::Users, 2, 2).await;
    let (owner, member) = (tenant.caller(Owner).await, tenant.member(Manager).await);
    assert_eq!(invite(&owner).await.code(), "plan-limit");
    let path = format!("/v1/members/{}", member.id);
    let change = |status: &str| owner.patch(&path, json!({ "status": status }));
    change("suspended").send().await.expect(200);
    change("suspended").send().await.expect(200);
    assert_eq!(taken(&tenant, Limit::Users).await, 1);
    invite(&owner).await.expect(201);
    assert_eq!(change("active").send().await.expect(403).code(), "plan-limit");
    assert_eq!(taken(&tenant, Limit::Users).await, 2);
}

#[tokio::test]
async fn leads_are_counted_and_a_deleted_one_makes_room() {
    let tenant = limited(Limit::Leads, 0, 2).await;
    let (customer, manager) = (tenant.caller(Customer).await, tenant.caller(Manager).await);
    let create = || customer.post("/v1/leads", json!({ "category": "Roof" }));
    let first = create().send().await.expect(201).id();
    create().send().await.expect(201);
    let refused = create().send().await.expect(403);
    assert_eq!((refused.code(), &refused.json["limit"]), ("plan-limit", &json!("leads")));
    manager.delete(&format!("/v1/leads/{first}")).await.expect(204);
    manager.delete(&format!("/v1/leads/{first}")).await.expect(404);
    create().send().await.expect(201);
    create().send().await.expect(403);
    let leads = App::shared().stored("leads", json!({ "tenant_id": tenant.id, "deleted_at": null })).await;
    assert_eq!((leads.len(), taken(&tenant, Limit::Leads).await), (2, 2));
}

#[tokio::test]
async fn one_tenants_limit_is_not_anothers() {
    let (full, other) = (limited(Limit::Leads, 0, 0).await, Tenant::new().await);
    let lead = json!({ "category": "Roof" });
    full.caller(Customer).await.post("/v1/leads", lead.clone()).send().await.expect(403);
    other.caller(Customer).await.post("/v1/leads", lead).send().await.expect(201);
    assert_eq!(App::shared().stored("leads", json!({ "tenant_id": full.id })).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_invitation_that_is_taken_back_frees_its_place_and_its_address() {
    let tenant = limited(Limit::Users, 1, 2).await;
    let owner = tenant.caller(Owner).await;
    let (email, path) = (address(), |id: &str| format!("/v1/members/{id}"));
    let body = json!({ "email": email, "name": "New", "role": "expert" });
    let invited = owner.post("/v1/members", body.clone()).send().await.expect(201).id();
    assert_eq!(owner.post("/v1/members", body.clone()).send().await.expect(403).code(), "plan-limit");
    owner.delete(&path(&invited)).await.expect(204);
    owner.delete(&path(&invited)).await.expect(404);
    assert_eq!(taken(&tenant, Limit::Users).await, 1);
    owner.post("/v1/members", body).send().await.expect(201);
}

#[tokio::test]
async fn a_member_who_is_removed_is_out_at_once_and_an_owner_stays() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.member(Owner).await, tenant.member(Manager).await);
    let path = |member: &support::Member| format!("/v1/members/{}", member.id);
    assert_eq!(owner.caller().delete(&path(&owner)).await.expect(409).code(), "last-owner");
    manager.caller().delete(&path(&owner)).await.expect(403);
    owner.caller().delete(&path(&manager)).await.expect(204);
    let refused = manager.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(401);
    assert_eq!(refused.code(), "session-outdated");
}
