//! What input becomes, and what is refused where.

use serde_json::{Value, json};

use super::{create, update};
use crate::entities::{INTEGRATION, LEAD};
use crate::error::Place;
use crate::rules::Moment;
use crate::{Doc, Role, Time, Viewer};

fn doc(value: Value) -> Doc {
    value.as_object().unwrap().clone()
}

fn refused(role: Role, input: Value) -> Vec<(String, &'static str)> {
    let viewer = Viewer { member: crate::id::derived("mem", &["me"]), policy: role.into() };
    let error = create(&LEAD, doc(input), Moment { now: Time::from_ms(0), viewer: Some(&viewer) }).unwrap_err();
    let place = |violation: crate::Violation| match violation.place {
        Place::Pointer(at) | Place::Parameter(at) => (at, violation.code),
    };
    error.violations.into_iter().map(place).collect()
}

fn refused_none(input: Value) -> bool {
    create(&LEAD, doc(input), Moment { now: Time::from_ms(0), viewer: None }).is_ok()
}

#[test]
fn every_violation_is_named_by_its_pointer() {
    let input = json!({
        "category": "", "colour": 1, "description": 5, "budget_min": { "minor": -1, "currency": "EURO", "cvv": 1 },
        "licenses": 1.5, "kind": "other", "start_date": "soon", "customer": "lead_1", "status": "paid", "skills": ["a", 3],
    });
    let mut found = refused(Role::Manager, input);
    found.sort();
    let expected = [
        ("/budget_min/currency", "bad-currency"),
        ("/budget_min/cvv", "unknown-field"),
        ("/budget_min/minor", "out-of-range"),
        ("/category", "empty"),
        ("/colour", "unknown-field"),
        ("/customer", "bad-id"),
        ("/description", "wrong-type"),
        ("/kind", "not-a-choice"),
        ("/licenses", "out-of-range"),
        ("/skills/1", "wrong-type"),
        ("/start_date", "bad-date"),
        ("/status", "read-only"),
    ];
    assert_eq!(found, expected.map(|(at, code)| (at.to_owned(), code)));
}

#[test]
fn a_customer_cannot_name_another_customer() {
    let input = json!({ "category": "roof", "customer": crate::id::derived("mem", &["other"]) });
    assert_eq!(refused(Role::Customer, input), [("/customer".to_owned(), "read-only")]);
}

#[test]
fn a_card_number_is_refused_wherever_text_goes() {
    let found = refused(Role::Customer, json!({ "category": "roof", "description": "pay with 4111111111111111" }));
    assert_eq!(found, [("/description".to_owned(), "card-number")]);
}

#[test]
fn a_file_is_at_an_https_url_or_under_a_key() {
    let file = |url: &str| json!({ "category": "roof", "attachments": [{ "name": "plan.pdf", "url": url }] });
    for good in ["https://files.example.com/a%20b.pdf?v=1#p", "https://[2001:db8::1]:8443/a", "ten_1/leads/plan-2.pdf"] {
        assert!(refused_none(file(good)), "{good}");
    }
    let bad = [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://files.example.com/a",
        "//files.example.com/a",
        "https://",
        "https:///a",
        "https://me:secret@files.example.com/a",
        "https://files.example.com/a b",
        "../plan.pdf",
        "/etc/passwd",
        "a//b",
        "a\nb",
    ];
    for bad in bad {
        assert_eq!(refused(Role::Customer, file(bad)), [("/attachments/0/url".to_owned(), "bad-url")], "{bad}");
    }
}

#[test]
fn a_merge_patch_removes_with_null_and_merges_objects() {
    let before = doc(json!({ "category": "roof", "description": "old", "budget_min": { "minor": 1, "currency": "EUR" } }));
    let patch = doc(json!({ "description": null, "budget_min": { "minor": 2 } }));
    let change = update(&LEAD, &before, patch, Moment { now: Time::from_ms(0), viewer: None }).unwrap();
    assert_eq!(change.unset, ["description"]);
    assert_eq!(change.after["budget_min"], json!({ "minor": 2, "currency": "EUR" }));
    assert!(!change.set.contains_key("category"));
}

#[test]
fn a_required_field_cannot_be_patched_away() {
    let before = doc(json!({ "category": "roof" }));
    let error =
        update(&LEAD, &before, doc(json!({ "category": null })), Moment { now: Time::from_ms(0), viewer: None }).unwrap_err();
    assert_eq!(error.violations[0].code, "required");
}

#[test]
fn names_that_the_database_would_read_as_its_own_are_refused() {
    for (config, is_right) in [
        (json!({ "mapping": { "a.b": "lead.category", "c$": 1 } }), true),
        (json!({ "mapping": { "$date": "lead.category" } }), false),
        (json!({ "list": [{ "a\0b": 1 }] }), false),
    ] {
        let input = doc(json!({ "kind": "typeform", "config": config }));
        let found = create(&INTEGRATION, input, Moment { now: Time::from_ms(0), viewer: None });
        let codes = found.err().map(|error| (error.violations[0].place.clone(), error.violations[0].code));
        let refused = Some((Place::Pointer("/config".to_owned()), "bad-name"));
        assert_eq!(codes, if is_right { None } else { refused }, "{config}");
    }
}
