//! Personal values at rest: sealed under keys that are elsewhere, and gone with them.

mod at_rest;
mod continuous;
mod master;
mod rotation;
mod shredding;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Time;
use serde_json::{Value, json};
use standins::typeform::{Variant, delivery};
use store::proof::{SigningKeys, Subject};
use support::{Answered, Caller, JOBS_SECRET, System};

/// What stands in every personal value that is planted, and nowhere else.
const MARK: &str = "zqplanted";
const SECRET: &str = "zqplanted-signing-secret";
const DAY_MS: i64 = 86_400_000;
const PASSWORD: &str = "correct horse battery";

/// The same token with other wrapped keys, issued at a time.
fn with_keys(token: &str, keys: Option<String>, time: Time) -> String {
    let signing = SigningKeys::parse(&format!("test:{}", URL_SAFE_NO_PAD.encode([42; 32]))).unwrap();
    let session = signing.verify(token, now()).unwrap();
    signing.issue(&Subject { keys, ..session.subject().clone() }, time).unwrap()
}

/// Now.
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}

/// A tenant with planted values in all that a member, a person, a login, an event and a delivery hold.
async fn planted(system: &System, name: &str) -> (Caller, Value, String) {
    let email = format!("{MARK}.{name}@example.com");
    let signup = json!({ "tenant_name": "Roofers", "name": format!("{MARK} owner"), "email": email, "password": PASSWORD });
    let agent = |request: support::Request| request.header("user-agent", format!("{MARK} agent"));
    let signed_up = agent(system.anyone().post("/v1/auth/signup", signup)).header("idempotency-key", name).send().await;
    let token = signed_up.expect(201).json["access_token"].as_str().unwrap().to_owned();
    let owner = system.with_token(&token);
    let ip = "2001:db8:dead:beef::1";
    let person = agent(owner.post("/v1/people", person(name))).header("cf-connecting-ip", ip).header("idempotency-key", "p");
    let person = person.send().await.expect(201).json;
    let billing =
        json!({ "contact_name": MARK, "contact_email": format!("{MARK}@example.com"), "address": format!("{MARK} street") });
    owner.patch("/v1/tenant", json!({ "billing_info": billing })).send().await.expect(200);
    let member =
        json!({ "email": format!("{MARK}.{name}.member@example.com"), "name": format!("{MARK} member"), "role": "manager" });
    owner.post("/v1/members", member).header("idempotency-key", "m").send().await.expect(201);
    deliver(system, &connected(system, &owner).await).await.expect(200);
    system.run_jobs().await;
    (owner, person, token)
}

/// The path of the address of a form that is connected.
async fn connected(system: &System, owner: &Caller) -> String {
    let form = json!({ "kind": "typeform", "name": "Our site", "credentials": { "signing_secret": SECRET } });
    let form = owner.post("/v1/integrations", form).header("idempotency-key", "i").send().await.expect(201);
    form.json["hook_url"].as_str().unwrap().strip_prefix(&system.url).unwrap().to_owned()
}

/// A person whose every value is planted.
fn person(name: &str) -> Value {
    json!({
        "name": format!("{MARK} Łovelace"), "first_name": MARK, "last_name": MARK, "email": format!("{MARK}.{name}.person@Example.com"),
        "phone": "+44 20 7946 0958",
    })
}

/// Runs what is due at a time.
async fn run_jobs_at(system: &System, time: Time) {
    loop {
        let ran = system.anyone().post("/v1/jobs/run", json!({})).header("x-jobs-secret", JOBS_SECRET).at(time).send().await;
        if ran.expect(200).json["taken"] == 0 {
            return;
        }
    }
}

/// A form's response comes in.
async fn deliver(system: &System, hook: &str) -> Answered {
    let sent = delivery(Variant::Valid, SECRET);
    let request = system.anyone().request("POST", hook).header("typeform-signature", &sent.signature);
    request.body("application/json", sent.body).send().await
}
