//! Accepting quotes.

use domain::Role;
use serde_json::{Value, json};
use support::App;

use super::Deal;
use crate::bids::{Pool, get_at, post_at};

#[tokio::test]
async fn an_accepted_quote_makes_the_lead_a_project_with_milestones_and_draft_invoices() {
    let deal = Deal::sent().await;
    let accepted = deal.decides("accept", json!({})).await.expect(200);
    assert_eq!(App::shared().wire.calls(&deal.quote), 2);
    assert_eq!((&accepted.json["status"], &accepted.json["accepted_at"]), (&json!("accepted"), &json!(deal.time)));
    let lead = get_at(&deal.expert, deal.time, &format!("/v1/leads/{}", deal.pool.lead)).await.expect(200).json;
    assert_eq!(
        (&lead["status"], &lead["is_active_project"], &lead["expert"]),
        (&json!("active"), &json!(true), &json!(deal.expert.id))
    );
    let project = lead["project"].as_str().unwrap();
    for member in [&deal.pool.customer, &deal.expert, &deal.pool.manager] {
        let project = get_at(member, deal.time, &format!("/v1/projects/{project}")).await.expect(200).json;
        assert_eq!(
            (&project["name"], &project["status"], &project["quote"]),
            (&json!("New roof"), &json!("active"), &json!(deal.quote))
        );
        let page = get_at(
            member,
            deal.time,
            &format!("/v1/milestones?project={project}&sort=order", project = project["id"].as_str().unwrap()),
        )
        .await
        .expect(200);
        let milestones = page.json["data"].as_array().unwrap();
        let told: Vec<Value> = milestones
            .iter()
            .map(|milestone| {
                json!([
                    milestone["order"],
                    milestone["name"],
                    milestone["type"],
                    milestone["amount"]["minor"],
                    milestone["service_fee"]["minor"]
                ])
            })
            .collect();
        assert_eq!(told, [json!([1, "Beams", "time", 3_300, 330]), json!([2, "Tiles", "event", 6_701, 670])]);
        get_at(member, deal.time, &format!("/v1/milestones/{}", milestones[0]["id"].as_str().unwrap())).await.expect(200);
    }
    let invoices = get_at(&deal.pool.manager, deal.time, "/v1/invoices?sort=id").await.expect(200).json["data"].clone();
    let told: Vec<Value> = invoices
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| json!([invoice["reference"], invoice["title"], invoice["status"], invoice["total"]["minor"]]))
        .collect();
    assert_eq!(told, [json!(["IN-000001", "Beams", "draft", 3_630]), json!(["IN-000002", "Tiles", "draft", 7_371])]);
    let found = get_at(&deal.pool.manager, deal.time, "/v1/invoices?q=IN-000002").await.expect(200);
    assert_eq!(found.json["data"], json!([invoices[1]]));
    assert_eq!(accepted.json["total"]["minor"], 3_630 + 7_371);
    assert_eq!(get_at(&deal.pool.customer, deal.time, "/v1/invoices?count=true").await.json["total"], 0);
}

#[tokio::test]
async fn the_others_are_declined_and_everyone_is_told() {
    let deal = Deal::sent().await;
    let draft = deal.pool.expert().await;
    deal.decides("accept", json!({})).await.expect(200);
    let declined = get_at(&deal.rival, deal.time, &format!("/v1/bids/{}", deal.other)).await.expect(200);
    assert_eq!(declined.json["status"], "declined");
    let conversation = App::shared().stored("conversations", json!({ "lead": deal.pool.lead })).await;
    let participants = conversation[0]["participants"].as_array().unwrap();
    assert!(participants.contains(&json!(deal.expert.id)) && !participants.contains(&json!(draft.id)));
    let accepted = &deal.pool.notices("quote.accepted").await[0]["payload"];
    assert_eq!(accepted["members"], json!([deal.pool.customer.id, deal.expert.id, deal.pool.manager.id]));
    assert_eq!((&accepted["except"], &accepted["facts"]["reference"]), (&json!(deal.pool.customer.id), &json!("QU-000001")));
    assert_eq!(deal.pool.notices("bid.declined").await[0]["payload"]["members"], json!([deal.rival.id]));
    let events = App::shared().stored("events", json!({ "lead": deal.pool.lead })).await;
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    let kinds = ["quote.accepted", "lead.activated", "project.created", "milestone.created", "invoice.created", "bid.declined"];
    assert_eq!(kinds.map(count), [1, 1, 1, 2, 2, 1]);
}

