//! What projections show, in tables.

use bson::{Document, doc};

use super::Projection;
use crate::expression::Variables;

fn find(spec: Document) -> Document {
    let document = doc! {"_id": 1, "a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 2}, 5, {"x": 3}], "n": 4};
    Projection::of_find(&spec).unwrap().apply(&document, Some(2), &Variables::new()).unwrap()
}

#[test]
fn fields_are_chosen_left_out_and_computed() {
    for (spec, expected) in [
        (doc! {"n": 1}, doc! {"_id": 1, "n": 4}),
        (doc! {"n": 1, "_id": 0}, doc! {"n": 4}),
        (doc! {"a": 0, "l": 0}, doc! {"_id": 1, "n": 4}),
        (doc! {"a.b": 1}, doc! {"_id": 1, "a": {"b": 1}}),
        (doc! {"a": {"b": 0}, "l": 0, "n": 0}, doc! {"_id": 1, "a": {"c": 2}}),
        (doc! {"l.x": 1}, doc! {"_id": 1, "l": [{"x": 1}, {"x": 3}]}),
        (doc! {"l": {"$slice": -1}, "a": 1}, doc! {"_id": 1, "a": {"b": 1, "c": 2}, "l": [{"x": 3}]}),
        (doc! {"l": {"$elemMatch": {"x": 3}}}, doc! {"_id": 1, "l": [{"x": 3}]}),
        (doc! {"l.$": 1}, doc! {"_id": 1, "l": [{"x": 3}]}),
        (doc! {"m": "$a.b"}, doc! {"_id": 1, "m": 1}),
    ] {
        let found = find(spec.clone());
        assert_eq!(found.len(), expected.len(), "{spec}: {found}");
        for (name, value) in &expected {
            assert_eq!(found.get(name), Some(value), "{spec}");
        }
    }
}

#[test]
fn contradictions_have_their_codes() {
    for (spec, code) in [
        (doc! {"a": 1, "b": 0}, 31254),
        (doc! {"a": 0, "b": 1}, 31253),
        (doc! {"a": 1, "a.b": 1}, 31249),
        (doc! {"a.b": 1, "a": 1}, 31250),
        (doc! {"": 1}, 40352),
        (doc! {"a": {}}, 51270),
    ] {
        assert_eq!(Projection::of_find(&spec).unwrap_err().code, code, "{spec}");
    }
}
