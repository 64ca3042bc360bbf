//! Values of custom fields: of every type, with defaults and requirements, by definitions that change meanwhile.

use domain::Role;
use serde_json::{Value, json};
use support::{App, Caller, Cut, Tenant, id};

use super::define;

fn lead(custom: Value) -> Value {
    json!({ "category": "Roof", "custom": custom })
}

/// The codes of what is wrong, by pointer.
fn wrong(answer: &support::Answered) -> Vec<(String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    answer.json["errors"].as_array().unwrap().iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

#[tokio::test]
async fn values_of_every_type_are_kept_changed_and_taken_away() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.caller(Role::Owner).await, tenant.caller(Role::Manager).await);
    let person = manager.post("/v1/people", json!({ "name": "Ada", "email": "ada@example.com" })).send().await.expect(201).id();
    let options = json!([{ "value": "tile" }, { "value": "slate" }]);
    let values = [
        ("text", json!("flat"), json!("steep"), json!("flat")),
        ("number", json!(12.50), json!(3), json!(12.5)),
        ("date", json!("2026-05-01T12:00:00+02:00"), json!("2026-05-02T00:00:00Z"), json!("2026-05-01T10:00:00.000Z")),
        ("select", json!("tile"), json!("slate"), json!("tile")),
        ("multiselect", json!(["tile", "slate"]), json!(["slate"]), json!(["tile", "slate"])),
        ("boolean", json!(true), json!(false), json!(true)),
        ("url", json!("https://example.com/a"), json!("http://example.com"), json!("https://example.com/a")),
        ("email", json!("Ada@Example.com"), json!("bea@example.com"), json!("ada@example.com")),
        ("phone", json!("+44 20 7946 0018"), json!("+44 20 7946 0019"), json!("+442079460018")),
        ("currency", json!({ "minor": 5, "currency": "EUR" }), json!({ "minor": 6 }), json!({ "minor": 5, "currency": "EUR" })),
        ("reference", json!(person), Value::Null, json!(person)),
    ];
    for (word, ..) in &values {
        let mut field = json!({ "key": format!("a_{word}"), "type": word });
        match *word {
            "select" | "multiselect" => field["options"] = options.clone(),
            "reference" => field["target"] = "person".into(),
            _ => {}
        }
        define(&owner, field).await;
    }
    let all = |of: fn(&(&str, Value, Value, Value)) -> Value| -> Value {
        values.iter().map(|value| (format!("a_{}", value.0), of(value))).collect()
    };
    let made = manager.post("/v1/leads", lead(all(|value| value.1.clone()))).send().await.expect(201);
    assert_eq!(made.json["custom"], all(|value| value.3.clone()));
    let path = format!("/v1/leads/{}", made.id());
    assert_eq!(manager.get(&path).await.json, made.json);
    for (word, _, other, _) in &values {
        let changed = manager.patch(&path, json!({ "custom": { format!("a_{word}"): other } })).send().await.expect(200);
        let now = &changed.json["custom"][format!("a_{word}")];
        let expected = match *word {
            "date" => json!("2026-05-02T00:00:00.000Z"),
            "phone" => json!("+442079460019"),
            "currency" => json!({ "minor": 6, "currency": "EUR" }),
            _ => other.clone(),
        };
        assert_eq!(*now, expected, "{word}");
    }
    let none = manager.patch(&path, json!({ "custom": null })).send().await.expect(200);
    assert!(none.json.get("custom").is_none(), "{}", none.text);
    let stored = &App::shared().stored("leads", json!({ "_id": made.id() })).await[0];
    assert!(stored.get("custom").is_none() && stored.get("custom_index").is_none(), "{stored}");
}

#[tokio::test]
async fn what_nobody_defined_is_refused_and_other_tenants_definitions_are_nobodys() {
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    define(&other.caller(Role::Owner).await, json!({ "key": "size", "type": "number", "required": true })).await;
    let manager = tenant.caller(Role::Manager).await;
    let refused = manager.post("/v1/leads", lead(json!({ "size": 1, "a/b": 2 }))).send().await.expect(422);
    let unknown = |at: &str| (at.to_owned(), "unknown-field".to_owned());
    assert_eq!(wrong(&refused), [unknown("/custom/size"), unknown("/custom/a~1b")]);
    let made = manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let path = format!("/v1/leads/{}", made.id());
    assert_eq!(
        wrong(&manager.patch(&path, json!({ "custom": { "size": 1 } })).send().await.expect(422)),
        [unknown("/custom/size")]
    );
    // The definitions of another entity are no better.
    define(&tenant.caller(Role::Owner).await, json!({ "entity": "person", "key": "size", "type": "number" })).await;
    manager.post("/v1/leads", lead(json!({ "size": 1 }))).send().await.expect(422);
    let refused = manager.post("/v1/leads", json!({ "budget_min": 1, "custom": { "size": 1 } })).send().await.expect(422);
    assert_eq!(refused.places(), ["/budget_min", "/category", "/custom/size"]);
}

