//! Xero: quotes and invoices go there once and keep in step; a payment there is a payment here.

use domain::Role;
use serde_json::{Value, json};
use standins::{Fault, Service};
use support::{App, Member, Tenant, id};

use super::{alone, job, jobs, now, queue, run_at, run_in, told};

const WEBHOOK_KEY: &str = "xero-webhook-key";

/// A tenant that is connected, with a lead that became a project.
struct Deal {
    tenant: Tenant,
    owner: Member,
    customer: Member,
    expert: Member,
    lead: String,
    integration: Value,
}

impl Deal {
    async fn new(account_code: &str) -> Self {
        App::shared().run_jobs().await;
        let tenant = Tenant::new().await;
        let owner = tenant.member(Role::Owner).await;
        let (customer, expert) = (tenant.member(Role::Customer).await, tenant.member(Role::Expert).await);
        let credentials = json!({
            "client_id": "standin-client", "client_secret": "standin-secret", "webhook_key": WEBHOOK_KEY,
            "tenant_id": "45e4708e-d862-4111-ab3a-dd8cd03913e1",
        });
        let integration = json!({ "kind": "xero", "config": { "account_code": account_code }, "credentials": credentials });
        let integration = owner.caller().post("/v1/integrations", integration).send().await.expect(201).json;
        let lead = owner.caller().post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201).id();
        let deal = Self { tenant, owner, customer, expert, lead, integration };
        deal.set("leads", &deal.lead, json!({ "status": "active", "is_active_project": true })).await;
        deal
    }

    /// A record as earlier steps would have left it. References are the tenant's own; in the stand-in they are everybody's.
    async fn record(&self, collection: &str, prefix: &str, more: Value) -> Value {
        let now = json!({ "$date": now().to_string() });
        let id = id(prefix);
        let mut record = json!({
            "_id": id, "tenant_id": self.tenant.id, "reference": format!("{}-{}", prefix.to_uppercase(), id.chars().skip(id.len() - 8).collect::<String>()),
            "title": "New roof", "lead": self.lead, "customer": self.customer.id, "expert": self.expert.id,
            "amount": { "minor": 100_001, "currency": "EUR" }, "service_fee": { "minor": 10_000, "currency": "EUR" },
            "total": { "minor": 110_001, "currency": "EUR" }, "created_at": now, "updated_at": now, "version": 1,
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        App::shared().data("insertOne", json!({ "collection": collection, "document": record })).await;
        record
    }

    async fn quote(&self) -> Value {
        self.record("quotes", "quo", json!({ "status": "draft", "bid": id("bid") })).await
    }

    async fn invoice(&self) -> Value {
        let project = self.record("projects", "prj", json!({ "status": "active", "name": "Barn" })).await;
        let at = json!({ "$date": now().to_string() });
        let approved = json!({ "status": "approved", "is_approved": true, "approved_at": at, "is_paid": false });
        let mut more = json!({ "project": project["_id"], "milestone": id("mil"), "quote": id("quo") });
        more.as_object_mut().unwrap().extend(approved.as_object().unwrap().clone());
        self.record("invoices", "inv", more).await
    }

    async fn set(&self, collection: &str, id: &str, fields: Value) {
        let update = json!({ "collection": collection, "filter": { "_id": id }, "update": { "$set": fields } });
        App::shared().data("updateOne", update).await;
    }

    async fn sync(&self, kind: &str, field: &str, record: &Value) -> String {
        let job = queue(&self.tenant, kind, json!({ field: record["_id"] })).await;
        run_in("xero").send().await.expect(200);
        job
    }

    async fn register_webhook(&self) {
        App::shared().standins.register_webhook(self.integration["hook_url"].as_str().unwrap(), WEBHOOK_KEY).await;
    }

    async fn last_error(&self) -> Value {
        let path = format!("/v1/integrations/{}", self.integration["id"].as_str().unwrap());
        self.owner.caller().get(&path).await.expect(200).json["last_error"].clone()
    }
}

async fn stored(collection: &str, record: &Value) -> Value {
    App::shared().stored(collection, json!({ "_id": record["_id"] })).await.remove(0)
}

fn of<'a>(documents: &'a [Value], number: &str, record: &Value) -> Vec<&'a Value> {
    documents.iter().filter(|document| document[number] == record["reference"]).collect()
}

