//! The main job as a story, against a running `up`: every request it makes, and what came of it.

mod client;

pub use client::Note;

use crate::progress::say;
use anyhow::{Context, Result};
use client::{Client, Person, text};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use xtask::workspace::Workspace;

const SIGNING_SECRET: &str = "demo-typeform-signing-secret";
const WEBHOOK_KEY: &str = "demo-xero-webhook-key";
const DEADLINE_S: u64 = 5;

/// Tells the story.
pub fn run(workspace: &Workspace) -> Result<()> {
    let client = Client::new(Note::read(workspace)?);
    let owner = client.login("owner")?;
    let manager = client.login("manager")?;
    let experts = [client.login("expert")?, client.login("expert2")?];

    say("\nThe owner connects the form provider and Xero.");
    connect_xero(&client, &owner)?;
    let hook = connect_form(&owner)?;

    say("\nAda fills in a form. Its provider signs it and delivers it to the hook; a job makes a lead of it.");
    let lead = form(&client, &hook, &manager)?;
    let path = format!("/v1/leads/{}", text(&lead, "id")?);
    let customer = client.join("ada@example.com", "Ada Lovelace")?;

    say("\nThe manager asks a question, and Ada answers.");
    let messages = format!("/v1/conversations/{}/messages", text(&lead, "conversation")?);
    manager.post(&messages, &json!({ "content": "When may we look at the barn?" }))?;
    customer.post(&messages, &json!({ "content": "Any time this week." }))?;

    say(&format!("\nThe lead is published for {DEADLINE_S} seconds, and two experts bid."));
    manager.post(&format!("{path}/publish"), &json!({ "bid_deadline": rfc3339_in(DEADLINE_S) }))?;
    let bid = bids(&experts, text(&lead, "id")?)?;

    say("\nUntil the deadline nobody sees a bid but its author.");
    manager.refused("GET", &format!("/v1/bids/{bid}"), 404)?;

    say("\nAfter the deadline the manager awards, and sends the quote.");
    let award = format!("/v1/bids/{bid}/award");
    let awarded = client.until("the deadline", || manager.try_post(&award, &json!({})))?;
    let quote = format!("/v1/quotes/{}", text(&awarded, "quote")?);
    manager.get(&quote)?;
    manager.post(&format!("{quote}/send"), &json!({}))?;

    say("\nAda accepts. The lead becomes a project with an invoice for each milestone.");
    customer.post(&format!("{quote}/accept"), &json!({}))?;
    let invoices = manager.get(&format!("/v1/invoices?lead={}&sort=reference", text(&lead, "id")?))?;
    let invoice = format!("/v1/invoices/{}", text(invoices.pointer("/data/0").context("no invoice")?, "id")?);

    say("\nThe manager approves the first; a job puts it into Xero. The bank pays there, and Xero's webhook tells us.");
    manager.post(&format!("{invoice}/approve"), &json!({}))?;
    let in_xero = client.until("Xero", || Ok(manager.quietly(&invoice)?.pointer("/xero/id").cloned()))?;
    client.standin("POST", &format!("/_control/xero/invoices/{}/pay", in_xero.as_str().unwrap_or_default()), &json!({}))?;
    client.until("the payment", || {
        Ok(Some(manager.quietly(&invoice)?).filter(|invoice| invoice.get("status") == Some(&json!("paid"))))
    })?;
    manager.get(&invoice)?;

    say("\nEverybody concerned was told, and the events tell the whole story.");
    let [first, _] = &experts;
    for (who, person) in [("manager", &manager), ("expert", first), ("customer", &customer)] {
        tell(&format!("{who} was told"), &person.quietly("/v1/notifications?limit=100")?, "title");
    }
    tell("events", &manager.quietly(&format!("/v1/events?lead={}&sort=id&limit=100", text(&lead, "id")?))?, "type");
    Ok(())
}

fn connect_xero(client: &Client, owner: &Person<'_>) -> Result<()> {
    let connected = owner.quietly("/v1/integrations?kind=xero")?;
    let connected = connected.pointer("/data/0").cloned();
    let xero = match connected {
        Some(xero) => xero,
        None => {
            let settings = client.standin("GET", "/_control/settings", &Value::Null)?;
            let setting = |pointer: &str| settings.pointer(pointer).cloned().unwrap_or_default();
            let credentials = json!({
                "client_id": setting("/xero/client_id"), "client_secret": setting("/xero/client_secret"),
                "webhook_key": WEBHOOK_KEY, "tenant_id": setting("/xero/organisations/0/tenant_id"),
            });
            owner.post(
                "/v1/integrations",
                &json!({ "kind": "xero", "config": { "account_code": "200" }, "credentials": credentials }),
            )?
        }
    };
    client.standin("POST", "/_control/xero/webhook", &json!({ "url": xero.get("hook_url"), "key": WEBHOOK_KEY }))?;
    Ok(())
}

fn connect_form(owner: &Person<'_>) -> Result<String> {
    let form = json!({ "kind": "typeform", "config": { "default_currency": "EUR" }, "credentials": { "signing_secret": SIGNING_SECRET } });
    Ok(text(&owner.post("/v1/integrations", &form)?, "hook_url")?.to_owned())
}

/// Has the form delivered, and waits for the lead that comes of it.
fn form(client: &Client, hook: &str, manager: &Person<'_>) -> Result<Value> {
    let count = |manager: &Person<'_>| -> Result<u64> {
        let leads = manager.quietly("/v1/leads?source=form&count=true&limit=1")?;
        leads.get("total").and_then(Value::as_u64).context("no total")
    };
    let before = count(manager)?;
    let token = format!("demo-{}", since_1970()?.as_millis());
    client.standin("POST", "/_control/typeform/send", &json!({ "url": hook, "secret": SIGNING_SECRET, "token": token }))?;
    client.until("the lead", || Ok((count(manager)? > before).then_some(())))?;
    let leads = manager.get("/v1/leads?source=form&limit=1&sort=-created_at")?;
    leads.pointer("/data/0").cloned().context("no lead came of the form")
}

/// Both experts bid; returns the first bid.
fn bids(experts: &[Person<'_>; 2], lead: &str) -> Result<String> {
    let mut first = None;
    for (expert, minor) in experts.iter().zip([400_001, 390_000]) {
        let bid = expert.post(
            "/v1/bids",
            &json!({
                "lead": lead, "title": "A new roof", "price": { "minor": minor, "currency": "EUR" },
                "start_date": "2027-01-04T08:00:00Z", "end_date": "2027-02-26T17:00:00Z",
                "milestones": [
                    { "order": 1, "name": "Old roof off", "type": "event", "percentage": 33 },
                    { "order": 2, "name": "New roof on", "type": "event", "percentage": 67 },
                ],
            }),
        )?;
        let id = text(&bid, "id")?.to_owned();
        expert.post(&format!("/v1/bids/{id}/submit"), &json!({}))?;
        first.get_or_insert(id);
    }
    first.context("nobody bid")
}

fn tell(what: &str, list: &Value, field: &str) {
    let items = list.get("data").and_then(Value::as_array).into_iter().flatten();
    let told: Vec<&str> = items.filter_map(|item| item.get(field)?.as_str()).collect();
    say(&format!("  {what}: {}", told.join(" · ")));
}

fn since_1970() -> Result<std::time::Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")
}

/// So many seconds from now, as RFC 3339 has it.
fn rfc3339_in(seconds: u64) -> String {
    let at = SystemTime::now() + std::time::Duration::from_secs(seconds);
    humantime::format_rfc3339_millis(at).to_string()
}
