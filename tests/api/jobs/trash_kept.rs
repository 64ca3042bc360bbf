//! How long the trash is kept: 30 days, or what the tenant chose within what its plan allows.

use domain::Role;
use serde_json::json;
use support::{App, Member, OPERATOR_SECRET, Tenant};

use super::{alone, lead, now, run_at};

async fn deleted(owner: &Member) -> String {
    let lead = lead(owner, json!({})).await.id();
    owner.caller().delete(&format!("/v1/leads/{lead}")).await.expect(204);
    lead
}

/// Whether a lead is still there after so many hours.
async fn is_kept(lead: &str, hours: i64) -> bool {
    run_at(now().plus_ms(hours * 3_600_000)).await;
    !App::shared().as_stored("leads", json!({ "_id": lead })).await.is_empty()
}

#[tokio::test]
async fn the_trash_is_kept_for_as_long_as_the_tenant_chose() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    for (days, chosen) in [(30, None), (60, Some(60)), (2, Some(2)), (30, Some(30))] {
        if let Some(days) = chosen {
            owner.caller().patch("/v1/settings", json!({ "retention.trash_days": days })).send().await.expect(200);
        }
        let lead = deleted(&owner).await;
        assert!(is_kept(&lead, 25).await && is_kept(&lead, days * 24 - 1).await, "{days}");
        owner.caller().post(&format!("/v1/leads/{lead}/restore"), json!({})).send().await.expect(200);
        assert!(is_kept(&lead, days * 24 + 1).await, "what was restored stays");
        owner.caller().delete(&format!("/v1/leads/{lead}")).await.expect(204);
        assert!(is_kept(&lead, 25).await && !is_kept(&lead, days * 24 + 1).await, "{days}");
    }
}

#[tokio::test]
async fn no_plan_keeps_the_trash_for_longer_than_it_allows() {
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let path = format!("/v1/operator/tenants/{}", tenant.id);
    for (plan, allowed, refused) in [("basic", 30, 31), ("professional", 90, 91), ("enterprise", 365, 366)] {
        App::shared().with_token(OPERATOR_SECRET).patch(&path, json!({ "plan": plan })).send().await.expect(200);
        let set = async |days: i64| owner.caller().patch("/v1/settings", json!({ "retention.trash_days": days })).send().await;
        set(allowed).await.expect(200);
        let answered = set(refused).await;
        match plan {
            "enterprise" => assert_eq!(answered.expect(422).places(), ["/retention.trash_days"]),
            _ => assert_eq!(
                (answered.status, answered.code(), &answered.json["limit"]),
                (403, "plan-limit", &json!("retention.trash_days"))
            ),
        }
        let settings = owner.caller().get("/v1/settings").await.expect(200).json["data"].as_array().unwrap().clone();
        let kept = settings.iter().find(|setting| setting["key"] == "retention.trash_days").unwrap();
        assert_eq!((&kept["value"], &kept["default"]), (&json!(allowed), &json!(30)));
    }
}
