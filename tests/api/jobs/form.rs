//! Forms: a response becomes a person, a lead and an invited customer, once; or nothing at all.

use domain::Role;
use domain::plan::Limit;
use serde_json::{Value, json};
use standins::typeform::{Answers, Delivery, filled, sign};
use support::{App, Member, Tenant, id};

use super::{alone, jobs, now, run_at, told};

const SECRET: &str = "typeform-secret";

struct Form {
    tenant: Tenant,
    owner: Member,
    path: String,
}

impl Form {
    async fn new() -> Self {
        let tenant = Tenant::new().await;
        let owner = tenant.member(Role::Owner).await;
        let integration = json!({ "kind": "typeform", "credentials": { "signing_secret": SECRET } });
        let made = owner.caller().post("/v1/integrations", integration).send().await.expect(201);
        let path = made.json["hook_url"].as_str().unwrap().strip_prefix(&App::shared().url).unwrap().to_owned();
        Self { tenant, owner, path }
    }

    async fn send(&self, delivery: &Delivery) {
        let request = App::shared().anyone().request("POST", &self.path).header("typeform-signature", &delivery.signature);
        request.body(delivery.content_type, delivery.body.clone()).send().await.expect(200);
    }

    async fn all(&self, collection: &str) -> Vec<Value> {
        App::shared().stored(collection, json!({ "tenant_id": self.tenant.id })).await
    }

    async fn customer(&self) -> Value {
        let customers = json!({ "tenant_id": self.tenant.id, "role": "customer" });
        App::shared().stored("memberships", customers).await.remove(0)
    }
}

fn answers<'a>(token: &'a str, email: &'a str, category: &'a str) -> Answers<'a> {
    let description = "A new roof for a barn.";
    Answers { token, name: "Ada Lovelace", email, category, description, budget_min: 1_500, budget_max: "4,500.00" }
}

fn address() -> String {
    format!("{}@example.com", id("ada").to_lowercase().replace('_', "-"))
}

#[tokio::test]
async fn a_response_becomes_a_lead_with_its_customer() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    let sent = filled(&answers(&id("tok"), &email, "Roofing"), SECRET);
    form.send(&sent).await;
    form.send(&sent).await;
    app.run_jobs().await;
    let (people, leads, customer) = (form.all("people").await, form.all("leads").await, form.customer().await);
    assert_eq!((people.len(), leads.len(), form.all("conversations").await.len()), (1, 1, 1));
    let (person, lead) = (&people[0], &leads[0]);
    assert_eq!(
        (&person["name"], &person["email"], &person["membership"]),
        (&json!("Ada Lovelace"), &json!(email), &customer["_id"])
    );
    assert_eq!(
        (&lead["reference"], &lead["source"], &lead["category"]),
        (&json!("SU-000001"), &json!("form"), &json!("Roofing"))
    );
    assert_eq!(lead["budget_max"], json!({ "minor": 450_000, "currency": "EUR" }));
    assert_eq!((&lead["person"], &lead["customer"]), (&person["_id"], &customer["_id"]));
    assert_eq!((&customer["status"], &customer["person"]), (&json!("invited"), &person["_id"]));
    assert_eq!(form.all("conversations").await[0]["participants"], json!([customer["_id"]]));
    assert_eq!(form.all("receipts").await[0]["status"], "worked");
    assert_eq!(told(&form.owner).await, ["lead.created"]);
    let mails = app.standins.mails_to(&email).await;
    assert_eq!(mails.len(), 1);
    let token = mails[0].links[0].strip_prefix("https://app.example/accept-invite?token=").unwrap();
    let accept = json!({ "token": token, "password": "correct horse battery" });
    let session = app.anyone().post("/v1/auth/accept-invite", accept).send().await.expect(200);
    let caller = app.with_token(session.json["access_token"].as_str().unwrap());
    assert_eq!(caller.get("/v1/leads").await.expect(200).json["data"][0]["id"], lead["_id"]);
}

