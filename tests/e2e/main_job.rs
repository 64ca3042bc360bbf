//! The main job: a signed form becomes a paid milestone invoice, and everyone concerned hears of it.

use std::time::Duration;

use domain::Time;
use serde_json::{Value, json};
use standins::typeform::{Answers, filled};
use support::{Caller, System};
use xtask::runtime::Kind;

const PASSWORD: &str = "correct horse battery staple";
const SIGNING_SECRET: &str = "typeform-signing-secret";
const WEBHOOK_KEY: &str = "xero-webhook-key";

#[tokio::test(flavor = "multi_thread")]
async fn main_job_workerd() {
    main_job(&System::deployed(Kind::Workerd).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn main_job_wasi() {
    main_job(&System::deployed(Kind::Wasi).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn main_job_native() {
    main_job(&System::native().await).await;
}

struct Team {
    manager: Caller,
    experts: [Caller; 2],
    customer: Caller,
}

async fn main_job(system: &System) {
    let (owner, manager, experts) = staff(system).await;
    let form_hook = connect(system, &owner).await;
    let lead = form(system, &form_hook, &manager).await;
    let customer = accept_invite(system, "ada@example.com", "Ada Lovelace").await;
    let team = Team { manager, experts, customer };
    chat(&team, &lead).await;
    let bids = bid(&team, &lead).await;
    let quote = award(system, &team, &lead, &bids).await;
    let invoice = accept(system, &team, &lead, &quote).await;
    pay(system, &team, &invoice).await;
    everyone_heard(&team).await;
    events_tell_the_story(&team, &lead).await;
}

/// An owner signs up and invites a manager and two experts, who accept.
async fn staff(system: &System) -> (Caller, Caller, [Caller; 2]) {
    let signup =
        json!({ "tenant_name": "Roofs Ltd", "name": "Olivia Owner", "email": "owner@roofs.example", "password": PASSWORD });
    let signup = system.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let owner = system.with_token(signup.json["access_token"].as_str().unwrap());
    for (name, role) in [("manager", "manager"), ("expert-1", "expert"), ("expert-2", "expert")] {
        let invited = json!({ "email": format!("{name}@roofs.example"), "name": name, "role": role });
        owner.post("/v1/members", invited).send().await.expect(201);
    }
    system.run_jobs().await;
    let manager = accept_invite(system, "manager@roofs.example", "Mary Manager").await;
    let first = accept_invite(system, "expert-1@roofs.example", "Eve Expert").await;
    let second = accept_invite(system, "expert-2@roofs.example", "Emil Expert").await;
    (owner, manager, [first, second])
}

/// Follows the link in the invitation mail and signs in anew with the password chosen.
async fn accept_invite(system: &System, email: &str, name: &str) -> Caller {
    let mails = system.standins.mails_to(email).await;
    let link = mails
        .iter()
        .flat_map(|mail| &mail.links)
        .find(|link| link.contains("token="))
        .unwrap_or_else(|| panic!("{email} has no invitation"));
    let token = link.split("token=").nth(1).unwrap();
    let accepted = json!({ "token": token, "name": name, "password": PASSWORD });
    system.anyone().post("/v1/auth/accept-invite", accepted).send().await.expect(200);
    let login = json!({ "email": email, "password": PASSWORD });
    let login = system.anyone().post("/v1/auth/login", login).send().await.expect(200);
    system.with_token(login.json["access_token"].as_str().unwrap())
}

/// Connects the form provider and Xero; returns where forms are delivered to.
async fn connect(system: &System, owner: &Caller) -> String {
    let config = system.standins.config();
    let credentials = json!({
        "client_id": config.client_id, "client_secret": config.client_secret, "webhook_key": WEBHOOK_KEY,
        "tenant_id": config.organisations[0].tenant_id,
    });
    let xero = json!({ "kind": "xero", "config": { "account_code": "200" }, "credentials": credentials });
    let xero = owner.post("/v1/integrations", xero).send().await.expect(201);
    assert!(!xero.text.contains(&config.client_secret) && !xero.text.contains(WEBHOOK_KEY), "secrets are never shown");
    system.standins.register_webhook(xero.json["hook_url"].as_str().unwrap(), WEBHOOK_KEY).await;
    let report = system.standins.intent_to_receive().await.unwrap();
    assert!(report.ok, "{report:?}");
    let form = json!({ "kind": "typeform", "config": { "default_currency": "EUR" }, "credentials": { "signing_secret": SIGNING_SECRET } });
    let form = owner.post("/v1/integrations", form).send().await.expect(201);
    form.json["hook_url"].as_str().unwrap().to_owned()
}

/// A signed form arrives, twice as providers do; one lead with its conversation comes of it.
async fn form(system: &System, hook: &str, manager: &Caller) -> String {
    let answers = Answers {
        token: "form-1",
        name: "Ada Lovelace",
        email: "ada@example.com",
        category: "Roofing",
        description: "A new roof for a barn",
        budget_min: 1_500,
        budget_max: "4,500.00",
    };
    let delivery = filled(&answers, SIGNING_SECRET);
    let path = hook.strip_prefix(&system.url).unwrap();
    let deliver = |signature: &str| {
        let request = system.anyone().request("POST", path).body(delivery.content_type, delivery.body.clone());
        request.header("typeform-signature", signature)
    };
    deliver("sha256=AAAA").send().await.expect(401);
    deliver(&delivery.signature).send().await.expect(200);
    deliver(&delivery.signature).send().await.expect(200);
    system.run_jobs().await;
    let leads = manager.get("/v1/leads?count=true&expand=person").await.expect(200);
    assert_eq!(leads.json["total"], 1, "{}", leads.text);
    let lead = &leads.json["data"][0];
    assert_eq!(lead["reference"], "SU-000001");
    assert_eq!(lead["source"], "form");
    assert_eq!(lead["category"], "Roofing");
    assert_eq!(lead["budget_max"], json!({ "minor": 450_000, "currency": "EUR" }));
    assert_eq!(lead["person"]["email"], "ada@example.com");
    lead["id"].as_str().unwrap().to_owned()
}

/// Manager and customer talk about the lead.
async fn chat(team: &Team, lead: &str) {
    let lead = team.manager.get(&format!("/v1/leads/{lead}")).await.expect(200);
    let messages = format!("/v1/conversations/{}/messages", lead.json["conversation"].as_str().unwrap());
    let sent = team.manager.post(&messages, json!({ "content": "When may we look at the barn?" })).send().await.expect(201);
    assert_eq!(sent.json["seq"], 1);
    team.customer.post(&messages, json!({ "content": "Any time" })).send().await.expect(201);
    let seen = team.customer.get(&messages).await.expect(200);
    let contents: Vec<&str> =
        seen.json["data"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(contents, ["When may we look at the barn?", "Any time"]);
    team.experts[0].get(&messages).await.expect(404);
}

/// The lead is published and both experts bid; nobody but the author sees a bid.
async fn bid(team: &Team, lead: &str) -> [String; 2] {
    let path = format!("/v1/leads/{lead}");
    team.experts[0].get(&path).await.expect(404);
    let deadline = Time::from_ms(now_ms() + 5_000);
    team.manager.post(&format!("{path}/publish"), json!({ "bid_deadline": deadline })).send().await.expect(200);
    team.experts[0].get(&path).await.expect(200);
    let mut bids = Vec::new();
    for (expert, minor) in team.experts.iter().zip([400_001, 390_000]) {
        let draft = json!({
            "lead": lead, "title": "New roof", "price": { "minor": minor, "currency": "EUR" },
            "start_date": "2027-01-01T00:00:00Z", "end_date": "2027-02-01T00:00:00Z",
            "milestones": [{ "order": 1, "name": "Tear off", "type": "event", "percentage": 33 }],
        });
        let draft = expert.post("/v1/bids", draft).send().await.expect(201);
        let path = format!("/v1/bids/{}", draft.id());
        let refused = expert.post(&format!("{path}/submit"), json!({})).send().await.expect(422);
        assert_eq!(refused.places(), ["/milestones"]);
        let milestones = json!([{ "order": 1, "name": "Tear off", "type": "event", "percentage": 33 }, { "order": 2, "name": "Cover", "type": "time", "percentage": 67 }]);
        expert.patch(&path, json!({ "milestones": milestones })).send().await.expect(200);
        expert.post(&format!("{path}/submit"), json!({})).send().await.expect(200);
        bids.push(draft.id());
    }
    for (reader, other) in [(&team.manager, &bids[0]), (&team.experts[1], &bids[0]), (&team.experts[0], &bids[1])] {
        reader.get(&format!("/v1/bids/{other}")).await.expect(404);
        let list = reader.get("/v1/bids?count=true").await.expect(200);
        assert!(!list.text.contains(other.as_str()), "{}", list.text);
    }
    assert_eq!(team.manager.get(&format!("/v1/bids?lead={lead}&count=true")).await.json["total"], 0);
    assert!(!team.manager.get("/v1/events?limit=100").await.text.contains(&bids[0]), "events of a sealed bid are sealed");
    bids.try_into().unwrap()
}

/// After the deadline, and not before, the manager awards: once.
async fn award(system: &System, team: &Team, lead: &str, bids: &[String; 2]) -> String {
    let path = format!("/v1/bids/{}/award", bids[0]);
    let early = team.manager.post(&path, json!({})).send().await;
    // A sealed bid is not there for the manager: 404, or 409 where the deadline is told.
    assert!(matches!(early.status, 404 | 409), "{}", early.text);
    let awarded = until(async || team.manager.post(&path, json!({})).send().await, |answer| answer.status == 200).await;
    assert_eq!(awarded.json["status"], "awarded");
    assert_eq!(team.manager.get(&format!("/v1/bids?lead={lead}&count=true")).await.json["total"], 2);
    team.manager.post(&format!("/v1/bids/{}/award", bids[1]), json!({})).send().await.expect(409);
    let quotes = team.manager.get("/v1/quotes").await.expect(200);
    let quote = &quotes.json["data"][0];
    assert_eq!((quote["reference"].as_str(), quote["status"].as_str()), (Some("QU-000001"), Some("draft")));
    assert_eq!(quote["amount"]["minor"], 400_001);
    assert_eq!(quote["service_fee"]["minor"], 40_000);
    assert_eq!(quote["total"]["minor"], 440_001);
    system.run_jobs().await;
    let in_xero = system.standins.xero_quotes().await;
    assert_eq!(in_xero.len(), 1, "{in_xero:?}");
    assert_eq!(in_xero[0]["Status"], "DRAFT");
    quote["id"].as_str().unwrap().to_owned()
}

/// The quote is sent and the customer accepts: a project with its milestones and one draft invoice for each.
async fn accept(system: &System, team: &Team, lead: &str, quote: &str) -> String {
    let path = format!("/v1/quotes/{quote}");
    team.customer.get(&path).await.expect(404);
    team.manager.post(&format!("{path}/send"), json!({})).send().await.expect(200);
    team.customer.get(&path).await.expect(200);
    team.customer.post(&format!("{path}/accept"), json!({})).send().await.expect(200);
    let lead = team.customer.get(&format!("/v1/leads/{lead}?expand=project")).await.expect(200);
    assert_eq!((lead.json["status"].as_str(), lead.json["is_active_project"].as_bool()), (Some("active"), Some(true)));
    assert_eq!(lead.json["project"]["status"], "active");
    let statuses = |bids: &Value| bids["data"].as_array().unwrap().iter().map(|bid| bid["status"].clone()).collect::<Vec<_>>();
    assert_eq!(statuses(&team.experts[1].get("/v1/bids").await.json), ["declined"]);
    assert_eq!(team.manager.get("/v1/milestones?count=true").await.json["total"], 2);
    let invoices = team.manager.get("/v1/invoices?sort=reference").await.expect(200);
    let invoices = invoices.json["data"].as_array().unwrap();
    let totals: Vec<i64> = invoices.iter().map(|invoice| invoice["total"]["minor"].as_i64().unwrap()).collect();
    assert_eq!(totals.len(), 2);
    assert_eq!(totals.iter().sum::<i64>(), 440_001, "totals add up to the cent");
    assert!(invoices.iter().all(|invoice| invoice["status"] == "draft"));
    assert_eq!(team.customer.get("/v1/invoices?count=true").await.json["total"], 0, "drafts are for the staff");
    let invoice = invoices[0]["id"].as_str().unwrap().to_owned();
    team.customer.post(&format!("/v1/invoices/{invoice}/approve"), json!({})).send().await.expect(403);
    team.manager.post(&format!("/v1/invoices/{invoice}/approve"), json!({})).send().await.expect(200);
    system.run_jobs().await;
    invoice
}

/// The bank pays in Xero; its signed webhook and a job mark our invoice paid.
async fn pay(system: &System, team: &Team, invoice: &str) {
    let path = format!("/v1/invoices/{invoice}");
    let approved = team.customer.get(&path).await.expect(200);
    assert_eq!(approved.json["status"], "approved");
    let manual = team.manager.post(&format!("{path}/pay"), json!({})).send().await.expect(409);
    assert_eq!(manual.code(), "xero-connected");
    let in_xero = approved.json["xero"]["id"].as_str().unwrap_or_else(|| panic!("not in Xero: {}", approved.text));
    let report = system.standins.pay_invoice(in_xero).await.unwrap();
    assert!(report.ok, "{report:?}");
    system.standins.resend(false).await.unwrap();
    system.run_jobs().await;
    let paid = team.customer.get(&path).await.expect(200);
    assert_eq!((paid.json["status"].as_str(), paid.json["is_paid"].as_bool()), (Some("paid"), Some(true)), "{}", paid.text);
    assert!(paid.json["paid_at"].is_string());
}

/// Each of those concerned was told, once of each thing.
async fn everyone_heard(team: &Team) {
    let expected: [(&Caller, &[&str]); 4] = [
        (&team.manager, &["lead.created", "bid.submitted", "quote.accepted", "invoice.paid"]),
        (&team.customer, &["quote.sent", "invoice.approved", "invoice.paid"]),
        (&team.experts[0], &["lead.published", "bid.awarded", "quote.accepted", "invoice.paid"]),
        (&team.experts[1], &["lead.published", "bid.declined"]),
    ];
    for (who, keys) in expected {
        let list = who.get("/v1/notifications?limit=100").await.expect(200);
        let data = list.json["data"].as_array().unwrap();
        for key in keys {
            let times = data.iter().filter(|notification| notification["key"] == *key).count();
            // Two experts submitted.
            let expected = if *key == "bid.submitted" { 2 } else { 1 };
            assert_eq!(times, expected, "{key}: {}", list.text);
        }
        assert_eq!(list.json["unread"].as_u64(), Some(data.len() as u64));
    }
}

/// The events of the lead tell the whole story, in order.
async fn events_tell_the_story(team: &Team, lead: &str) {
    let events = team.manager.get(&format!("/v1/events?lead={lead}&sort=id&limit=100")).await.expect(200);
    let kinds: Vec<&str> = events.json["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    let story = [
        "lead.created",
        "lead.published",
        "bid.created",
        "bid.submitted",
        "bid.created",
        "bid.submitted",
        "bid.awarded",
        "quote.created",
        "quote.sent",
        "quote.accepted",
        "lead.activated",
        "invoice.approved",
        "invoice.paid",
    ];
    let mut rest = kinds.iter();
    for expected in story {
        assert!(rest.any(|kind| *kind == expected), "{expected} is missing in its place: {kinds:?}");
    }
}

async fn until(mut ask: impl AsyncFnMut() -> support::Answered, done: impl Fn(&support::Answered) -> bool) -> support::Answered {
    for _ in 0..200 {
        let answer = ask().await;
        if done(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never happened");
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
