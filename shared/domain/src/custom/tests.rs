//! Every type with every rule, and what a patch of values becomes.

use serde_json::json;

use super::*;
use crate::Time;
use crate::entities::FIELD_DEFINITION;
use crate::error::Place;
use crate::rules::Moment;
use crate::validate;

fn doc(value: Value) -> Doc {
    value.as_object().unwrap().clone()
}

/// A definition as the engine makes it.
fn define(fields: Value) -> Result<Doc, Vec<(String, &'static str)>> {
    let mut input = doc(json!({ "entity": "lead", "key": "x", "label": "X" }));
    input.extend(doc(fields));
    let moment = Moment { now: Time::from_ms(0), viewer: None };
    validate::create(&FIELD_DEFINITION, input, moment).map_err(|error| codes(error.violations))
}

fn codes(violations: Vec<Violation>) -> Vec<(String, &'static str)> {
    let place = |violation: Violation| match violation.place {
        Place::Pointer(at) | Place::Parameter(at) => (at, violation.code),
    };
    violations.into_iter().map(place).collect()
}

/// What becomes of a value of the field `x`.
fn given(definition: Value, value: Value) -> Result<Value, &'static str> {
    let definitions = [define(definition).unwrap()];
    let merged = merge(&definitions, None, doc(json!({ "x": value }))).map_err(codes);
    merged.map(|mut values| values.remove("x").unwrap_or_default()).map_err(|codes| {
        assert!(codes[0].0.starts_with("/custom/x"), "{codes:?}");
        codes[0].1
    })
}

#[test]
fn every_type_takes_its_values_and_no_others() {
    let options = json!([{ "value": "tile" }, { "value": "slate" }, { "value": "straw", "is_archived": true }]);
    let text = json!({ "type": "text", "min": 2, "max": 4 });
    let number = json!({ "type": "number", "min": -1.5, "max": 10 });
    let date = json!({ "type": "date", "min": "2026-01-01T00:00:00Z", "max": "2026-12-31T00:00:00Z" });
    let select = json!({ "type": "select", "options": options });
    let several = json!({ "type": "multiselect", "options": options, "min": 1, "max": 1 });
    let [flag, url, email, phone] = ["boolean", "url", "email", "phone"].map(|word| json!({ "type": word }));
    let money = json!({ "type": "currency", "min": 100, "max": 200 });
    let reference = json!({ "type": "reference", "target": "person" });
    let eur = |minor: Value| json!({ "minor": minor, "currency": "EUR" });
    let cases = [
        (&text, json!("roof"), Ok(json!("roof"))),
        (&text, json!("é"), Err("below-minimum")),
        (&text, json!("roofs"), Err("above-maximum")),
        (&text, json!("  "), Err("empty")),
        (&text, json!(1), Err("wrong-type")),
        (&json!({ "type": "text" }), json!("4111 1111 1111 1111"), Err("card-number")),
        (&number, json!(2.50), Ok(json!(2.5))),
        (&number, json!(3.0), Ok(json!(3))),
        (&number, json!(-1.6), Err("below-minimum")),
        (&number, json!(10.1), Err("above-maximum")),
        (&number, json!("3"), Err("wrong-type")),
        (&json!({ "type": "number" }), json!(1e16), Err("out-of-range")),
        (&json!({ "type": "number" }), json!(4_111_111_111_111_111_i64), Err("card-number")),
        (&date, json!("2026-06-01T12:00:00+02:00"), Ok(json!("2026-06-01T10:00:00.000Z"))),
        (&date, json!("2025-12-31T23:59:59Z"), Err("below-minimum")),
        (&date, json!("2026-12-31T00:00:01Z"), Err("above-maximum")),
        (&date, json!("2026-06-31T00:00:00Z"), Err("bad-date")),
        (&select, json!("tile"), Ok(json!("tile"))),
        (&select, json!("straw"), Err("not-a-choice")),
        (&select, json!("reed"), Err("not-a-choice")),
        (&select, json!(["tile"]), Err("wrong-type")),
        (&several, json!(["tile", "tile"]), Ok(json!(["tile"]))),
        (&several, json!([]), Err("below-minimum")),
        (&several, json!(["tile", "slate"]), Err("above-maximum")),
        (&several, json!(["reed"]), Err("not-a-choice")),
        (&several, json!("tile"), Err("wrong-type")),
        (&flag, json!(false), Ok(json!(false))),
        (&flag, json!("false"), Err("wrong-type")),
        (&url, json!("http://example.com/a?b"), Ok(json!("http://example.com/a?b"))),
        (&url, json!("javascript:alert(1)"), Err("bad-url")),
        (&url, json!("folder/file"), Err("bad-url")),
        (&email, json!("Ada@Example.com"), Ok(json!("ada@example.com"))),
        (&email, json!("ada"), Err("bad-email")),
        (&phone, json!("+44 20 7946 0018"), Ok(json!("+442079460018"))),
        (&phone, json!("call me"), Err("bad-phone")),
        (&money, eur(json!(150)), Ok(eur(json!(150)))),
        (&money, eur(json!(99)), Err("below-minimum")),
        (&money, eur(json!(201)), Err("above-maximum")),
        (&money, eur(json!(1.5)), Err("out-of-range")),
        (&reference, json!("per_01ARZ3NDEKTSV4RRFFQ69G5FAV"), Ok(json!("per_01ARZ3NDEKTSV4RRFFQ69G5FAV"))),
        (&reference, json!("lead_01ARZ3NDEKTSV4RRFFQ69G5FAV"), Err("bad-id")),
    ];
    for (definition, value, expected) in cases {
        assert_eq!(given(definition.clone(), value.clone()), expected, "{definition} {value}");
    }
    for word in TYPES {
        let define = |more: Value| given(more, Value::Null);
        let fields = match *word {
            "select" | "multiselect" => json!({ "type": word, "options": options, "required": true }),
            "reference" => json!({ "type": word, "target": "lead", "required": true }),
            _ => json!({ "type": word, "required": true }),
        };
        assert_eq!(define(fields), Err("required"), "{word}");
    }
}

