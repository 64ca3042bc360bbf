//! Payouts: whoever has an account is told of every change.

use domain::Role;
use serde_json::json;
use support::{App, Tenant};

use super::alone;

#[tokio::test]
async fn whoever_has_an_account_is_told_of_every_change_and_not_of_the_account() {
    let _alone = alone().await;
    let (tenant, path) = (Tenant::new().await, "/v1/profile/payout");
    let expert = tenant.member(Role::Expert).await;
    let account =
        json!({ "account_holder": "Ann Zqholder", "account_number": "GB29 NWBK 6016 1331 9268 19", "proof": expert.proof() });
    expert.caller().post(path, account).send().await.expect(200);
    App::shared().run_jobs().await;
    expert.caller().request("DELETE", path).json(&json!({ "proof": expert.proof() })).send().await.expect(204);
    App::shared().run_jobs().await;
    let mails = App::shared().standins.mails_to(&expert.email).await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| !format!("{mail:?}").contains("Zqholder")), "{mails:?}");
}
