//! The life of a definition: made within limits, changed so that nothing stored breaks, archived, deleted.

use domain::Role;
use serde_json::json;
use support::{App, Tenant};

use super::define;

#[tokio::test]
async fn a_definition_is_made_changed_archived_and_deleted() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let first = define(&owner, json!({ "key": "size", "type": "number", "min": 1 })).await;
    let second = define(&owner, json!({ "key": "colour", "type": "text", "required": true, "default": "grey" })).await;
    let listed =
        tenant.caller(Role::Customer).await.get("/v1/fields?entity=lead&sort=position&fields=key,position").await.expect(200);
    let expected = json!([{ "id": first, "key": "size", "position": 1 }, { "id": second, "key": "colour", "position": 2 }]);
    assert_eq!(listed.json["data"], expected);
    let path = format!("/v1/fields/{first}");
    let changed = owner.patch(&path, json!({ "label": "Size in m²", "position": 3, "max": 9 })).send().await.expect(200);
    assert_eq!(
        (&changed.json["label"], &changed.json["max"], &changed.json["version"]),
        (&json!("Size in m²"), &json!(9), &json!(2))
    );
    owner.patch(&path, json!({ "label": "x" })).header("if-match", "\"1\"").send().await.expect(412);
    let fixed = owner.patch(&path, json!({ "key": "width" })).send().await.expect(422);
    assert_eq!((fixed.places(), fixed.json["errors"][0]["code"].as_str()), (vec!["/key".to_owned()], Some("read-only")));
    owner.patch(&path, json!({ "status": "archived" })).send().await.expect(200);
    owner.delete(&path).await.expect(204);
    owner.get(&path).await.expect(404);
    define(&owner, json!({ "key": "size", "type": "text" })).await;
    let events = App::shared().stored("events", json!({ "record.id": first })).await;
    let kinds: Vec<_> = events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["created", "updated", "updated", "deleted"].map(|kind| format!("field_definition.{kind}")));
    let schemas = App::shared().stored("field_schemas", json!({ "tenant_id": tenant.id })).await;
    assert_eq!((schemas.len(), &schemas[0]["defaults"], &schemas[0]["version"]), (1, &json!({ "colour": "grey" }), &json!(6)));
}

#[tokio::test]
async fn fields_are_put_in_order_all_at_once() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(define(&owner, json!({ "key": key, "type": "text" })).await);
    }
    let old = define(&owner, json!({ "key": "old", "type": "text", "status": "archived" })).await;
    let order =
        |fields: Vec<&String>| owner.request("PUT", "/v1/fields/order").json(&json!({ "entity": "lead", "fields": fields }));
    let put = order(vec![&ids[2], &ids[1], &ids[0]]).send().await.expect(200);
    let keys: Vec<_> = put.json["data"].as_array().unwrap().iter().map(|field| (&field["key"], &field["position"])).collect();
    assert_eq!(keys, [(&json!("c"), &json!(1)), (&json!("b"), &json!(2)), (&json!("a"), &json!(3))]);
    let listed = owner.get("/v1/fields?entity=lead&status=active&sort=position&fields=key,version").await.expect(200);
    let keys: Vec<_> = listed.json["data"].as_array().unwrap().iter().map(|field| (&field["key"], &field["version"])).collect();
    assert_eq!(
        keys,
        [(&json!("c"), &json!(2)), (&json!("b"), &json!(1)), (&json!("a"), &json!(2))],
        "what moved has a new version"
    );
    for wrong in [vec![&ids[0], &ids[1]], vec![&ids[0], &ids[1], &ids[1]], vec![&ids[0], &ids[1], &ids[2], &old]] {
        assert_eq!(order(wrong).send().await.expect(422).places(), ["/fields"]);
    }
    order(vec![&ids[2], &ids[1], &ids[0]]).send().await.expect(200);
    let versions = App::shared().stored("field_definitions", json!({ "tenant_id": tenant.id })).await;
    assert_eq!(versions.iter().map(|field| field["version"].as_i64().unwrap()).sum::<i64>(), 6, "the same order changes nothing");
}

#[tokio::test]
async fn a_key_is_given_once_and_a_type_stays_but_for_widening() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    let email = define(&owner, json!({ "key": "contact", "type": "email" })).await;
    let again = json!({ "entity": "lead", "key": "contact", "label": "x", "type": "text" });
    assert_eq!(owner.post("/v1/fields", again.clone()).send().await.expect(409).code(), "field-exists");
    let elsewhere = json!({ "entity": "person", "key": "contact", "label": "x", "type": "text" });
    owner.post("/v1/fields", elsewhere).send().await.expect(201);
    let path = format!("/v1/fields/{email}");
    let refused = owner.patch(&path, json!({ "type": "number" })).send().await.expect(409);
    assert_eq!(refused.code(), "incompatible-change");
    owner.patch(&path, json!({ "type": "text" })).send().await.expect(200);
    assert_eq!(owner.patch(&path, json!({ "type": "email" })).send().await.expect(409).code(), "incompatible-change");
}