#[tokio::test]
async fn a_quote_is_a_draft_there_until_it_is_sent_and_accepted_here() {
    let _alone = alone().await;
    let (standins, deal) = (&App::shared().standins, Deal::new("200").await);
    let quote = deal.quote().await;
    for (status, there) in [("draft", "DRAFT"), ("sent", "SENT"), ("accepted", "ACCEPTED")] {
        deal.set("quotes", quote["_id"].as_str().unwrap(), json!({ "status": status })).await;
        let job_id = deal.sync("xero.quote", "quote", &quote).await;
        let quotes = standins.xero_quotes().await;
        let found = of(&quotes, "QuoteNumber", &quote);
        assert_eq!((found.len(), &found[0]["Status"]), (1, &json!(there)), "{}", job(&job_id).await);
        let ours = stored("quotes", &quote).await;
        assert_eq!((&ours["xero"]["id"], &ours["xero"]["status"]), (&found[0]["QuoteID"], &json!(there)));
    }
    let quotes = standins.xero_quotes().await;
    let there = of(&quotes, "QuoteNumber", &quote)[0];
    assert_eq!(there["Total"].to_string(), "1100.01");
    let contacts = standins.xero_contacts().await;
    let contact = contacts.iter().filter(|contact| contact["ContactNumber"] == deal.customer.id).collect::<Vec<_>>();
    assert_eq!((contact.len(), &contact[0]["EmailAddress"]), (1, &json!(deal.customer.email)));
    let events = App::shared().stored("events", json!({ "record.id": quote["_id"] })).await;
    assert!(events.iter().all(|event| event["type"] == "quote.synced") && events.len() == 3, "{events:?}");
    // The customer never sees what is hidden of their membership.
    let member = deal.owner.caller().get(&format!("/v1/members/{}", deal.customer.id)).await.expect(200);
    assert!(!member.text.contains("xero_contact"));
}

#[tokio::test]
async fn an_invoice_that_is_paid_there_is_paid_here_once() {
    let _alone = alone().await;
    let (standins, deal) = (&App::shared().standins, Deal::new("200").await);
    let invoice = deal.invoice().await;
    deal.sync("xero.invoice", "invoice", &invoice).await;
    let number = invoice["reference"].as_str().unwrap();
    let invoices = standins.xero_invoices().await;
    assert_eq!(of(&invoices, "InvoiceNumber", &invoice)[0]["Status"], "AUTHORISED");
    deal.register_webhook().await;
    for round in [standins.pay_invoice(number).await.unwrap(), standins.resend(true).await.unwrap()] {
        assert!(round.ok, "{:?}", round.rounds);
    }
    assert_eq!(stored("invoices", &invoice).await["status"], "approved", "the webhook only takes note");
    App::shared().run_jobs().await;
    let paid = stored("invoices", &invoice).await;
    assert_eq!((&paid["status"], &paid["is_paid"], &paid["xero"]["status"]), (&json!("paid"), &json!(true), &json!("PAID")));
    assert!(paid["paid_at"].as_str().unwrap().ends_with("T00:00:00.000Z"), "the day that Xero names: {}", paid["paid_at"]);
    assert_eq!(App::shared().stored("leads", json!({ "_id": deal.lead })).await[0]["status"], "completed");
    let events = App::shared().stored("events", json!({ "record.id": invoice["_id"], "type": "invoice.paid" })).await;
    assert_eq!(events.len(), 1);
    for member in [&deal.customer, &deal.expert, &deal.owner] {
        let told = told(member).await;
        assert_eq!(told.iter().filter(|key| *key == "invoice.paid").count(), 1, "{told:?}");
        assert!(told.contains(&"project.completed".to_owned()), "{told:?}");
    }
}

#[tokio::test]
async fn an_invoice_that_is_voided_there_is_void_here() {
    let _alone = alone().await;
    let (standins, deal) = (&App::shared().standins, Deal::new("200").await);
    let invoice = deal.invoice().await;
    deal.sync("xero.invoice", "invoice", &invoice).await;
    let there = stored("invoices", &invoice).await["xero"]["id"].as_str().unwrap().to_owned();
    void(&there).await;
    deal.register_webhook().await;
    let notice = standins::Notice { invoices: vec![there], ..standins::Notice::default() };
    assert!(standins.notify(&notice).await.unwrap().ok);
    App::shared().run_jobs().await;
    assert_eq!(stored("invoices", &invoice).await["status"], "void");
    assert!(told(&deal.customer).await.contains(&"invoice.voided".to_owned()));
    let project = stored("projects", &json!({ "_id": invoice["project"] })).await;
    assert_eq!((&project["status"], &project["invoices_void"]), (&json!("active"), &json!(1)), "nothing was paid");
}

