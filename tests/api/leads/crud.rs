//! Creating, reading, changing, listing and deleting leads.

use domain::Role;
use serde_json::json;
use support::{App, Tenant, id};

#[tokio::test]
async fn a_lead_is_made_with_its_number_its_conversation_and_an_event() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    for number in ["SU-000001", "SU-000002"] {
        let lead = manager
            .post("/v1/leads", json!({ "category": "Roof", "budget_max": { "minor": 5, "currency": "EUR" } }))
            .send()
            .await
            .expect(201);
        assert_eq!(lead.json["reference"], number);
        assert_eq!(lead.json["status"], "new");
        assert_eq!(lead.header("location").unwrap(), format!("/v1/leads/{}", lead.id()));
        assert_eq!(lead.header("etag"), Some("\"1\""));
        let read = manager.get(&format!("/v1/leads/{}", lead.id())).await.expect(200);
        assert_eq!(read.json, lead.json);
        let conversations = App::shared().stored("conversations", json!({ "lead": lead.id() })).await;
        assert_eq!(conversations[0]["_id"], lead.json["conversation"]);
        assert_eq!(conversations[0]["title"], number);
        let events = App::shared().stored("events", json!({ "record.id": lead.id() })).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["type"], "lead.created");
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_makes_nothing_new() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let create = |category: &str| manager.post("/v1/leads", json!({ "category": category })).header("idempotency-key", "\"k-1\"");
    let first = create("Roof").send().await.expect(201);
    let again = create("Roof").send().await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json, first.json);
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header));
    }
    let other = create("Floor").send().await.expect(422);
    assert_eq!(other.code(), "idempotency-key-reused");
    assert_eq!(App::shared().stored("leads", json!({ "tenant_id": tenant.id })).await.len(), 1);
}

#[tokio::test]
async fn a_list_is_walked_page_by_page_while_others_write() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    for number in 0..7 {
        manager.post("/v1/leads", json!({ "category": format!("c{}", number % 3) })).send().await.expect(201);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/leads?limit=3&sort=category,-created_at&fields=reference,category".to_owned();
    loop {
        let page = manager.get(&path).await.expect(200);
        seen.extend(page.json["data"].as_array().unwrap().iter().map(|lead| lead["reference"].clone()));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/v1/leads?limit=3&sort=category,-created_at&fields=reference,category&cursor={next}");
        // A record that sorts before the cursor must neither show up nor shift the pages.
        manager.post("/v1/leads", json!({ "category": "a" })).send().await.expect(201);
    }
    let expected = ["SU-000007", "SU-000004", "SU-000001", "SU-000005", "SU-000002", "SU-000006", "SU-000003"];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn filters_search_count_and_expand_work_together() {
    let tenant = Tenant::new().await;
    let (manager, customer) = (tenant.caller(Role::Manager).await, tenant.member(Role::Customer).await);
    let lead = json!({ "category": "Roof repair", "description": "Leaking gutter", "budget_max": { "minor": 1000, "currency": "EUR" }, "customer": customer.id });
    manager.post("/v1/leads", lead).send().await.expect(201);
    manager
        .post("/v1/leads", json!({ "category": "Roof", "budget_max": { "minor": 999, "currency": "EUR" } }))
        .send()
        .await
        .expect(201);
    let found =
        manager.get("/v1/leads?status=new&budget_max[gte]=1000&q=roof%20gut&count=true&expand=customer").await.expect(200);
    assert_eq!(found.json["total"], 1);
    assert_eq!(found.json["data"][0]["customer"]["email"], customer.email);
    assert_eq!(manager.get("/v1/leads?q=roof&count=true").await.json["total"], 2);
    assert_eq!(manager.get("/v1/leads?q=floor").await.json["data"], json!([]));
}

#[tokio::test]
async fn an_update_needs_the_current_version_only_when_it_says_so() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    let changed = manager.patch(&path, json!({ "description": "Leaks" })).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!(changed.json["version"], 2);
    let stale = manager.patch(&path, json!({ "description": "Drips" })).header("if-match", "\"1\"").send().await.expect(412);
    assert_eq!(stale.code(), "stale");
    manager.patch(&path, json!({ "description": null })).send().await.expect(200);
    let read = manager.get(&path).await.expect(200);
    assert_eq!(read.json.get("description"), None);
    assert_eq!(read.header("etag"), Some("\"3\""));
    let events = App::shared().stored("events", json!({ "record.id": lead.id(), "type": "lead.updated" })).await;
    assert_eq!(events[0]["changes"], json!({ "description": { "before": null, "after": "Leaks" } }));
    for (known, status) in [("\"3\"", 304), ("W/\"3\"", 304), ("\"1\", \"3\"", 304), ("*", 304), ("\"1\"", 200)] {
        assert_eq!(manager.request("GET", &path).header("if-none-match", known).send().await.status, status, "{known}");
    }
}