#[tokio::test]
async fn a_quote_is_accepted_once_by_its_customer_alone() {
    let deal = Deal::awarded().await;
    let path = format!("/v1/quotes/{}/accept", deal.quote);
    deal.decides("accept", json!({})).await.expect(404);
    deal.manages("quotes", &deal.quote, "send").await.expect(200);
    let other = deal.pool.tenant.member(Role::Customer).await;
    post_at(&other, deal.time, &path, json!({})).send().await.expect(404);
    for member in [&deal.pool.manager, &deal.expert, &deal.pool.tenant.member(Role::Owner).await] {
        post_at(member, deal.time, &path, json!({})).send().await.expect(403);
    }
    let (one, two) = tokio::join!(deal.decides("accept", json!({})), deal.decides("accept", json!({})));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(deal.decides("accept", json!({})).await.expect(409).code(), "quote-not-sent");
    assert_eq!(deal.decides("decline", json!({})).await.expect(409).code(), "quote-not-sent");
    assert_eq!(App::shared().stored("invoices", json!({ "quote": deal.quote })).await.len(), 2);
}

#[tokio::test]
async fn an_expired_quote_can_be_declined_and_not_accepted() {
    let deal = Deal::sent().await;
    let late = deal.time.plus_days(30);
    let path = format!("/v1/quotes/{}", deal.quote);
    let expired = post_at(&deal.pool.customer, late, &format!("{path}/accept"), json!({})).send().await.expect(409);
    assert_eq!(expired.code(), "quote-expired");
    post_at(&deal.pool.customer, late, &format!("{path}/decline"), json!({})).send().await.expect(200);
}

#[tokio::test]
async fn fifty_milestones_become_fifty_invoices_that_sum_to_the_quote() {
    let pool = Pool::new().await;
    let (expert, time) = (pool.expert().await, pool.after());
    let mut offer = pool.offer(9_999_999_999_999);
    offer["milestones"] =
        (1..=50).map(|order| json!({ "order": order, "name": format!("Part {order}"), "percentage": 2 })).collect();
    let bid = expert.caller().post("/v1/bids", offer).send().await.expect(201).id();
    expert.caller().post(&format!("/v1/bids/{bid}/submit"), json!({})).send().await.expect(200);
    let awarded = post_at(&pool.manager, time, &format!("/v1/bids/{bid}/award"), json!({})).send().await.expect(200);
    let quote = awarded.json["quote"].as_str().unwrap();
    post_at(&pool.manager, time, &format!("/v1/quotes/{quote}/send"), json!({})).send().await.expect(200);
    let accepted = post_at(&pool.customer, time, &format!("/v1/quotes/{quote}/accept"), json!({})).send().await.expect(200);
    let page = get_at(&pool.manager, time, "/v1/invoices?limit=100&sort=id").await.expect(200);
    let invoices = page.json["data"].as_array().unwrap();
    let sum = |field: &str| invoices.iter().map(|invoice| invoice[field]["minor"].as_i64().unwrap()).sum::<i64>();
    for field in ["amount", "service_fee", "total"] {
        assert_eq!(accepted.json[field]["minor"], sum(field), "{field}");
    }
    assert_eq!((invoices.len(), &invoices[49]["reference"]), (50, &json!("IN-000050")));
}

#[tokio::test]
async fn a_quote_is_accepted_only_while_the_lead_has_its_customer() {
    let deal = Deal::sent().await;
    let filter = json!({ "_id": deal.pool.lead, "tenant_id": deal.pool.tenant.id });
    let move_to = json!({ "collection": "leads", "filter": filter, "update": { "$set": { "customer": deal.pool.manager.id } } });
    App::shared().data("updateOne", move_to).await;
    assert_eq!(deal.decides("accept", json!({})).await.expect(409).code(), "customer-changed");
    assert_eq!(deal.status("quotes", &deal.quote).await, "sent");
}