#[tokio::test]
async fn a_pattern_is_one_that_the_database_reads_and_the_default_has() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    let text = |more: serde_json::Value| {
        let mut body = json!({ "entity": "lead", "key": "code", "label": "Code", "type": "text" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        owner.post("/v1/fields", body)
    };
    for bad in ["(", "(?<=a)b", "(a)\\1", "[z-a]"] {
        let refused = text(json!({ "pattern": bad })).send().await.expect(422);
        assert_eq!(
            (refused.places(), &refused.json["errors"][0]["code"]),
            (vec!["/pattern".to_owned()], &json!("bad-pattern")),
            "{bad}"
        );
    }
    let refused = text(json!({ "pattern": "^[A-Z]{2}$", "default": "abc" })).send().await.expect(422);
    assert_eq!((refused.places(), &refused.json["errors"][0]["code"]), (vec!["/default".to_owned()], &json!("pattern")));
    // A text that reads like an expression of the database's is a text.
    text(json!({ "pattern": "^\\$label$", "default": "$label" })).send().await.expect(201);
}

#[tokio::test]
async fn an_entity_has_at_most_a_hundred_active_fields_however_they_come() {
    let tenant = Tenant::new().await;
    let owner = tenant.caller(Role::Owner).await;
    let documents: Vec<_> = (0..95).map(|number| json!({ "insertOne": { "collection": "field_definitions", "document": {
        "_id": support::id("fld"), "tenant_id": tenant.id, "entity": "lead", "key": format!("f{number}"), "label": "x", "type": "text",
        "status": "active", "position": number, "version": 1,
    } } })).collect();
    App::shared().data("transaction", json!({ "operations": documents })).await;
    let attempts = (0..10).map(|number| {
        let body = json!({ "entity": "lead", "key": format!("g{number}"), "label": "x", "type": "text" });
        let request = owner.post("/v1/fields", body);
        async move {
            let answer = request.send().await;
            assert!(answer.status == 201 || answer.status == 409, "{}", answer.text);
            answer
        }
    });
    futures_util::future::join_all(attempts).await;
    while owner
        .post("/v1/fields", json!({ "entity": "lead", "key": support::id("k").to_lowercase(), "label": "x", "type": "text" }))
        .send()
        .await
        .status
        == 201
    {}
    let active = App::shared().stored("field_definitions", json!({ "tenant_id": tenant.id, "status": "active" })).await;
    assert_eq!(active.len(), 100);
    let refused = owner.post("/v1/fields", json!({ "entity": "lead", "key": "last", "label": "x", "type": "text" })).send().await;
    assert_eq!(refused.expect(409).code(), "too-many-fields");
    let archived = owner.patch(&format!("/v1/fields/{}", active[0]["_id"].as_str().unwrap()), json!({ "status": "archived" }));
    archived.send().await.expect(200);
    owner.post("/v1/fields", json!({ "entity": "lead", "key": "last", "label": "x", "type": "text" })).send().await.expect(201);
}

fn vec_of(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[tokio::test]
async fn definitions_read_as_a_json_schema() {
    let owner = Tenant::new().await.caller(Role::Owner).await;
    let options = json!([{ "value": "tile" }, { "value": "straw", "is_archived": true }]);
    for fields in [
        json!({ "key": "size", "type": "number", "min": 1, "max": 9, "required": true, "label": "Size", "help": "In m²" }),
        json!({ "key": "code", "type": "text", "pattern": "^[A-Z]+$", "max": 8, "default": "A", "required": true }),
        json!({ "key": "roof", "type": "multiselect", "options": options }),
        json!({ "key": "old", "type": "text", "status": "archived" }),
    ] {
        define(&owner, fields).await;
    }
    let schema = owner.get("/v1/fields/schema?entity=lead").await.expect(200).json;
    let expected = json!({
        "type": "object", "additionalProperties": false, "required": ["size"],
        "properties": {
            "size": { "type": "number", "minimum": 1, "maximum": 9, "title": "Size", "description": "In m²" },
            "code": { "type": "string", "minLength": 1, "maxLength": 8, "pattern": "^[A-Z]+$", "title": "A field", "default": "A" },
            "roof": { "type": "array", "items": { "type": "string", "enum": ["tile"] }, "uniqueItems": true, "title": "A field" },
        },
    });
    assert_eq!(schema["create"]["properties"]["custom"], expected);
    assert_eq!(schema["create"]["required"], json!(["category", "custom"]));
    let code = |shape: &str| schema[shape]["properties"]["custom"]["properties"]["code"].clone();
    assert_eq!(
        code("record"),
        json!({ "type": "string", "minLength": 1, "maxLength": 10_000, "title": "A field", "default": "A" })
    );
    assert_eq!((&code("change")["type"], &code("change")["maxLength"]), (&json!("string"), &json!(8)));
    let keys = |shape: &str| -> Vec<String> {
        schema[shape]["properties"]["custom"]["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!((keys("record"), keys("change")), (vec_of(&["size", "code", "roof", "old"]), vec_of(&["size", "code", "roof"])));
    let roof = &schema["change"]["properties"]["custom"]["properties"]["roof"];
    assert_eq!((&roof["type"], &roof["items"]["enum"]), (&json!(["array", "null"]), &json!(["tile"])));
    let all = owner.get("/v1/fields/schema").await.expect(200).json;
    assert_eq!((&all["lead"], all.get("setting")), (&schema, None));
    assert_eq!(owner.get("/v1/fields/schema?entity=ship").await.expect(400).places(), ["entity"]);
    assert_eq!(owner.get("/v1/fields/schema?limit=1").await.expect(400).places(), ["limit"]);
}