#[test]
fn a_definition_takes_what_its_type_takes() {
    let one = json!([{ "value": "a" }]);
    let cases = [
        (json!({ "type": "text", "key": "Size" }), "/key", "bad-key"),
        (json!({ "type": "text", "key": "a.b" }), "/key", "bad-key"),
        (json!({ "type": "text", "key": "card_cvv" }), "/key", "card-number"),
        (json!({ "type": "colour" }), "/type", "not-a-choice"),
        (json!({ "type": "text", "min": 3, "max": 2 }), "/max", "below-minimum"),
        (json!({ "type": "number", "min": "3" }), "/min", "wrong-type"),
        (json!({ "type": "date", "max": 3 }), "/max", "wrong-type"),
        (json!({ "type": "boolean", "min": 1 }), "/min", "not-for-type"),
        (json!({ "type": "number", "pattern": "^1" }), "/pattern", "not-for-type"),
        (json!({ "type": "text", "pattern": "(?=a)" }), "/pattern", "bad-pattern"),
        (json!({ "type": "text", "pattern": "(a)\\1" }), "/pattern", "bad-pattern"),
        (json!({ "type": "text", "options": one }), "/options", "not-for-type"),
        (json!({ "type": "select" }), "/options", "required"),
        (json!({ "type": "select", "options": [{ "value": "a" }, { "value": "a" }] }), "/options", "duplicate"),
        (json!({ "type": "select", "options": one, "default": "b" }), "/default", "not-a-choice"),
        (
            json!({ "type": "select", "options": [{ "value": "a", "is_archived": true }], "default": "a" }),
            "/default",
            "not-a-choice",
        ),
        (json!({ "type": "number", "max": 3, "default": 4 }), "/default", "above-maximum"),
        (json!({ "type": "reference" }), "/target", "not-a-choice"),
        (json!({ "type": "reference", "target": "ship" }), "/target", "not-a-choice"),
        (json!({ "type": "text", "target": "lead" }), "/target", "not-for-type"),
        (
            json!({ "type": "reference", "target": "lead", "default": "lead_01ARZ3NDEKTSV4RRFFQ69G5FAV" }),
            "/default",
            "not-for-type",
        ),
        (json!({ "type": "number", "searchable": true }), "/searchable", "not-for-type"),
        (json!({ "type": "text", "personal": true, "searchable": true }), "/searchable", "not-for-type"),
        (json!({ "type": "text", "personal": true, "default": "a" }), "/default", "not-for-type"),
        (json!({ "type": "boolean", "personal": true }), "/personal", "not-for-type"),
    ];
    for (fields, at, code) in cases {
        assert_eq!(define(fields.clone()), Err(vec![(at.to_owned(), code)]), "{fields}");
    }
    let date = define(json!({ "type": "date", "default": "2026-01-01T01:00:00+01:00" })).unwrap();
    assert_eq!(date["default"], "2026-01-01T00:00:00.000Z");
}