#[tokio::test]
async fn a_record_made_without_values_gets_the_defaults_in_one_trip() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.caller(Role::Owner).await, tenant.caller(Role::Manager).await);
    define(&owner, json!({ "key": "roof", "type": "text", "required": true, "default": "$flat" })).await;
    define(&owner, json!({ "key": "price", "type": "currency", "default": { "minor": 5, "currency": "EUR" } })).await;
    let request_id = id("req");
    let made = manager.post("/v1/leads", json!({ "category": "Roof" })).header("x-request-id", &request_id);
    let made = made.header("idempotency-key", "once").send().await.expect(201);
    let defaults = json!({ "roof": "$flat", "price": { "minor": 5, "currency": "EUR" } });
    assert_eq!((&made.json["custom"], App::shared().wire.calls(&request_id)), (&defaults, 1));
    let again =
        manager.post("/v1/leads", json!({ "category": "Roof" })).header("idempotency-key", "once").send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.json), (Some("true"), &made.json));
    assert_eq!(manager.get(&format!("/v1/leads/{}", made.id())).await.json, made.json);
    assert_eq!(manager.get("/v1/leads?custom.roof=%24flat&count=true").await.expect(200).json["total"], 1);
    let event = &App::shared().stored("events", json!({ "record.id": made.id() })).await[0];
    assert_eq!(event["changes"]["custom"]["roof"], json!({ "before": null, "after": "$flat" }));
    let given = manager.post("/v1/leads", lead(json!({ "roof": "steep" }))).send().await.expect(201);
    assert_eq!(given.json["custom"], json!({ "roof": "steep", "price": { "minor": 5, "currency": "EUR" } }));
    define(&owner, json!({ "entity": "person", "key": "tier", "type": "number", "default": 3 })).await;
    let ada = json!({ "name": "Ada", "email": "ada@example.com" });
    let person = manager.post("/v1/people", ada.clone()).header("idempotency-key", "ada").send().await.expect(201);
    let again = manager.post("/v1/people", ada).header("idempotency-key", "ada").send().await.expect(201);
    assert_eq!((&person.json["custom"], &again.json), (&json!({ "tier": 3 }), &person.json));
}

#[tokio::test]
async fn what_becomes_required_is_asked_of_what_is_written_from_then_on() {
    let tenant = Tenant::new().await;
    let (owner, manager) = (tenant.caller(Role::Owner).await, tenant.caller(Role::Manager).await);
    define(&owner, json!({ "key": "note", "type": "text" })).await;
    let old = manager.post("/v1/leads", lead(json!({ "note": "a" }))).send().await.expect(201);
    let path = format!("/v1/leads/{}", old.id());
    let size = define(&owner, json!({ "key": "size", "type": "number", "required": true })).await;
    let missing = [("/custom/size".to_owned(), "required".to_owned())];
    assert_eq!(wrong(&manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(422)), missing);
    assert_eq!(wrong(&manager.post("/v1/leads", lead(json!({ "note": "b" }))).send().await.expect(422)), missing);
    manager.patch(&path, json!({ "description": "x" })).send().await.expect(200);
    manager.patch(&path, json!({ "custom": old.json["custom"] })).send().await.expect(200);
    assert_eq!(wrong(&manager.patch(&path, json!({ "custom": { "note": "b" } })).send().await.expect(422)), missing);
    manager.patch(&path, json!({ "custom": { "size": 20 } })).send().await.expect(200);
    owner.patch(&format!("/v1/fields/{size}"), json!({ "max": 10 })).send().await.expect(200);
    let kept = manager.patch(&path, json!({ "custom": { "note": "c", "size": 20 } })).send().await.expect(200);
    assert_eq!(kept.json["custom"], json!({ "note": "c", "size": 20 }));
    owner.patch(&format!("/v1/fields/{size}"), json!({ "status": "archived" })).send().await.expect(200);
    manager.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let shown = manager.get(&path).await.expect(200);
    assert_eq!(shown.json["custom"]["size"], 20);
    let archived = manager.patch(&path, json!({ "custom": { "size": 5 } })).send().await.expect(422);
    assert_eq!(wrong(&archived), [("/custom/size".to_owned(), "read-only".to_owned())]);
    assert_eq!(owner.delete(&format!("/v1/fields/{size}")).await.expect(409).code(), "field-in-use");
    manager.patch(&path, json!({ "custom": { "size": null } })).send().await.expect(200);
    owner.delete(&format!("/v1/fields/{size}")).await.expect(204);
}