#[tokio::test]
async fn a_lead_can_be_sent_back_as_it_came() {
    let tenant = Tenant::new().await;
    let (manager, customer) = (tenant.caller(Role::Manager).await, tenant.member(Role::Customer).await);
    let budget = json!({ "minor": 5, "currency": "EUR" });
    let lead = json!({ "category": "Roof", "budget_max": budget, "skills": ["tiles"], "customer": customer.id });
    let lead = manager.post("/v1/leads", lead).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    let same = manager.patch(&path, lead.json.clone()).send().await.expect(200);
    assert_eq!(same.json, lead.json);
    let mut changed = lead.json.clone();
    changed["category"] = "Floor".into();
    assert_eq!(manager.patch(&path, changed).send().await.expect(200).json["version"], 2);
    let other = manager.patch(&path, json!({ "id": id("lead") })).send().await.expect(422);
    assert_eq!(other.places(), ["/id"]);
}

#[tokio::test]
async fn a_single_lead_takes_only_what_shapes_it() {
    let manager = Tenant::new().await.caller(Role::Manager).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    for (query, name) in
        [("limit=5", "limit"), ("sort=id", "sort"), ("status=new", "status"), ("count=true", "count"), ("q=x", "q")]
    {
        let refused = manager.get(&format!("/v1/leads/{}?{query}", lead.id())).await.expect(400);
        assert_eq!(refused.places(), [name]);
    }
    let shaped = manager.get(&format!("/v1/leads/{}?fields=category&expand=customer", lead.id())).await.expect(200);
    assert_eq!(shaped.json, json!({ "id": lead.id(), "category": "Roof" }));
}

#[tokio::test]
async fn a_deleted_lead_is_gone_for_everyone_and_kept_in_the_store() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let lead = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}", lead.id());
    manager.delete(&path).await.expect(204);
    manager.get(&path).await.expect(404);
    manager.delete(&path).await.expect(404);
    assert_eq!(manager.get("/v1/leads").await.json["data"], json!([]));
    assert!(App::shared().stored("leads", json!({ "_id": lead.id() })).await[0]["deleted_at"].is_string());
}

#[tokio::test]
async fn each_role_sees_its_own_leads_and_experts_what_is_published() {
    let tenant = Tenant::new().await;
    let manager = tenant.caller(Role::Manager).await;
    let (customer, other) = (tenant.member(Role::Customer).await, tenant.caller(Role::Customer).await);
    let expert = tenant.caller(Role::Expert).await;
    let own = customer.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    assert_eq!(own.json["customer"], customer.id);
    let path = format!("/v1/leads/{}", own.id());
    for (caller, before, after) in [(&manager, 200, 200), (&customer.caller(), 200, 200), (&other, 404, 404), (&expert, 404, 200)]
    {
        caller.get(&path).await.expect(before);
        let deadline = json!({ "bid_deadline": "2999-01-01T00:00:00Z" });
        let published = manager.post(&format!("{path}/publish"), deadline).send().await;
        assert!(matches!(published.status, 200 | 409));
        caller.get(&path).await.expect(after);
        App::shared().data("updateOne", json!({ "collection": "leads", "filter": { "_id": own.id() }, "update": { "$set": { "bid_pool": false, "status": "new" } } })).await;
    }
}

#[tokio::test]
async fn a_reference_to_what_is_not_there_is_named() {
    let tenant = Tenant::new().await;
    let elsewhere = Tenant::new().await.member(Role::Customer).await;
    let manager = tenant.caller(Role::Manager).await;
    for customer in [elsewhere.id, id("mem")] {
        let refused = manager.post("/v1/leads", json!({ "category": "Roof", "customer": customer })).send().await.expect(422);
        assert_eq!(refused.places(), ["/customer"]);
    }
    assert_eq!(App::shared().stored("leads", json!({ "tenant_id": tenant.id })).await.len(), 0);
}
