//! What becomes of the bids on a lead that is deleted.

use serde_json::json;
use support::App;

use super::{Pool, get_at};

#[tokio::test]
async fn its_bids_go_with_it_and_come_back_and_their_authors_are_told() {
    let pool = Pool::new().await;
    let (first, second, drafting) = (pool.expert().await, pool.expert().await, pool.expert().await);
    let bids = [pool.submitted(&first, 100).await, pool.submitted(&second, 200).await];
    let draft = pool.draft(&drafting, 300).await;
    assert_eq!(pool.notices("bid.submitted").await.len(), 2);
    pool.manager.caller().delete(&format!("/v1/leads/{}", pool.lead)).await.expect(204);
    let path = format!("/v1/leads/{}", pool.lead);
    for (expert, bid) in [(&first, &bids[0]), (&second, &bids[1]), (&drafting, &draft)] {
        expert.caller().get(&path).await.expect(404);
        expert.caller().get(&format!("/v1/bids/{bid}")).await.expect(404);
        get_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}")).await.expect(404);
        let alone = expert.caller().post(&format!("/v1/bids/{bid}/restore"), json!({})).send().await.expect(409);
        assert_eq!((alone.code(), &alone.json["missing"]), ("reference-gone", &json!("bid.lead")));
    }
    let mut authors = [first.id.as_str(), second.id.as_str()];
    authors.sort_unstable();
    assert_eq!(told(&pool, "lead.deleted").await, authors);
    assert_eq!(pool.notices("bid.submitted").await.len(), 0, "the notices that waited for the deadline are off");
    drafting.caller().post(&format!("/v1/bids/{draft}/submit"), json!({})).send().await.expect(404);
    pool.manager.caller().post(&format!("{path}/restore"), json!({})).send().await.expect(200);
    assert_eq!(told(&pool, "lead.restored").await, authors);
    assert_eq!(pool.notices("bid.submitted").await.len(), 2, "the notices wait for the deadline again");
    for (expert, bid) in [(&first, &bids[0]), (&second, &bids[1])] {
        assert_eq!(expert.caller().get(&format!("/v1/bids/{bid}")).await.expect(200).json["status"], "submitted");
    }
    drafting.caller().post(&format!("/v1/bids/{draft}/submit"), json!({})).send().await.expect(200);
}

/// Who is told of the lead by its reference, one job each.
async fn told(pool: &Pool, key: &str) -> Vec<String> {
    let jobs = pool.notices(key).await;
    assert!(jobs.iter().all(|job| job["payload"]["facts"]["reference"].is_string()));
    let mut members: Vec<String> = jobs.iter().map(|job| job["payload"]["members"][0].as_str().unwrap().to_owned()).collect();
    members.sort_unstable();
    members
}

#[tokio::test]
async fn a_lead_that_was_awarded_stays() {
    let pool = Pool::new().await;
    let filter = json!({ "_id": pool.lead });
    let awarded = json!({ "collection": "leads", "filter": filter, "update": { "$set": { "status": "awarded" } } });
    App::shared().data("updateOne", awarded).await;
    let refused = pool.manager.caller().delete(&format!("/v1/leads/{}", pool.lead)).await.expect(409);
    assert_eq!(refused.code(), "lead-in-use");
}