#[tokio::test]
async fn card_data_is_taken_out_of_a_response_and_the_lead_comes_in() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    let token = id("tok");
    let mut answers = answers(&token, &email, "Roofing");
    answers.description = "Charge 4111 1111 1111 1111, please. Start soon.";
    let mut body: Value = serde_json::from_str(&filled(&answers, SECRET).body).unwrap();
    let response = &mut body["form_response"];
    response["hidden"]["card_cvv"] = "987".into();
    let question = json!({ "id": "code", "ref": "b7f1", "type": "short_text", "title": "The CVV on the back" });
    let answer =
        json!({ "field": { "id": "code", "ref": "b7f1", "type": "short_text" }, "type": "text", "text": "the code is 765" });
    response["definition"]["fields"].as_array_mut().unwrap().push(question);
    response["answers"].as_array_mut().unwrap().push(answer);
    let body = body.to_string();
    form.send(&Delivery { signature: sign(SECRET, &body), body, content_type: "application/json" }).await;
    let kept = form.all("receipts").await[0]["body"].as_str().unwrap().to_owned();
    assert!(kept.contains("Start soon."), "{kept}");
    for secret in ["4111", "987", "765"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    app.run_jobs().await;
    let lead = form.all("leads").await.remove(0);
    let description = lead["description"].as_str().unwrap();
    assert!(description.starts_with("Charge [card number removed], please. Start soon."), "{description}");
    assert!(!lead.to_string().contains("765"), "{lead}");
    assert_eq!((form.all("people").await.len(), &form.all("receipts").await[0]["status"]), (1, &json!("worked")));
}

#[tokio::test]
async fn whoever_is_known_is_not_made_again() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    for token in [id("tok"), id("tok")] {
        form.send(&filled(&answers(&token, &email.to_uppercase(), "Roofing"), SECRET)).await;
    }
    app.run_jobs().await;
    assert_eq!((form.all("people").await.len(), form.all("leads").await.len()), (1, 2));
    assert_eq!(app.standins.mails_to(&email).await.len(), 1);
    // A form is anybody's word: it makes no customer of the owner.
    form.send(&filled(&answers(&id("tok"), &form.owner.email, "Roofing"), SECRET)).await;
    app.run_jobs().await;
    let leads = form.all("leads").await;
    assert_eq!((leads.len(), leads[2].get("customer")), (3, None));
    assert_eq!(form.all("memberships").await.len(), 2);
}

#[tokio::test]
async fn a_response_that_breaks_a_rule_leaves_nothing_but_a_word_to_the_staff() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    let category = "Roof ".repeat(30);
    form.send(&filled(&answers(&id("tok"), &email, &category), SECRET)).await;
    app.run_jobs().await;
    for collection in ["people", "leads", "conversations"] {
        assert!(form.all(collection).await.is_empty(), "{collection}");
    }
    assert_eq!(form.all("memberships").await.len(), 1);
    let receipt = &form.all("receipts").await[0];
    assert_eq!((&receipt["status"], &receipt["refusal"]), (&json!("refused"), &json!("lead/category too-long")));
    assert_eq!(told(&form.owner).await, ["receipt.refused"]);
    let left = format!("{:?}{:?}", jobs(&form.tenant, "form").await, form.all("events").await);
    assert!(!left.contains(&email) && !left.contains("Lovelace") && !left.contains(&category));
    assert_eq!(jobs(&form.tenant, "form").await[0]["status"], "done");
}

/// Sets how many the tenant may have of something.
async fn limit(tenant: &Tenant, limit: Limit, max: i64) {
    let filter = json!({ "tenant_id": tenant.id, "key": limit.key() });
    let update = json!({ "collection": "counters", "filter": filter, "update": { "$set": { "max": max } } });
    App::shared().data("updateOne", update).await;
}

#[tokio::test]
async fn a_response_beyond_the_plans_leads_waits_for_room_and_is_not_lost() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    limit(&form.tenant, Limit::Leads, 0).await;
    form.send(&filled(&answers(&id("tok"), &email, "Roofing"), SECRET)).await;
    app.run_jobs().await;
    let receipt = &form.all("receipts").await[0];
    assert_eq!((&receipt["status"], &receipt["expires_at"]), (&json!("received"), &Value::Null), "it stays until there is room");
    assert_eq!(form.all("leads").await, Vec::<Value>::new());
    let job = &jobs(&form.tenant, "form").await[0];
    assert_eq!((&job["status"], &job["attempts"]), (&json!("queued"), &json!(0)), "waiting is no attempt");
    limit(&form.tenant, Limit::Leads, 1).await;
    run_at(now().plus_ms(3_700_000)).await;
    assert_eq!(form.all("leads").await.len(), 1);
    let receipt = form.all("receipts").await.remove(0);
    assert_eq!(receipt["status"], "worked");
    assert!(receipt["expires_at"].as_str() > Some(now().plus_days(29).to_string().as_str()), "its time goes on: {receipt}");
}

