//! What would take too many levels or too much memory is refused, and what is refused leaves nothing.

use bson::{Bson, Document, doc};
use engine::{Command, Error};

use crate::open::{Database, find};

/// `a.a.a…`
fn path(parts: usize) -> String {
    vec!["a"; parts].join(".")
}

fn aggregate(db: &Database, pipeline: Vec<Document>) -> Result<engine::Outcome, Error> {
    db.run(Command::Aggregate { collection: "c".into(), pipeline })
}

#[test]
fn long_paths_are_refused_wherever_they_stand() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1, "b": [1]}]).unwrap();
    for parts in [201, 3_000, 30_000] {
        let long = path(parts);
        let each = doc! {"$each": [{}], "$sort": {long.as_str(): 1}};
        let refused = [
            db.update(doc! {"_id": 1}, doc! {"$set": {long.as_str(): 1}}, false),
            db.update(doc! {"_id": 1}, doc! {"$unset": {long.as_str(): 1}}, false),
            db.update(doc! {"_id": 1}, doc! {"$rename": {"b": long.as_str()}}, false),
            db.update(doc! {"_id": 1}, doc! {"$push": {"b": each}}, false),
            db.update(doc! {long.as_str(): 1}, doc! {"$set": {"b": 1}}, true),
            db.update(doc! {"$and": [{long.as_str(): {"$eq": 1}}]}, doc! {"$set": {"b": 1}}, true),
            db.run(find(doc! {long.as_str(): 1}, doc! {}, 0)),
            db.run(find(doc! {"b": {"$elemMatch": {long.as_str(): 1}}}, doc! {}, 0)),
            db.run(find(doc! {}, doc! {long.as_str(): 1}, 0)),
            db.index(doc! {"key": {long.as_str(): 1}, "name": "long"}),
            aggregate(&db, vec![doc! {"$set": {long.as_str(): 1}}]),
            aggregate(&db, vec![doc! {"$match": {long.as_str(): 1}}]),
        ];
        for (position, outcome) in refused.into_iter().enumerate() {
            assert_eq!(outcome.unwrap_err().code, 15, "{position} of {parts}");
        }
    }
    assert_eq!(db.find(doc! {}, doc! {}, 0), [doc! {"_id": 1, "b": [1]}]);
    let inner = doc! {path(150): {path(150): 1}};
    let command =
        Command::Find { collection: "c".into(), filter: doc! {}, projection: Some(inner), sort: None, limit: None, skip: None };
    assert_eq!(db.run(command).unwrap_err().code, 15);
}

#[test]
fn what_is_nested_too_deeply_is_not_kept() {
    let db = Database::new();
    let nested = |levels: usize| (1..levels).fold(doc! {}, |inner, _| doc! {"a": inner});
    db.insert(vec![nested(200)]).unwrap();
    assert_eq!(db.insert(vec![nested(201)]).unwrap_err().code, 15);
    db.insert(vec![doc! {"_id": 1}]).unwrap();
    let deep = Bson::Document(nested(150));
    assert_eq!(db.update(doc! {"_id": 1}, doc! {"$set": {path(100): deep}}, false).unwrap_err().code, 15);
    db.update(doc! {"_id": 1}, doc! {"$set": {path(199): 1}}, false).unwrap();
    assert_eq!(db.find(doc! {}, doc! {}, 0).len(), 2);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn values_that_expressions_nest_are_refused() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1}]).unwrap();
    let nest = |body: Bson| doc! {"$reduce": {"input": {"$range": [0, 200_000]}, "initialValue": 1, "in": body}};
    for body in [bson::bson!(["$$value"]), bson::bson!({"a": "$$value"})] {
        assert_eq!(aggregate(&db, vec![doc! {"$project": {"x": nest(body)}}]).unwrap_err().code, 15);
    }
    let stages = vec![doc! {"$replaceWith": {"a": "$$ROOT"}}; 900];
    assert_eq!(aggregate(&db, stages).unwrap_err().code, 15);
}

/// A file may hold what was written by other rules: it is refused, and not followed down.
#[test]
fn stored_documents_that_are_too_deep_are_refused() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1}, doc! {"_id": 2}]).unwrap();
    let mut body = doc! {}.to_vec().unwrap();
    for _ in 0..100_000 {
        let mut outer = i32::try_from(body.len() + 8).unwrap().to_le_bytes().to_vec();
        outer.extend_from_slice(b"\x03a\0");
        outer.extend_from_slice(&body);
        outer.push(0);
        body = outer;
        if body.len() > 40_000 {
            break;
        }
    }
    let sql = rusqlite::Connection::open(&db.path).unwrap();
    let table: String =
        sql.query_row("SELECT name FROM sqlite_master WHERE name LIKE 'd\\_%' ESCAPE '\\'", [], |row| row.get(0)).unwrap();
    sql.execute(&format!("UPDATE {table} SET body = ?1 WHERE rid = 1"), [&body]).unwrap();
    assert_eq!(db.run(find(doc! {}, doc! {}, 0)).unwrap_err().code, 15);
    assert!(!db.engine.verify().unwrap().is_empty());
    assert_eq!(db.find(doc! {"_id": 2}, doc! {}, 0), [doc! {"_id": 2}]);
}
