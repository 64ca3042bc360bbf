//! What happens at once ends as if one had come first.

use serde_json::{Value, json};
use support::App;

use super::{Pool, post_at};

async fn stored(collection: &str, filter: Value) -> Vec<Value> {
    App::shared().stored(collection, filter).await
}

#[tokio::test]
async fn a_bid_submitted_while_the_deadline_moves_is_sealed_until_the_new_one() {
    for _ in 0..5 {
        let pool = Pool::new().await;
        let experts = [pool.expert().await, pool.expert().await, pool.expert().await];
        let mut bids = Vec::new();
        for expert in &experts {
            bids.push(pool.draft(expert, 100).await);
        }
        let later = pool.deadline.plus_days(1);
        let submit = |at: usize| {
            let (caller, path) = (experts[at].caller(), format!("/v1/bids/{}/submit", bids[at]));
            async move { caller.post(&path, json!({})).send().await }
        };
        let lengthen = async {
            let patch = json!({ "bid_deadline": later });
            pool.manager.caller().patch(&format!("/v1/leads/{}", pool.lead), patch).send().await
        };
        let (one, lengthened, two, three) = tokio::join!(submit(0), lengthen, submit(1), submit(2));
        lengthened.expect(200);
        for submitted in [one, two, three] {
            submitted.expect(200);
        }
        for bid in stored("bids", json!({ "lead": pool.lead })).await {
            assert_eq!((&bid["sealed_until"], &bid["status"]), (&json!(later), &json!("submitted")));
        }
        for event in stored("events", json!({ "lead": pool.lead, "record.type": "bid" })).await {
            assert_eq!(event["sealed_until"], json!(later), "{event}");
        }
        let notices = stored("jobs", json!({ "payload.facts.lead": pool.lead, "payload.facts.key": "bid.submitted" })).await;
        assert_eq!(notices.len(), 3);
        assert!(notices.iter().all(|notice| notice["run_at"] == json!(later)), "{notices:?}");
    }
}

#[tokio::test]
async fn a_bid_is_awarded_or_withdrawn_but_never_both() {
    for _ in 0..5 {
        let pool = Pool::new().await;
        let (expert, rival) = (pool.expert().await, pool.expert().await);
        let (bid, other) = (pool.submitted(&expert, 1).await, pool.submitted(&rival, 2).await);
        let path = |bid: &str, verb: &str| format!("/v1/bids/{bid}/{verb}");
        let (awarded, withdrawn, gone) = tokio::join!(
            post_at(&pool.manager, pool.after(), &path(&bid, "award"), json!({})).send(),
            post_at(&expert, pool.after(), &path(&bid, "withdraw"), json!({})).send(),
            post_at(&rival, pool.after(), &path(&other, "withdraw"), json!({})).send(),
        );
        let (lead, bids) =
            (stored("leads", json!({ "_id": pool.lead })).await.remove(0), stored("bids", json!({ "lead": pool.lead })).await);
        let status = |id: &str| bids.iter().find(|bid| bid["_id"] == id).unwrap()["status"].as_str().unwrap();
        match awarded.status {
            200 => assert_eq!((status(&bid), &lead["status"]), ("awarded", &json!("awarded"))),
            404 | 409 => assert_eq!(&lead["status"], &json!("published")),
            _ => panic!("{}", awarded.text),
        }
        assert_eq!(withdrawn.status == 200, status(&bid) == "withdrawn", "{}", withdrawn.text);
        assert!(matches!(gone.status, 200 | 409), "{}", gone.text);
        assert_eq!(gone.status == 200, status(&other) == "withdrawn", "{}", gone.text);
        let quotes = stored("quotes", json!({ "lead": pool.lead })).await;
        assert_eq!(quotes.len(), usize::from(awarded.status == 200));
    }
}

#[tokio::test]
async fn a_lead_that_a_bid_or_quote_relies_on_is_written_with_it_and_keeps_its_version() {
    let pool = Pool::new().await;
    let expert = pool.expert().await;
    let lead = async || stored("leads", json!({ "_id": pool.lead })).await.remove(0);
    let before = lead().await;
    let bid = pool.submitted(&expert, 1).await;
    let touched = lead().await;
    // Once by the draft, once when it was submitted.
    assert_eq!((&touched["touched"], &touched["version"]), (&json!(2), &before["version"]));
    let tag = format!("\"{}\"", before["version"]);
    let lengthen = pool.manager.caller().patch(&format!("/v1/leads/{}", pool.lead), json!({ "description": "Slate" }));
    let changed = lengthen.header("if-match", tag).send().await.expect(200);
    assert_eq!(changed.json.get("touched"), None);
    let awarded = post_at(&pool.manager, pool.after(), &format!("/v1/bids/{bid}/award"), json!({})).send().await.expect(200);
    let version = lead().await["version"].clone();
    let send = format!("/v1/quotes/{}/send", awarded.json["quote"].as_str().unwrap());
    post_at(&pool.manager, pool.after(), &send, json!({})).send().await.expect(200);
    assert_eq!((&lead().await["touched"], &lead().await["version"]), (&json!(3), &version));
}
