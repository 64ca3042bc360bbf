//! What leaves and comes, by the tables of all entities.

use domain::json::of;
use serde_json::json;

use super::*;

const TENANT: &str = "ten_1";
const MARK_OF_TEST: &str = "zqplanted";

fn rings() -> Rings {
    let vault = Vault::parse(&"A".repeat(43)).unwrap();
    let rings = Rings::new(vault.clone());
    rings.learn(TENANT, &TenantKeys::new([1; 32], [2; 32]).wrap(&vault, TENANT, [3; 12]));
    rings
}

fn sealed(mut body: Value) -> Value {
    rings().seal(body.as_object_mut().unwrap(), &mut Nonces::new([4; 12])).unwrap();
    body
}

fn opened(mut value: Value) -> Value {
    rings().open(&mut value, TENANT, true).unwrap();
    value
}

/// Every field of an entity that is kept encrypted, with a value of no particular kind.
fn planted(entity: &Entity) -> Body {
    entity.encrypted_fields().map(|field| (field.name.to_owned(), MARK_OF_TEST.into())).collect()
}

#[test]
fn every_encrypted_field_of_every_entity_leaves_sealed_and_comes_back() {
    let encrypted: Vec<_> = entities::ALL.iter().filter(|entity| entity.is_encrypted()).collect();
    assert!(encrypted.len() >= 6, "{encrypted:?}");
    for entity in encrypted {
        let id = format!("{}_1", entity.prefix);
        let mut document = planted(entity);
        document.extend([("_id".to_owned(), id.as_str().into()), ("tenant_id".to_owned(), TENANT.into())]);
        let filter = json!({ "_id": id, "tenant_id": TENANT });
        let insert = json!({ "collection": entity.collection, "document": document });
        let changes = ["$set", "$setOnInsert"].map(
            |operator| json!({ "collection": entity.collection, "filter": filter, "update": of(operator, planted(entity)) }),
        );
        for body in [insert].into_iter().chain(changes) {
            let left = sealed(body);
            assert!(!left.to_string().contains(MARK_OF_TEST), "{left}");
            let stored =
                left.get("document").or_else(|| left["update"].get("$set")).or_else(|| left["update"].get("$setOnInsert"));
            let mut stored = stored.unwrap().clone();
            stored["_id"] = id.as_str().into();
            stored["tenant_id"] = TENANT.into();
            assert_eq!(opened(stored), Value::Object(document.clone()), "{}", entity.name);
        }
    }
}

#[test]
fn a_sealed_value_opens_in_its_own_record_alone() {
    let body = json!({ "collection": "people", "document": { "_id": "per_1", "tenant_id": TENANT, "email": "a@b.example" } });
    let mut stored = sealed(body)["document"].take();
    assert_eq!(opened(stored.clone())["email"], "a@b.example");
    assert_eq!(opened(json!([{ "of": [stored.clone()] }]))[0]["of"][0]["email"], "a@b.example", "wherever it stands");
    stored["name"] = stored["email"].clone();
    assert_eq!(opened(stored.clone()).get("name"), None);
    stored["_id"] = "per_2".into();
    assert_eq!(opened(stored.clone()).get("email"), None);
    stored["tenant_id"] = "ten_2".into();
    assert_eq!(opened(stored.clone()).get("email"), None, "of others what cannot be opened is left out");
    let error = Rings::new(rings().vault().clone()).open(&mut stored, "ten_2", true).unwrap_err();
    assert_eq!(error.code, "keys-gone");
}

#[test]
fn conditions_ask_for_what_stands_for_a_value() {
    let blind = |value: &str| rings().ring(TENANT).unwrap().blind("person/email", value).remove(0);
    let (one, other) = (blind("a@b.example"), blind("c@d.example"));
    for (asked, expected) in [
        (json!({ "email": "a@b.example" }), json!({ "email_blind": one })),
        (json!({ "email": { "$in": ["a@b.example", "c@d.example"] } }), json!({ "email_blind": { "$in": [one, other] } })),
        (json!({ "email": { "$ne": "a@b.example" } }), json!({ "email_blind": { "$nin": [one] } })),
        (json!({ "email": null }), json!({ "email_blind": null })),
        (json!({ "email": { "$ne": null } }), json!({ "email_blind": { "$ne": null } })),
        (
            json!({ "$or": [{ "email": "a@b.example" }, { "tags": "x" }] }),
            json!({ "$or": [{ "email_blind": one }, { "tags": "x" }] }),
        ),
        (json!({ "email": "~1.1.AA" }), json!({ "email": "~1.1.AA" })),
    ] {
        let with_tenant = |mut filter: Value| {
            filter["tenant_id"] = TENANT.into();
            filter
        };
        let left = sealed(json!({ "collection": "people", "filter": with_tenant(asked) }));
        assert_eq!(left["filter"], with_tenant(expected));
    }
}

#[test]
fn what_goes_leaves_nothing_behind_that_it_was_found_by() {
    let filter = json!({ "_id": "per_1", "tenant_id": TENANT });
    for update in [json!({ "$unset": { "email": "", "name": "" } }), json!({ "$set": { "email": null, "name": null } })] {
        let left = sealed(json!({ "collection": "people", "filter": filter, "update": update }));
        let unset = left["update"]["$unset"].as_object().unwrap();
        assert!(unset.contains_key("email_blind") && unset.contains_key("name_words"), "{left}");
    }
}

#[test]
fn without_the_keys_nothing_is_written() {
    let mut body =
        json!({ "collection": "people", "document": { "_id": "per_1", "tenant_id": "ten_2", "email": "a@b.example" } });
    let error = rings().seal(body.as_object_mut().unwrap(), &mut Nonces::new([4; 12])).unwrap_err();
    assert_eq!(error.code, "keys-gone");
}
