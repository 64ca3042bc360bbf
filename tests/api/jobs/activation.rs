//! Members are told when they are let in and out.

use domain::Role;
use support::{App, Tenant};

use super::alone;

#[tokio::test]
async fn members_are_told_when_they_are_deactivated_and_activated() {
    let _alone = alone().await;
    let tenant = Tenant::new().await;
    let (manager, expert) = (tenant.caller(Role::Manager).await, tenant.member(Role::Expert).await);
    for verb in ["deactivate", "activate"] {
        manager.request("POST", &format!("/v1/members/{}/{verb}", expert.id)).send().await.expect(200);
        App::shared().run_jobs().await;
    }
    let mails = App::shared().standins.mails_to(&expert.email).await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["Your membership was deactivated", "You can begin"]);
    let expert = expert.at_version(2).caller();
    let told = expert.get("/v1/notifications?key=membership.activated").await.expect(200);
    assert_eq!(told.json["data"].as_array().unwrap().len(), 1, "{}", told.text);
}
