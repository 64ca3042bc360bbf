//! `/v1/roles/seed`, and signing up with a role set.

use domain::policy::Reach;
use domain::{Policy, Role};
use serde_json::{Value, json};
use support::{Answered, App, Tenant};

fn names(roles: &Value) -> Vec<&str> {
    roles.as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_role_set_is_made_once_and_what_has_such_a_name_stays() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let seed = |set: &str| owner.post("/v1/roles/seed", json!({ "set": set })).send();
    let tech = json!({ "name": "Tech", "based_on": "expert", "permissions": { "lead:read": "own" } });
    owner.post("/v1/roles", tech).send().await.expect(201);
    let first: Answered = seed("agency").await.expect(200);
    assert_eq!((names(&first.json["made"]), names(&first.json["kept"])), (vec!["Sales", "Support"], vec!["Tech"]));
    let again = seed("agency").await.expect(200);
    assert_eq!((names(&again.json["made"]).len(), names(&again.json["kept"]).len()), (0, 3));
    assert_eq!(seed("marketplace").await.expect(200).json["made"], json!([]), "its roles are presets");
    assert_eq!(seed("navy").await.expect(422).places(), ["/set"]);
    let tech = owner.get("/v1/roles?name=Tech").await.expect(200);
    assert_eq!(tech.json["data"][0]["based_on"], "expert");
    let sales = owner.get("/v1/roles?q=sales").await.expect(200);
    assert_eq!(sales.json["data"][0]["permissions"]["lead:read"], "team");
    let few = Policy::custom(Role::Admin, [("role:create", Reach::All)], []).unwrap();
    let few = tenant.member(Role::Admin).await.with(few).caller();
    assert_eq!(few.post("/v1/roles/seed", json!({ "set": "growth" })).send().await.expect(403).code(), "role-not-allowed");
}

#[tokio::test]
async fn whoever_signs_up_takes_a_role_set_at_once() {
    let email = format!("{}@example.com", support::id("idy").to_lowercase().replace('_', "-"));
    let body = json!({
        "tenant_name": "Homes", "name": "Owner", "email": email, "password": "a passphrase of some length", "role_set": "wholesale",
    });
    let owner = App::shared().anyone().post("/v1/auth/signup", body).send().await.expect(201);
    let caller = App::shared().with_token(owner.json["access_token"].as_str().unwrap());
    let roles = caller.get("/v1/roles?sort=name").await.expect(200);
    assert_eq!(names(&roles.json["data"]), ["Acquisition rep", "Disposition manager"]);
}