#[tokio::test]
async fn options_that_records_have_are_archived_and_not_removed() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let options = |second: Value| json!({ "options": [{ "value": "tile" }, second] });
    let field =
        define(&owner, json!({ "key": "roof", "type": "select", "options": [{ "value": "tile" }, { "value": "straw" }] })).await;
    let made = owner.post("/v1/leads", lead(json!({ "roof": "straw" }))).send().await.expect(201);
    let (path, field) = (format!("/v1/leads/{}", made.id()), format!("/v1/fields/{field}"));
    assert_eq!(owner.patch(&field, options(json!({ "value": "reed" }))).send().await.expect(409).code(), "option-in-use");
    owner.patch(&field, options(json!({ "value": "straw", "is_archived": true }))).send().await.expect(200);
    owner.patch(&path, json!({ "custom": { "roof": "straw" } })).send().await.expect(200);
    owner.post("/v1/leads", lead(json!({ "roof": "straw" }))).send().await.expect(422);
    owner.patch(&path, json!({ "custom": { "roof": "tile" } })).send().await.expect(200);
    owner.patch(&field, options(json!({ "value": "reed" }))).send().await.expect(200);
}

#[tokio::test]
async fn patterns_references_and_cards_are_checked() {
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    let owner = tenant.caller(Role::Owner).await;
    define(&owner, json!({ "key": "code", "type": "text", "pattern": "^[A-Z]{2}\\d+$" })).await;
    define(&owner, json!({ "key": "note", "type": "text" })).await;
    define(&owner, json!({ "key": "buyer", "type": "reference", "target": "person" })).await;
    let foreign = other.caller(Role::Owner).await.post("/v1/people", json!({ "name": "Eve", "email": "eve@example.com" }));
    let foreign = foreign.send().await.expect(201).id();
    for (custom, at, code) in [
        (json!({ "code": "AB" }), "/custom/code", "pattern"),
        (json!({ "code": "$pattern" }), "/custom/code", "pattern"),
        (json!({ "buyer": foreign }), "/custom/buyer", "not-found"),
        (json!({ "buyer": id("per") }), "/custom/buyer", "not-found"),
        (json!({ "note": "card 4111-1111-1111-1111" }), "/custom/note", "card-number"),
    ] {
        let refused = owner.post("/v1/leads", lead(custom.clone())).send().await.expect(422);
        assert_eq!(wrong(&refused), [(at.to_owned(), code.to_owned())], "{custom}");
    }
    let made = owner.post("/v1/leads", lead(json!({ "code": "AB12" }))).send().await.expect(201);
    let path = format!("/v1/leads/{}", made.id());
    let refused = owner.patch(&path, json!({ "custom": { "code": "12" } })).send().await.expect(422);
    assert_eq!(refused.places(), ["/custom/code"]);
}

/// What a request does while a definition is changed between its reading and its commit.
async fn meanwhile(owner: &Caller, request: support::Request, field: &str, change: Value) -> (support::Answered, u32) {
    let request_id = id("req");
    let held = App::shared().wire.hold(&request_id, 2);
    let request = tokio::spawn(request.header("x-request-id", &request_id).send());
    held.arrived().await;
    owner.patch(&format!("/v1/fields/{field}"), change).send().await.expect(200);
    held.let_go();
    (request.await.unwrap(), App::shared().wire.calls(&request_id))
}

#[tokio::test]
async fn a_value_is_written_by_the_definition_that_holds_when_it_is_written() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    let size = define(&owner, json!({ "key": "size", "type": "number" })).await;
    let create = || owner.post("/v1/leads", lead(json!({ "size": 7 })));
    let (made, calls) = meanwhile(&owner, create(), &size, json!({ "max": 8 })).await;
    assert_eq!((made.status, calls), (201, 4), "{}", made.text);
    let (refused, _) = meanwhile(&owner, create(), &size, json!({ "max": 6 })).await;
    assert_eq!(wrong(&refused.expect(422)), [("/custom/size".to_owned(), "above-maximum".to_owned())]);
    let change = owner.patch(&format!("/v1/leads/{}", made.id()), json!({ "custom": { "size": 5 } }));
    let (refused, _) = meanwhile(&owner, change, &size, json!({ "status": "archived" })).await;
    assert_eq!(wrong(&refused.expect(422)), [("/custom/size".to_owned(), "read-only".to_owned())]);
}

