//! What becomes of the bids on a lead that is deleted.

use serde_json::json;
use support::App;

use super::{Pool, get_at};

#[tokio::test]
async fn its_bids_are_declined_and_their_authors_told() {
    let pool = Pool::new().await;
    let (first, second, drafting) = (pool.expert().await, pool.expert().await, pool.expert().await);
    let bids = [pool.submitted(&first, 100).await, pool.submitted(&second, 200).await];
    let draft = pool.draft(&drafting, 300).await;
    assert_eq!(pool.notices("bid.submitted").await.len(), 2);
    pool.manager.caller().delete(&format!("/v1/leads/{}", pool.lead)).await.expect(204);
    for (expert, bid) in [(&first, &bids[0]), (&second, &bids[1])] {
        let declined = expert.caller().get(&format!("/v1/bids/{bid}")).await.expect(200);
        assert_eq!((&declined.json["status"], &declined.json["version"]), (&json!("declined"), &json!(3)));
        expert.caller().get(&format!("/v1/leads/{}", pool.lead)).await.expect(404);
        get_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}")).await.expect(200);
    }
    let told = pool.notices("lead.deleted").await;
    let mut members: Vec<&str> = told.iter().map(|job| job["payload"]["members"][0].as_str().unwrap()).collect();
    members.sort_unstable();
    let mut expected = [first.id.as_str(), second.id.as_str()];
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert!(told.iter().all(|job| job["payload"]["facts"]["reference"].is_string()));
    assert_eq!(pool.notices("bid.submitted").await.len(), 0, "the notices that waited for the deadline are off");
    let late = drafting.caller().post(&format!("/v1/bids/{draft}/submit"), json!({})).send().await.expect(409);
    assert_eq!(late.code(), "bids-closed");
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
