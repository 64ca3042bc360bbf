//! What updates make of documents, in tables.

use bson::{DateTime, Document, doc};

use super::{Occasion, Updater};
use crate::{Update, error::Result};

fn apply(update: Document, document: Document) -> Result<Document> {
    let occasion = Occasion { position: Some(1), inserting: false, now: DateTime::from_millis(0) };
    Updater::parse(&Update::Document(update), &[])?.apply(&document, occasion)
}

#[test]
fn operators_change_what_they_name() {
    for (update, before, after) in [
        (doc! {"$set": {"a.b": 1}}, doc! {}, doc! {"a": {"b": 1}}),
        (doc! {"$set": {"b": 1, "a": 2}}, doc! {}, doc! {"a": 2, "b": 1}),
        (doc! {"$set": {"a.1": 5}}, doc! {"a": [1, 2]}, doc! {"a": [1, 5]}),
        (doc! {"$set": {"a.3": 5}}, doc! {"a": [1]}, doc! {"a": [1, null, null, 5]}),
        (doc! {"$set": {"a.$": 5}}, doc! {"a": [1, 2]}, doc! {"a": [1, 5]}),
        (doc! {"$inc": {"a.$[]": 5}}, doc! {"a": [1, 2]}, doc! {"a": [6, 7]}),
        (doc! {"$unset": {"a": ""}}, doc! {"a": 1, "b": 2}, doc! {"b": 2}),
        (doc! {"$unset": {"a.0": ""}}, doc! {"a": [1, 2]}, doc! {"a": [null, 2]}),
        (doc! {"$inc": {"n": 2_i64}}, doc! {"n": 1}, doc! {"n": 3_i64}),
        (doc! {"$mul": {"n": 2}}, doc! {}, doc! {"n": 0}),
        (doc! {"$min": {"n": 2}, "$max": {"m": 2}}, doc! {"n": 3, "m": 3}, doc! {"n": 2, "m": 3}),
        (doc! {"$rename": {"a": "b.c"}}, doc! {"a": 1}, doc! {"b": {"c": 1}}),
        (doc! {"$pop": {"a": -1}}, doc! {"a": [1, 2]}, doc! {"a": [2]}),
        (doc! {"$pull": {"a": {"$gt": 1}}}, doc! {"a": [1, 2, 3]}, doc! {"a": [1]}),
        (doc! {"$pull": {"a": {"x": 1}}}, doc! {"a": [{"x": 1, "y": 2}, {"x": 2}]}, doc! {"a": [{"x": 2}]}),
        (doc! {"$addToSet": {"a": {"$each": [1.0, 2]}}}, doc! {"a": [1]}, doc! {"a": [1, 2]}),
        (doc! {"$push": {"a": {"$each": [3, 1], "$sort": -1, "$slice": 2}}}, doc! {"a": [2]}, doc! {"a": [3, 2]}),
        (doc! {"$push": {"a": {"$each": [9], "$position": -1}}}, doc! {"a": [1, 2]}, doc! {"a": [1, 9, 2]}),
        (doc! {"$bit": {"n": {"or": 4}}}, doc! {"n": 1}, doc! {"n": 5}),
    ] {
        assert_eq!(apply(update.clone(), before).unwrap(), after, "{update}");
    }
}

#[test]
fn what_cannot_be_done_has_its_code() {
    for (update, before, code) in [
        (doc! {"$set": {"a": 1, "a.b": 2}}, doc! {}, 40),
        (doc! {"$set": {"_id": 2}}, doc! {"_id": 1}, 66),
        (doc! {"$set": {"a.b": 1}}, doc! {"a": 1}, 28),
        (doc! {"$set": {"": 1}}, doc! {}, 56),
        (doc! {"$set": {"$x": 1}}, doc! {}, 52),
        (doc! {"$foo": {"x": 1}}, doc! {}, 9),
        (doc! {"$inc": {"x": "1"}}, doc! {}, 14),
        (doc! {"$push": {"x": 1}}, doc! {"x": 1}, 2),
        (doc! {"$pop": {"x": 2}}, doc! {}, 9),
        (doc! {"x": 1}, doc! {}, 9),
    ] {
        assert_eq!(apply(update.clone(), before).unwrap_err().code, code, "{update}");
    }
}