#[tokio::test]
async fn voiding_the_last_open_invoice_completes_a_project_that_was_paid_for() {
    let _alone = alone().await;
    let deal = Deal::new("200").await;
    let invoice = deal.invoice().await;
    let paid = json!({ "project": invoice["project"], "milestone": id("mil"), "status": "paid", "is_paid": true });
    deal.record("invoices", "inv", paid).await;
    deal.sync("xero.invoice", "invoice", &invoice).await;
    let there = stored("invoices", &invoice).await["xero"]["id"].as_str().unwrap().to_owned();
    void(&there).await;
    let organisation = "45e4708e-d862-4111-ab3a-dd8cd03913e1";
    queue(&deal.tenant, "xero.fetch", json!({ "resource": there, "organisation": organisation })).await;
    App::shared().run_jobs().await;
    assert_eq!(stored("invoices", &invoice).await["status"], "void");
    let project = stored("projects", &json!({ "_id": invoice["project"] })).await;
    assert_eq!((&project["status"], &project["invoices_paid"]), (&json!("completed"), &json!(1)));
    assert_eq!(stored("leads", &json!({ "_id": deal.lead })).await["status"], "completed");
    assert!(told(&deal.expert).await.contains(&"project.completed".to_owned()));
}

/// As a bookkeeper would.
async fn void(invoice: &str) {
    let (standins, client) = (&App::shared().standins, reqwest::Client::new());
    let form = "grant_type=client_credentials&scope=accounting.invoices";
    let token = client
        .post(format!("{}/connect/token", standins.xero_identity_url()))
        .basic_auth("standin-client", Some("standin-secret"));
    let token =
        token.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap().text().await.unwrap();
    let token: Value = serde_json::from_str(&token).unwrap();
    let request = client.post(format!("{}/api.xro/2.0/Invoices/{invoice}", standins.xero_api_url()));
    let request = request.bearer_auth(token["access_token"].as_str().unwrap()).header("accept", "application/json");
    let request =
        request.header("xero-tenant-id", "45e4708e-d862-4111-ab3a-dd8cd03913e1").header("content-type", "application/json");
    let answer = request.body(json!({ "Invoices": [{ "Status": "VOIDED" }] }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn what_xero_refuses_is_laid_aside_and_the_staff_is_told_why() {
    let _alone = alone().await;
    let deal = Deal::new("999").await;
    let invoice = deal.invoice().await;
    let refused = job(&deal.sync("xero.invoice", "invoice", &invoice).await).await;
    assert_eq!(
        (&refused["status"], &refused["attempts"], &refused["last_error"]),
        (&json!("dead"), &json!(1), &json!("xero-refused"))
    );
    assert!(deal.last_error().await.as_str().unwrap().contains("Account code '999'"), "{}", deal.last_error().await);
    // What another service says may tell of people: it is kept as their values are.
    for collection in ["integrations", "events", "jobs"] {
        let kept = App::shared().as_stored(collection, json!({ "tenant_id": deal.tenant.id })).await;
        assert!(!kept.is_empty() && !json!(kept).to_string().contains("Account code"), "{collection}");
    }
    App::shared().run_jobs().await;
    assert!(told(&deal.owner).await.contains(&"integration.failed".to_owned()));
    // Mended, it works, and the error is gone.
    let path = format!("/v1/integrations/{}", deal.integration["id"].as_str().unwrap());
    deal.owner.caller().patch(&path, json!({ "config": { "account_code": "200" } })).send().await.expect(200);
    deal.sync("xero.invoice", "invoice", &invoice).await;
    assert_eq!(stored("invoices", &invoice).await["xero"]["status"], "AUTHORISED");
    assert_eq!(deal.last_error().await, Value::Null);
}

#[tokio::test]
async fn a_token_is_kept_and_replaced_once_when_it_is_revoked() {
    let _alone = alone().await;
    let (standins, deal) = (&App::shared().standins, Deal::new("200").await);
    let tokens = async || standins.calls(Service::Identity).await.len();
    let before = tokens().await;
    let quotes = [deal.quote().await, deal.quote().await, deal.quote().await];
    deal.sync("xero.quote", "quote", &quotes[0]).await;
    deal.sync("xero.quote", "quote", &quotes[1]).await;
    assert_eq!(tokens().await - before, 1);
    standins.revoke_tokens().await;
    let done = deal.sync("xero.quote", "quote", &quotes[2]).await;
    assert_eq!((tokens().await - before, &job(&done).await["attempts"]), (2, &json!(1)));
    assert_eq!(stored("quotes", &quotes[2]).await["xero"]["status"], "DRAFT");
    let kept = App::shared().stored("integrations", json!({ "tenant_id": deal.tenant.id })).await;
    assert!(
        kept[0]["token"].is_string() && deal.owner.caller().get("/v1/integrations").await.json["data"][0].get("token").is_none()
    );
}

#[tokio::test]
async fn a_limit_is_waited_for_and_a_lost_answer_makes_no_second_invoice() {
    let _alone = alone().await;
    let (standins, deal) = (&App::shared().standins, Deal::new("200").await);
    // The contact is made first, so that the fault meets the invoice.
    deal.sync("xero.quote", "quote", &deal.quote().await).await;
    let invoice = deal.invoice().await;
    standins.fail_next(Service::Xero, 1, Fault::TooMany { retry_after_s: 30 }).await;
    let started = now();
    let job_id = deal.sync("xero.invoice", "invoice", &invoice).await;
    let waiting = job(&job_id).await;
    let due = domain::Time::parse(waiting["run_at"].as_str().unwrap()).unwrap();
    assert_eq!(waiting["status"], "queued");
    assert!(due >= started.plus_ms(30_000) && due <= now().plus_ms(30_000), "{due}");
    standins.fail_next(Service::Xero, 1, Fault::DropAfter).await;
    for attempt in [2, 3] {
        run_at(due.plus_ms(attempt * 60_000)).await;
    }
    assert_eq!(job(&job_id).await["status"], "done");
    let invoices = standins.xero_invoices().await;
    assert_eq!(of(&invoices, "InvoiceNumber", &invoice).len(), 1);
    assert_eq!(stored("invoices", &invoice).await["xero"]["status"], "AUTHORISED");
}

#[tokio::test]
async fn namesakes_are_two_contacts() {
    let _alone = alone().await;
    let deals = [Deal::new("200").await, Deal::new("200").await];
    for deal in &deals {
        deal.set("memberships", &deal.customer.id, json!({ "name": "Ada Lovelace" })).await;
        deal.sync("xero.quote", "quote", &deal.quote().await).await;
    }
    let contacts = App::shared().standins.xero_contacts().await;
    let names = deals.each_ref().map(|deal| {
        contacts.iter().find(|contact| contact["ContactNumber"] == deal.customer.id).unwrap()["Name"].as_str().unwrap()
    });
    assert_eq!(names, ["Ada Lovelace", &format!("Ada Lovelace ({})", deals[1].customer.email)]);
}

#[tokio::test]
async fn a_number_that_somebody_else_gave_in_xero_is_not_taken_for_ours() {
    let _alone = alone().await;
    let deals = [Deal::new("200").await, Deal::new("200").await];
    let first = deals[0].quote().await;
    deals[0].sync("xero.quote", "quote", &first).await;
    let second = deals[1].quote().await;
    let total = json!({ "reference": first["reference"], "amount": { "minor": 7, "currency": "EUR" } });
    deals[1].set("quotes", second["_id"].as_str().unwrap(), total).await;
    let refused = job(&deals[1].sync("xero.quote", "quote", &second).await).await;
    assert_eq!((&refused["status"], &refused["last_error"]), (&json!("dead"), &json!("xero-number-taken")));
    assert_eq!(stored("quotes", &second).await.get("xero"), None);
}

#[tokio::test]
async fn without_a_connection_there_is_nothing_to_do() {
    let _alone = alone().await;
    let deal = Deal::new("200").await;
    let path = format!("/v1/integrations/{}", deal.integration["id"].as_str().unwrap());
    deal.owner.caller().patch(&path, json!({ "is_enabled": false })).send().await.expect(200);
    let calls = App::shared().standins.xero_calls().await.len();
    let quote = deal.quote().await;
    let done = deal.sync("xero.quote", "quote", &quote).await;
    assert_eq!((job(&done).await["status"].clone(), stored("quotes", &quote).await.get("xero")), (json!("done"), None));
    assert_eq!(App::shared().standins.xero_calls().await.len(), calls);
}

#[tokio::test]
async fn word_of_a_strange_invoice_changes_nothing() {
    let _alone = alone().await;
    let deal = Deal::new("200").await;
    let strange =
        json!({ "resource": "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777", "organisation": "45e4708e-d862-4111-ab3a-dd8cd03913e1" });
    let other = json!({ "resource": "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777", "organisation": "other" });
    for payload in [strange, other] {
        let done = queue(&deal.tenant, "xero.fetch", payload).await;
        run_in("xero").send().await.expect(200);
        assert_eq!(job(&done).await["status"], "done");
    }
    assert_eq!(deal.last_error().await, Value::Null);
    assert!(jobs(&deal.tenant, "notify").await.iter().all(|job| job["payload"]["facts"]["key"] != "integration.failed"));
}

#[tokio::test]
async fn a_job_that_succeeds_stands_in_nobodys_way() {
    let _alone = alone().await;
    let deal = Deal::new("200").await;
    let path = format!("/v1/integrations/{}", deal.integration["id"].as_str().unwrap());
    let owner = deal.owner.caller();
    let read = owner.get(&path).await.expect(200);
    let quote = deal.quote().await;
    deal.sync("xero.quote", "quote", &quote).await;
    assert!(owner.get(&path).await.expect(200).json["last_sync_at"].is_string());
    let rename = owner.patch(&path, json!({ "name": "Books" })).header("if-match", read.header("etag").unwrap());
    rename.send().await.expect(200);
}
