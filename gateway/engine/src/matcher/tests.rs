//! What matches and what does not.

use bson::{Document, doc};

use super::matches;

fn check(cases: Vec<(Document, Document, bool)>) {
    for (filter, document, expected) in cases {
        assert_eq!(matches(&filter, &document).unwrap(), expected, "{filter} on {document}");
    }
}

#[test]
fn null_matches_missing_but_exists_tells_them_apart() {
    check(vec![
        (doc! {"a": null}, doc! {}, true),
        (doc! {"a": null}, doc! {"a": null}, true),
        (doc! {"a": null}, doc! {"a": 1}, false),
        (doc! {"a": {"$exists": true}}, doc! {"a": null}, true),
        (doc! {"a": {"$exists": false}}, doc! {}, true),
        (doc! {"a.b": null}, doc! {"a": [1, 2]}, false),
        (doc! {"a.b": {"$ne": null}}, doc! {"a": []}, true),
        (doc! {"a": {"$lte": null}}, doc! {}, true),
        (doc! {"a": {"$in": [null]}}, doc! {}, true),
    ]);
}

#[test]
fn arrays_match_by_element_and_as_a_whole() {
    check(vec![
        (doc! {"a": 2}, doc! {"a": [1, 2]}, true),
        (doc! {"a": [1, 2]}, doc! {"a": [1, 2]}, true),
        (doc! {"a": {"$gt": 1, "$lt": 3}}, doc! {"a": [0, 4]}, true),
        (doc! {"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, doc! {"a": [0, 4]}, false),
        (doc! {"a": {"$elemMatch": {"b": 1, "c": 2}}}, doc! {"a": [{"b": 1}, {"b": 1, "c": 2}]}, true),
        (doc! {"a.b": 1, "a.c": 2}, doc! {"a": [{"b": 1}, {"c": 2}]}, true),
        (doc! {"a": {"$all": [1, 2]}}, doc! {"a": [2, 1, 3]}, true),
        (doc! {"a": {"$size": 2}}, doc! {"a": [2, 1]}, true),
        (doc! {"a": {"$nin": [1]}}, doc! {"a": [2, 1]}, false),
        (doc! {"a": {"$type": "array"}}, doc! {"a": [2]}, true),
        (doc! {"a": {"$type": "int"}}, doc! {"a": [2]}, true),
        (doc! {"a.0": 1}, doc! {"a": [1, 2]}, true),
    ]);
}

#[test]
fn comparisons_stay_within_a_type() {
    check(vec![
        (doc! {"a": {"$gt": 1}}, doc! {"a": "b"}, false),
        (doc! {"a": {"$gt": 1}}, doc! {"a": 1.5}, true),
        (doc! {"a": {"$lt": bson::Bson::MaxKey}}, doc! {"a": "b"}, true),
        (doc! {"a": {"$not": {"$gt": 1}}}, doc! {"a": "b"}, true),
        (doc! {"a": {"$regex": "^b", "$options": "i"}}, doc! {"a": "Bc"}, true),
        (doc! {"a": {"$mod": [4, 1]}}, doc! {"a": 5.9}, true),
        (doc! {"a": {"$bitsAllSet": [0, 2]}}, doc! {"a": 5}, true),
    ]);
}

#[test]
fn logic_combines() {
    check(vec![
        (doc! {"$or": [{"a": 1}, {"b": 1}]}, doc! {"b": 1}, true),
        (doc! {"$nor": [{"a": 1}, {"b": 1}]}, doc! {"b": 1}, false),
        (doc! {"$and": [{"a": 1}, {"b": 1}]}, doc! {"a": 1, "b": 1}, true),
    ]);
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    for filter in [doc! {"a": {"$foo": 1}}, doc! {"$foo": 1}, doc! {"$where": "true"}] {
        let error = matches(&filter, &doc! {}).unwrap_err();
        assert_eq!(error.code, 2);
        assert!(error.message.contains('$'));
    }
}