#[tokio::test]
async fn where_the_plan_has_no_place_for_a_customer_the_lead_is_made_all_the_same() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    limit(&form.tenant, Limit::Users, 0).await;
    form.send(&filled(&answers(&id("tok"), &email, "Roofing"), SECRET)).await;
    app.run_jobs().await;
    let (leads, people) = (form.all("leads").await, form.all("people").await);
    assert_eq!((leads.len(), people.len()), (1, 1));
    assert_eq!((&leads[0]["customer"], &leads[0]["person"]), (&Value::Null, &people[0]["_id"]));
    assert_eq!(app.stored("memberships", json!({ "tenant_id": form.tenant.id, "role": "customer" })).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_lead_of_a_form_gets_the_defaults_of_custom_fields() {
    let _alone = alone().await;
    let (app, form) = (App::shared(), Form::new().await);
    for field in [
        json!({ "key": "size", "type": "number", "required": true }),
        json!({ "key": "roof", "type": "text", "default": "flat" }),
    ] {
        let mut body = json!({ "entity": "lead", "label": "A field" });
        body.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        form.owner.caller().post("/v1/fields", body).send().await.expect(201);
    }
    form.send(&filled(&answers(&id("tok"), &address(), "Roofing"), SECRET)).await;
    app.run_jobs().await;
    assert_eq!(form.all("leads").await[0]["custom"], json!({ "roof": "flat" }));
}

/// A delivery with more answers: their questions' titles, kinds and values.
fn with_answers(answers: &Answers<'_>, without: &[&str], more: &[(&str, &str, &str)]) -> Delivery {
    let mut body: Value = serde_json::from_str(&filled(answers, SECRET).body).unwrap();
    let response = &mut body["form_response"];
    let left = |field: &Value| !without.iter().any(|gone| field["ref"] == *gone || field["field"]["ref"] == *gone);
    response["answers"].as_array_mut().unwrap().retain(left);
    for (title, kind, value) in more {
        let of = json!({ "id": title, "ref": title, "type": "short_text" });
        let mut question = of.clone();
        question["title"] = (*title).into();
        response["definition"]["fields"].as_array_mut().unwrap().push(question);
        response["answers"].as_array_mut().unwrap().push(json!({ "field": of, "type": kind, (*kind): value }));
    }
    let body = body.to_string();
    Delivery { signature: sign(SECRET, &body), body, content_type: "application/json" }
}

#[tokio::test]
async fn what_has_no_place_is_sealed_shown_to_staff_and_goes_with_whom_it_is_about() {
    let _alone = alone().await;
    let (app, form, email, token) = (App::shared(), Form::new().await, address(), id("tok"));
    let more = [("Where do you live?", "text", "zqstreet 7, Zqtown"), ("Another address", "email", "zqsecond@example.com")];
    form.send(&with_answers(&answers(&token, &email, "Roofing"), &[], &more)).await;
    app.run_jobs().await;
    let stored = app.as_stored("leads", json!({ "tenant_id": form.tenant.id })).await;
    let events = app.as_stored("events", json!({ "tenant_id": form.tenant.id })).await;
    let kept = format!("{stored:?}{events:?}");
    assert!(!["zqstreet", "Zqtown", "zqsecond"].iter().any(|word| kept.contains(word)), "{kept}");
    let lead = form.all("leads").await.remove(0);
    let path = format!("/v1/leads/{}", lead["_id"].as_str().unwrap());
    let shown = form.owner.caller().get(&path).await.expect(200).json;
    let expected = json!({ "Where do you live?": "zqstreet 7, Zqtown", "Another address": "zqsecond@example.com", "hidden:utm_source": "newsletter" });
    assert_eq!((&shown["answers"], &shown["description"]), (&expected, &json!("A new roof for a barn.")));
    let open = json!({ "$set": { "status": "published", "bid_pool": true } });
    app.data("updateOne", json!({ "collection": "leads", "filter": { "_id": lead["_id"] }, "update": open })).await;
    let expert = form.tenant.caller(Role::Expert).await;
    let seen = expert.get(&path).await.expect(200).json;
    assert_eq!((&seen["description"], seen.get("answers")), (&shown["description"], None));
    assert_eq!(expert.get("/v1/leads?answers[exists]=true").await.expect(400).code(), "bad-parameter");
    let erase = json!({ "type": "erase", "person": lead["person"] });
    form.owner.caller().post("/v1/privacy/requests", erase).send().await.expect(201);
    app.run_jobs().await;
    let left = form.owner.caller().get(&path).await.expect(200).json;
    assert_eq!((left.get("answers"), &left["description"]), (None, &shown["description"]));
    assert!(form.all("receipts").await[0].get("body").is_none());
}

#[tokio::test]
async fn who_gives_a_number_alone_is_known_by_it_if_nobody_shares_it() {
    let _alone = alone().await;
    let (app, form) = (App::shared(), Form::new().await);
    let person = |name: &str| json!({ "name": name, "phone": "+44 20 7946 0958" });
    let ada = form.owner.caller().post("/v1/people", person("Ada")).send().await.expect(201).id();
    let send = async || {
        let (token, email) = (id("tok"), address());
        let delivery =
            with_answers(&answers(&token, &email, "Roofing"), &["email"], &[("phone", "phone_number", "+442079460958")]);
        form.send(&delivery).await;
        app.run_jobs().await;
        form.all("leads").await.pop().unwrap()
    };
    let first = send().await;
    assert_eq!((&first["person"], first.get("customer")), (&json!(ada), None), "{first}");
    // Several people share a number: that is no conflict, and then it names nobody.
    form.owner.caller().post("/v1/people", person("Bea")).send().await.expect(201);
    let second = send().await;
    assert_ne!(second["person"], json!(ada));
    assert_eq!(form.all("people").await.len(), 3);
}

#[tokio::test]
async fn what_a_person_sent_goes_to_the_trash_with_them_and_comes_back() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    form.send(&filled(&answers(&id("tok"), &email, "Roofing"), SECRET)).await;
    app.run_jobs().await;
    let (person, lead) = (form.all("people").await.remove(0), form.all("leads").await.remove(0));
    let caller = form.owner.caller();
    let path = format!("/v1/people/{}", person["_id"].as_str().unwrap());
    assert_eq!(caller.delete(&path).await.expect(409).json["used_by"], "lead.person");
    caller.delete(&format!("/v1/leads/{}", lead["_id"].as_str().unwrap())).await.expect(204);
    caller.delete(&path).await.expect(204);
    let sent = form.all("receipts").await.remove(0);
    assert!(sent["deleted_at"].is_string() && sent["body"].is_string(), "{sent}");
    caller.post(&format!("{path}/restore"), json!({})).send().await.expect(200);
    assert!(form.all("receipts").await[0].get("deleted_at").is_none());
    caller.delete(&path).await.expect(204);
    run_at(now().plus_days(31)).await;
    assert_eq!((form.all("people").await, form.all("receipts").await), (Vec::<Value>::new(), Vec::<Value>::new()));
}

