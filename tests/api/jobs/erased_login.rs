//! Erasing a membership: the login behind it goes with the last one, and stays for those of other tenants.

use domain::Time;
use serde_json::{Value, json};
use support::{Answered, App, Caller, id};

use super::{alone, run_in};

const PASSWORD: &str = "correct horse";

fn address() -> String {
    format!("{}@example.com", id("ada").to_lowercase().replace('_', "-"))
}

async fn signed_up(email: &str) -> Answered {
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": email, "password": PASSWORD });
    App::shared().anyone().post("/v1/auth/signup", signup).send().await
}

/// The owner of a new tenant.
async fn owner() -> Caller {
    App::shared().with_token(signed_up(&address()).await.expect(201).json["access_token"].as_str().unwrap())
}

/// An invitation of somebody's, and its token.
async fn invited(owner: &Caller, email: &str) -> (String, String) {
    let body = json!({ "email": email, "name": "Ada", "role": "expert" });
    let member = owner.post("/v1/members", body).send().await.expect(201);
    let tenant = owner.get("/v1/me").await.expect(200).json["tenant"]["id"].clone();
    let until = store::invite_expiry(Time::parse(member.json["invited_at"].as_str().unwrap()).unwrap());
    let token = store::invite_token(&App::shared().vault, &member.id(), tenant.as_str().unwrap(), email, until);
    (member.id(), token)
}

async fn accept(token: &str) -> Answered {
    App::shared().anyone().post("/v1/auth/accept-invite", json!({ "token": token, "password": PASSWORD })).send().await
}

async fn joined(owner: &Caller, email: &str) -> String {
    let (member, token) = invited(owner, email).await;
    accept(&token).await.expect(200);
    member
}

async fn login(email: &str) -> Answered {
    App::shared().anyone().post("/v1/auth/login", json!({ "email": email, "password": PASSWORD })).send().await
}

async fn identity_of(member: &str) -> Value {
    App::shared().stored("memberships", json!({ "_id": member })).await[0]["identity"].clone()
}

async fn asked(owner: &Caller, member: &str) -> String {
    owner.post("/v1/privacy/requests", json!({ "type": "erase", "membership": member })).send().await.expect(201).id()
}

/// The proof that a member was erased.
async fn erased(owner: &Caller, member: &str) -> Value {
    let request = asked(owner, member).await;
    while run_in("privacy").send().await.expect(200).json["taken"] != 0 {}
    let done = owner.get(&format!("/v1/privacy/requests/{request}")).await.expect(200).json;
    assert_eq!(done["status"], "done", "{done}");
    done["proof"].clone()
}

/// What the platform keeps that names an identity.
async fn kept_of(identity: &Value) -> [usize; 2] {
    let of = |field: &str| json!({ "tenant_id": "platform", (field): identity });
    let identities = App::shared().as_stored("identities", of("_id")).await;
    [identities.len(), App::shared().as_stored("credentials", of("identity")).await.len()]
}

#[tokio::test]
async fn the_login_goes_with_the_last_membership() {
    let _alone = alone().await;
    let (owner, email) = (owner().await, address());
    let member = joined(&owner, &email).await;
    let identity = identity_of(&member).await;
    let credential = json!({
        "_id": id("crd"), "tenant_id": "platform", "identity": identity, "provider": "google", "subject": id("sub"), "version": 1,
    });
    App::shared().data("insertOne", json!({ "collection": "credentials", "document": credential })).await;
    for (kind, record) in [("identity", &identity), ("credential", &credential["_id"])] {
        let event = json!({
            "_id": id("evt"), "tenant_id": "platform", "type": format!("{kind}.changed"), "version": 1, "comment": "zqtold",
            "record": { "type": kind, "id": record }, "changes": { "x": { "after": "zqtold" } }, "ip": "zqtold",
        });
        App::shared().data("insertOne", json!({ "collection": "events", "document": event })).await;
    }
    login(&email).await.expect(200);
    let proof = erased(&owner, &member).await;
    assert_eq!((&proof["erased"]["identity"], &proof["erased"]["credential"]), (&json!(1), &json!(1)), "{proof}");
    assert_eq!((&proof["kept"], kept_of(&identity).await), (&json!({}), [0, 0]));
    let told = App::shared().as_stored("events", json!({ "tenant_id": "platform" })).await;
    assert!(!Value::from(told).to_string().contains("zqtold"));
    assert_eq!(login(&email).await.expect(401).code(), "invalid-credentials");
    signed_up(&email).await.expect(201);
}

#[tokio::test]
async fn a_login_that_another_tenant_uses_stays_and_only_the_link_goes() {
    let _alone = alone().await;
    let (one, other, email) = (owner().await, owner().await, address());
    let (here, there) = (joined(&one, &email).await, joined(&other, &email).await);
    let identity = identity_of(&here).await;
    assert_eq!(identity_of(&there).await, identity);
    let proof = erased(&one, &here).await;
    assert_eq!((&proof["kept"], proof["erased"].get("identity")), (&json!({ "identity": 1 }), None), "{proof}");
    assert_eq!(
        (identity_of(&here).await, identity_of(&there).await, kept_of(&identity).await),
        (Value::Null, identity.clone(), [1, 0])
    );
    let entered = login(&email).await.expect(200).json;
    assert_eq!(entered["member"]["id"], there.as_str());
    // A membership that was removed uses it no more.
    let third = owner().await;
    let removed = joined(&third, &email).await;
    third.delete(&format!("/v1/members/{removed}")).await.expect(204);
    let proof = erased(&other, &there).await;
    assert_eq!((&proof["erased"]["identity"], kept_of(&identity).await), (&json!(1), [0, 0]), "{proof}");
    assert_eq!(login(&email).await.status, 401);
}

#[tokio::test]
async fn nobody_joins_by_a_login_that_is_erased_at_the_same_moment() {
    let _alone = alone().await;
    let (one, other) = (owner().await, owner().await);
    let mut outcomes = [0, 0];
    for _ in 0..8 {
        let email = address();
        let here = joined(&one, &email).await;
        let (there, token) = invited(&other, &email).await;
        asked(&one, &here).await;
        let (_, accepted) = tokio::join!(run_in("privacy").send(), accept(&token));
        while run_in("privacy").send().await.expect(200).json["taken"] != 0 {}
        let (joined, identity) = (accepted.status == 200, identity_of(&there).await);
        outcomes[usize::from(joined)] += 1;
        match joined {
            // Whether it was the old login or a new one: there is one, and it opens the door.
            true => assert_eq!((kept_of(&identity).await[0], login(&email).await.status), (1, 200)),
            false => assert_eq!((identity, accepted.status), (Value::Null, 409), "{}", accepted.text),
        }
    }
    assert_eq!(outcomes[0] + outcomes[1], 8);
}