#[tokio::test]
async fn values_cost_one_trip_more_where_a_record_is_made_and_none_elsewhere() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    define(&owner, json!({ "key": "size", "type": "number", "required": true })).await;
    let counted = async |request: support::Request| {
        let request_id = id("req");
        let answer = request.header("x-request-id", &request_id).send().await;
        assert!(answer.status < 300, "{}", answer.text);
        (App::shared().wire.calls(&request_id), answer)
    };
    let (trips, made) = counted(owner.post("/v1/leads", lead(json!({ "size": 1 })))).await;
    let path = format!("/v1/leads/{}", made.id());
    let mut all = vec![trips];
    for request in [
        owner.patch(&path, json!({ "custom": { "size": 2 } })),
        owner.patch(&path, json!({ "description": "x" })),
        owner.request("GET", &path),
        owner.request("GET", "/v1/leads?sort=-created_at"),
        owner.request("GET", "/v1/leads?custom.size[gte]=2&sort=custom.size"),
    ] {
        all.push(counted(request).await.0);
    }
    assert_eq!(all, [2, 2, 2, 1, 1, 2]);
}

#[tokio::test]
async fn events_tell_each_value_and_nothing_of_people() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    define(&owner, json!({ "key": "size", "type": "number" })).await;
    define(&owner, json!({ "key": "tax_number", "type": "text", "personal": true })).await;
    let made = owner.post("/v1/leads", lead(json!({ "size": 1, "tax_number": "DE-secret" }))).send().await.expect(201);
    owner.patch(&format!("/v1/leads/{}", made.id()), json!({ "custom": { "size": 2 } })).send().await.expect(200);
    owner.patch(&format!("/v1/leads/{}", made.id()), json!({ "custom": { "tax_number": null } })).send().await.expect(200);
    let events = owner.get(&format!("/v1/events?record.id={}&sort=created_at", made.id())).await.expect(200);
    let told: Vec<Value> =
        events.json["data"].as_array().unwrap().iter().map(|event| event["changes"]["custom"].clone()).collect();
    let personal = |before: Value, after: Value| json!({ "before": before, "after": after });
    let expected = [
        json!({ "size": { "before": null, "after": 1 }, "tax_number": personal(Value::Null, json!("[personal]")) }),
        json!({ "size": { "before": 1, "after": 2 } }),
        json!({ "tax_number": personal(json!("[personal]"), Value::Null) }),
    ];
    assert_eq!(told, expected);
    assert!(!events.text.contains("DE-secret"));
}

#[tokio::test]
async fn personal_values_are_shown_and_kept_encrypted() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    define(&owner, json!({ "key": "size", "type": "number" })).await;
    define(&owner, json!({ "key": "tax_number", "type": "text", "personal": true, "pattern": "^DE" })).await;
    let create =
        || owner.post("/v1/leads", lead(json!({ "size": 1, "tax_number": "DE-planted" }))).header("idempotency-key", "once");
    let made = create().send().await.expect(201);
    assert_eq!(made.json["custom"], json!({ "size": 1, "tax_number": "DE-planted" }));
    assert_eq!(create().send().await.expect(201).json, made.json);
    let path = format!("/v1/leads/{}", made.id());
    let changed = owner.patch(&path, json!({ "custom": { "size": 2, "tax_number": "DE-planted" } })).send().await.expect(200);
    let expected = json!({ "size": 2, "tax_number": "DE-planted" });
    assert_eq!(changed.json["custom"], expected);
    assert_eq!(owner.get(&path).await.json["custom"], expected);
    let shaped = owner.get("/v1/leads?fields=custom&custom.tax_number[exists]=true").await.expect(200);
    assert_eq!(shaped.json["data"][0]["custom"], expected);
    assert_eq!(owner.patch(&path, json!({ "custom": expected })).send().await.expect(200).header("etag"), Some("\"2\""));
    for collection in ["leads", "events", "idempotency", "jobs"] {
        let kept = App::shared().as_stored(collection, json!({ "tenant_id": tenant.id })).await;
        assert!(!kept.is_empty() && !json!(kept).to_string().contains("DE-planted"), "{collection}");
    }
    assert!(owner.get("/v1/leads?custom.tax_number=DE-planted").await.status == 400);
}

#[tokio::test]
async fn a_request_with_values_that_is_cut_off_and_repeated_is_done_once() {
    for cut in [Cut::Before(1), Cut::After(1), Cut::Before(2), Cut::After(2)] {
        let tenant = Tenant::new().await;
        let owner = tenant.caller(Role::Owner).await;
        define(&owner, json!({ "key": "size", "type": "number", "required": true })).await;
        let create = || owner.post("/v1/leads", lead(json!({ "size": 1 }))).header("idempotency-key", "once");
        let request_id = id("req");
        App::shared().wire.cut(&request_id, cut);
        create().header("x-request-id", &request_id).send().await.expect(503);
        let made = create().send().await.expect(201);
        let stored = App::shared().stored("leads", json!({ "tenant_id": tenant.id })).await;
        assert_eq!((stored.len(), &stored[0]["_id"]), (1, &json!(made.id())), "{cut:?}");
        assert_eq!(made.json["custom"], json!({ "size": 1 }));
    }
}