#[tokio::test]
async fn whoever_let_an_invitation_pass_is_invited_by_the_next_form() {
    let _alone = alone().await;
    let (app, form, email) = (App::shared(), Form::new().await, address());
    let send = async || {
        let token = id("tok");
        form.send(&filled(&answers(&token, &email, "Roofing"), SECRET)).await;
        app.run_jobs().await;
    };
    send().await;
    let first = form.customer().await;
    run_at(now().plus_days(7).plus_ms(60_000)).await;
    let person = form.all("people").await.remove(0);
    assert!(person.get("membership").is_none(), "nobody waits for them: {person}");
    assert_eq!(support::orphans(&form.tenant.id).await, Vec::<String>::new());
    for is_stale in [false, true] {
        if is_stale {
            // As it was left before anybody cleared it.
            let stale = json!({ "$set": { "membership": first["_id"] } });
            app.data("updateOne", json!({ "collection": "people", "filter": { "_id": person["_id"] }, "update": stale })).await;
        }
        send().await;
        let customers = json!({ "tenant_id": form.tenant.id, "role": "customer", "deleted_at": null });
        let customer = app.stored("memberships", customers).await.remove(0);
        assert_ne!(customer["_id"], first["_id"]);
        assert_eq!(form.all("people").await[0]["membership"], customer["_id"], "stale: {is_stale}");
    }
    assert_eq!((form.all("people").await.len(), form.all("leads").await.len()), (1, 3));
}