#[test]
fn only_widening_to_text_changes_a_type() {
    for was in TYPES {
        for is in TYPES {
            let of = |word: &str| doc(json!({ "type": word }));
            let widens = *is == "text" && ["select", "email", "phone", "url"].contains(was);
            let expected = (was != is && !widens).then_some("type");
            assert_eq!(incompatible(&of(was), &of(is)), expected, "{was} to {is}");
        }
    }
    let to = |target: &str| doc(json!({ "type": "reference", "target": target }));
    assert_eq!(incompatible(&to("lead"), &to("person")), Some("target"));
}

#[test]
fn a_patch_touches_what_it_names() {
    let options = json!([{ "value": "tile" }, { "value": "straw", "is_archived": true }]);
    let definitions = [
        define(json!({ "key": "size", "type": "number", "max": 5, "required": true })).unwrap(),
        define(json!({ "key": "roof", "type": "select", "options": options, "default": "tile" })).unwrap(),
        define(json!({ "key": "old", "type": "text", "status": "archived" })).unwrap(),
    ];
    let before = doc(json!({ "size": 9, "roof": "straw", "old": "a", "gone": 1 }));
    let merged = |patch: Value| merge(&definitions, Some(&before), doc(patch)).map(Value::Object).map_err(codes);
    // What was right once stays, however the definitions have changed.
    assert_eq!(merged(json!({ "roof": "straw", "old": "a" })), Ok(json!(before)));
    assert_eq!(merged(json!({ "gone": null, "old": null })), Ok(json!({ "size": 9, "roof": "straw" })));
    let refused = [("/custom/new", "unknown-field"), ("/custom/old", "read-only"), ("/custom/size", "above-maximum")];
    let mut found = merged(json!({ "size": 8, "old": "b", "new": 1 })).unwrap_err();
    found.sort();
    assert_eq!(found, refused.map(|(at, code)| (at.to_owned(), code)));
    assert_eq!(merged(json!({ "size": null })), Err(vec![("/custom/size".to_owned(), "required")]));
    let made = merge(&definitions, None, doc(json!({ "size": 3 }))).unwrap();
    assert_eq!(json!(made), json!({ "size": 3, "roof": "tile" }));
}

#[test]
fn values_are_found_by_key_and_value_but_personal_ones_by_key_alone() {
    let definitions = [
        define(json!({ "key": "size", "type": "number" })).unwrap(),
        define(json!({ "key": "note", "type": "text", "searchable": true })).unwrap(),
        define(json!({ "key": "tax", "type": "text", "personal": true })).unwrap(),
    ];
    let mut record = Doc::new();
    place(&definitions, &mut record, doc(json!({ "size": 3, "note": "Slate, grey", "tax": "DE1" })));
    let expected = json!(["note", digest("note", &json!("Slate, grey")), "size", digest("size", &json!(3)), "tax"]);
    let mut index = record[INDEX_FIELD].as_array().unwrap().clone();
    index.sort_by_key(|entry| entry.to_string());
    assert_eq!(json!(index), expected);
    assert_eq!((&record[WORDS_FIELD], &record[PERSONAL_FIELD]), (&json!(["grey", "slate"]), &json!({ "tax": "DE1" })));
    assert!(record[FIELD].get("tax").is_none() && values(&record).unwrap().contains_key("tax"));
    assert_ne!(digest("size", &json!(3)), digest("size", &json!(4)));
    place(&definitions, &mut record, Doc::new());
    assert_eq!(record, Doc::new());
}

#[test]
fn a_summary_tells_what_a_record_without_values_gets() {
    let required = define(json!({ "key": "size", "type": "number", "required": true })).unwrap();
    let defaulted = define(json!({ "key": "roof", "type": "text", "required": true, "default": "flat" })).unwrap();
    let archived =
        define(json!({ "key": "old", "type": "number", "required": true, "default": 1, "status": "archived" })).unwrap();
    assert_eq!(json!(summary(&[])), json!({ "has_required": false }));
    assert_eq!(summary(&[required, archived.clone()])["has_required"], true);
    let summary = summary(&[defaulted, archived]);
    assert_eq!((&summary["has_required"], &summary["defaults"]), (&json!(false), &json!({ "roof": "flat" })));
    assert_eq!(summary["index"], json!(["roof", digest("roof", &json!("flat"))]));
    assert_eq!(summary["changes"], json!({ "roof": { "before": null, "after": "flat" } }));
}
