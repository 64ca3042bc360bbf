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

/// Each of these would take gigabytes.
#[test]
fn what_would_take_too_much_memory_is_refused() {
    let db = Database::new();
    db.insert((0..300).map(|n| doc! {"_id": n, "a": "x".repeat(1000)}).collect()).unwrap();
    let one = doc! {"$limit": 1};
    let project = |expression: Bson| vec![one.clone(), doc! {"$project": {"x": expression}}];
    let fold =
        |initial: Bson, body: Bson| bson::bson!({"$reduce": {"input": {"$range": [0, 40]}, "initialValue": initial, "in": body}});
    let million = bson::bson!({"$range": [0, 1_000_000]});
    let text =
        bson::bson!({"$reduce": {"input": {"$range": [0, 24]}, "initialValue": "x", "in": {"$concat": ["$$value", "$$value"]}}});
    let many = [one.clone(), doc! {"$set": {"n": {"$range": [0, 400_000]}}}, doc! {"$unwind": "$n"}];
    let after = |stage: Document| many.iter().cloned().chain([stage]).collect::<Vec<_>>();
    let mut tripled = vec![one.clone()];
    tripled.extend(vec![doc! {"$set": {"a": ["$a", "$a", "$a"]}}; 25]);
    let window = doc! {"$setWindowFields": {"sortBy": {"n": 1}, "output": {"all": {"$push": "$$ROOT"}}}};
    let joined = doc! {"$lookup": {"from": "c", "let": {}, "pipeline": [{"$set": {"n": {"$range": [0, 100_000]}}}], "as": "all"}};
    let table = [
        (tripled, 146, "an array"),
        (
            vec![one.clone(), doc! {"$set": {"a": million.clone(), "b": million.clone(), "c": million.clone()}}],
            10334,
            "an intermediate document",
        ),
        (project(fold("x".into(), bson::bson!({"$concat": ["$$value", "$$value"]}))), 146, "$concat"),
        (project(fold(bson::bson!([1]), bson::bson!({"$concatArrays": ["$$value", "$$value"]}))), 146, "$"),
        (project(fold(bson::bson!({"a": 1}), bson::bson!({"a": ["$$value", "$$value"]}))), 146, ""),
        (project(bson::bson!({"$map": {"input": million.clone(), "in": {"$range": [0, 1000]}}})), 146, "$map"),
        (project(bson::bson!({"$map": {"input": million.clone(), "in": "$$ROOT"}})), 146, "$map"),
        (project(bson::bson!({"$replaceAll": {"input": text.clone(), "find": "x", "replacement": "$a"}})), 146, "$replaceAll"),
        (project(bson::bson!({"$split": [text.clone(), "x"]})), 146, "$split"),
        (
            project(bson::bson!({"$zip": {"inputs": [million, []], "useLongestLength": true, "defaults": ["", "$a"]}})),
            146,
            "$zip",
        ),
        (after(doc! {"$group": {"_id": Bson::Null, "all": {"$push": {"r": "$$ROOT"}}}}), 146, ""),
        (after(doc! {"$group": {"_id": Bson::Null, "all": {"$addToSet": {"r": "$$ROOT"}}}}), 146, ""),
        (after(doc! {"$group": {"_id": "$n", "last": {"$last": "$$ROOT"}}}), 146, ""),
        (after(doc! {"$facet": {"a": [], "b": []}}), 292, ""),
        (after(doc! {"$sample": {"size": 400_000}}), 292, ""),
        (vec![doc! {"$set": {"m": {"$range": [0, 1000]}}}, window], 292, ""),
        (vec![joined], 146, ""),
    ];
    for (pipeline, code, name) in table {
        let shown = format!("{pipeline:?}");
        let started = std::time::Instant::now();
        let error = aggregate(&db, pipeline).unwrap_err();
        assert_eq!(error.code, code, "{error} {shown}");
        assert!(error.message.contains(name), "{error} {shown}");
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "{shown}");
    }
    assert_eq!(db.find(doc! {"_id": 7}, doc! {}, 0).len(), 1);
}

#[test]
fn arrays_are_not_filled_up_without_bound() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1, "a": vec![Bson::Array(Vec::new()); 1000]}]).unwrap();
    let error = db.update(doc! {"_id": 1}, doc! {"$set": {"a.$[].100000": 1}}, false).unwrap_err();
    assert_eq!(error.code, 2);
}

/// Much work that holds little at a time is not refused.
#[test]
fn what_holds_little_at_a_time_is_answered() {
    let db = Database::new();
    db.insert((0..100).map(|n| doc! {"_id": n, "a": "x".repeat(1000)}).collect()).unwrap();
    let stages = vec![
        doc! {"$set": {"n": {"$range": [0, 10_000]}, "b": {"$reduce": {"input": {"$range": [0, 300]}, "initialValue": [], "in": {"$concatArrays": ["$$value", ["$a"]]}}}}},
        doc! {"$set": {"n": {"$size": "$n"}, "b": {"$size": "$b"}}},
        doc! {"$group": {"_id": Bson::Null, "n": {"$sum": "$n"}, "b": {"$sum": "$b"}, "m": {"$mergeObjects": "$$ROOT"}}},
        doc! {"$project": {"_id": 0, "n": 1, "b": 1}},
    ];
    match aggregate(&db, stages).unwrap() {
        engine::Outcome::Documents(found) => assert_eq!(found, [doc! {"n": 1_000_000, "b": 30_000}]),
        other => panic!("{other:?}"),
    }
}
