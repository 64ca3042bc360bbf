//! Which searches walk an index, and that they find what a full scan finds.

use crate::open::Database;
use bson::{Bson, Document, doc};

fn stage(plan: &Document) -> (String, String) {
    let winning = plan.get_document("queryPlanner").unwrap().get_document("winningPlan").unwrap();
    let name = winning.get_str("indexName").unwrap_or_default().to_owned();
    (winning.get_str("stage").unwrap().to_owned(), name)
}

fn examined(plan: &Document) -> i64 {
    plan.get_document("executionStats").unwrap().get_i64("totalDocsExamined").unwrap()
}

fn leads(count: i32) -> Vec<Document> {
    let lead = |id: i32| {
        doc! {
            "_id": id, "tenant_id": format!("t{}", id % 4), "status": if id % 3 == 0 { "open" } else { "won" },
            "deleted_at": Bson::Null, "created_at": id % 50, "words": [format!("w{}", id % 7), format!("x{}", id % 5)],
            "parts": [{"x": [id % 10, id % 8], "y": 1}, {"x": id % 3, "y": 2}],
        }
    };
    (0..count).map(lead).collect()
}

#[test]
fn a_tenant_first_index_gives_filter_and_order_and_stops_early() {
    let db = Database::new();
    db.index(doc! {"key": {"tenant_id": 1, "status": 1, "created_at": -1, "_id": -1}, "name": "list"}).unwrap();
    db.insert(leads(2000)).unwrap();
    let filter = doc! {"tenant_id": "t1", "status": "open", "deleted_at": Bson::Null};
    let sort = doc! {"created_at": -1, "_id": -1};
    let plan = db.explain(filter.clone(), sort.clone(), 51);
    assert_eq!(stage(&plan), ("IXSCAN".into(), "list".into()));
    assert!(examined(&plan) <= 51, "{plan}");
    let by_index = db.ids(filter.clone(), sort.clone());
    db.run(engine::Command::DropIndexes { collection: "c".into(), names: vec!["*".into()] }).unwrap();
    assert_eq!(stage(&db.explain(filter.clone(), doc! {}, 0)).0, "COLLSCAN");
    assert_eq!(by_index, db.ids(filter, sort));
    assert!(by_index.len() > 100);
}

#[test]
fn every_plan_finds_what_a_scan_finds() {
    let filters = || {
        vec![
            doc! {"status": "open", "created_at": {"$gte": 10, "$lt": 20}},
            doc! {"status": {"$in": ["open", "lost"]}, "created_at": 7},
            doc! {"status": {"$regex": "^wo"}},
            doc! {"created_at": {"$lte": 3}},
            doc! {"created_at": {"$gt": 3, "$ne": 5}},
            doc! {"words": "w3"},
            doc! {"words": {"$gte": "w3", "$lt": "w5"}},
            doc! {"words": {"$all": ["w3", "x1"]}},
            doc! {"words": {"$elemMatch": {"$gte": "w3", "$lt": "w5"}}},
            doc! {"words": {"$gte": "x3", "$elemMatch": {"$lt": "w3"}}},
            doc! {"parts": {"$elemMatch": {"x": {"$gt": 5, "$lt": 3}}}},
            doc! {"parts.x": {"$gt": 5, "$lt": 3}, "parts.y": 2},
            doc! {"$or": [{"words": "w2"}, {"status": "open", "created_at": 3}]},
            doc! {"missing": Bson::Null, "status": "open"},
            doc! {"_id": {"$gt": 30, "$lte": 60}},
            doc! {"_id": {"$in": [3, 5, 5000]}},
            doc! {"created_at": {"$type": "int"}},
            doc! {"$expr": {"$and": [{"$eq": ["$created_at", 7]}, {"$gt": ["$_id", 100]}]}},
            doc! {"$expr": {"$eq": ["$words", ["w3", "x3"]]}},
            doc! {"$expr": {"$eq": ["$words", "w3"]}},
            doc! {"$expr": {"$eq": ["$missing", Bson::Null]}},
        ]
    };
    let sorts = [doc! {"_id": 1}, doc! {"_id": -1}, doc! {"status": -1, "created_at": 1, "_id": 1}, doc! {"words": 1, "_id": 1}];
    let db = Database::new();
    db.insert(leads(600)).unwrap();
    let scan: Vec<Vec<i32>> =
        filters().into_iter().flat_map(|filter| sorts.clone().map(|sort| db.ids(filter.clone(), sort))).collect();
    for index in [
        doc! {"key": {"status": 1, "created_at": -1}},
        doc! {"key": {"status": -1, "created_at": 1, "_id": 1}},
        doc! {"key": {"words": 1}},
        doc! {"key": {"created_at": 1}},
        doc! {"key": {"parts.x": 1, "parts.y": 1}},
        doc! {"key": {"words": 1, "_id": 1}},
        doc! {"key": {"missing": 1}, "sparse": true},
        doc! {"key": {"created_at": 1, "words": -1}, "name": "partial", "partialFilterExpression": {"status": "open"}},
    ] {
        db.index(index).unwrap();
    }
    let indexed: Vec<Vec<i32>> =
        filters().into_iter().flat_map(|filter| sorts.clone().map(|sort| db.ids(filter.clone(), sort))).collect();
    assert_eq!(scan, indexed);
    assert_eq!(stage(&db.explain(doc! {"words": "w3"}, doc! {}, 0)).0, "IXSCAN");
    assert_eq!(stage(&db.explain(doc! {"$or": [{"words": "w2"}, {"_id": 3}]}, doc! {}, 0)).0, "OR");
    assert_eq!(stage(&db.explain(doc! {"_id": 3}, doc! {}, 0)).0, "IDHACK");
    assert_eq!(stage(&db.explain(doc! {"$expr": {"$eq": ["$created_at", 3]}}, doc! {}, 0)).0, "IXSCAN");
}

#[test]
fn values_of_mixed_types_are_found_through_an_index() {
    let db = Database::new();
    let values = vec![
        Bson::Null,
        1.into(),
        1.5.into(),
        Bson::Int64(1),
        "a".into(),
        "b\0c".into(),
        true.into(),
        Bson::Array(vec![]),
        bson::bson!([1, "a"]),
        bson::bson!({"x": 1}),
        Bson::Double(f64::NAN),
        Bson::MinKey,
        Bson::MaxKey,
    ];
    let documents = values.iter().enumerate().map(|(id, value)| doc! {"_id": id as i32, "v": value.clone()}).collect();
    db.insert(documents).unwrap();
    db.insert(vec![doc! {"_id": 99}]).unwrap();
    let ask = || -> Vec<Vec<i32>> {
        let one = |value: &Bson| {
            ["$eq", "$lt", "$lte", "$gt", "$gte"].map(|operator| db.ids(doc! {"v": {operator: value.clone()}}, doc! {"_id": 1}))
        };
        values.iter().flat_map(one).collect()
    };
    let before = ask();
    db.index(doc! {"key": {"v": 1}}).unwrap();
    assert_eq!(before, ask());
    db.run(engine::Command::DropIndexes { collection: "c".into(), names: vec!["v_1".into()] }).unwrap();
    db.index(doc! {"key": {"v": -1}}).unwrap();
    assert_eq!(before, ask());
}

/// A part of digits is a position in an array and a name in its elements: an index never changes what is found.
#[test]
fn paths_with_positions_find_the_same_through_an_index() {
    let leaves: Vec<Bson> = vec![1.into(), "A".into(), Bson::Null, bson::bson!([]), bson::bson!({}), bson::bson!(["A", 1])];
    let mut shapes = leaves.clone();
    for leaf in &leaves {
        shapes.extend([
            bson::bson!([leaf.clone()]),
            bson::bson!({"0": leaf.clone()}),
            bson::bson!([{"0": leaf.clone()}]),
            bson::bson!([{"b": leaf.clone()}, {"0": leaf.clone()}]),
            bson::bson!([[leaf.clone()], {}]),
            bson::bson!([1, [leaf.clone()]]),
            bson::bson!([{"b": [leaf.clone()]}, {}]),
            bson::bson!({"b": [{"0": leaf.clone()}, leaf.clone()]}),
            bson::bson!([{"0": {"b": leaf.clone()}}, {"b": 1}]),
        ]);
    }
    let paths = ["a.0", "a.1", "a.b.0", "a.0.b", "a.0.0"];
    let tests = [
        bson::bson!("A"),
        Bson::Null,
        bson::bson!({"$lt": "B"}),
        bson::bson!({"$gte": 1}),
        bson::bson!({"$lte": Bson::Null}),
        bson::bson!({"$in": [Bson::Null, 1]}),
        bson::bson!({"$in": ["A", 1]}),
        bson::bson!({"$regex": "^A"}),
        bson::bson!({"$ne": "A"}),
        bson::bson!({"$exists": true}),
        bson::bson!({"$elemMatch": {"$gte": 1}}),
        bson::bson!({"$elemMatch": {"0": "A"}}),
        bson::bson!({}),
    ];
    let db = Database::new();
    db.insert(shapes.iter().enumerate().map(|(id, shape)| doc! {"_id": id as i32, "a": shape.clone()}).collect()).unwrap();
    let ask = |db: &Database| -> Vec<(String, Vec<i32>)> {
        let mut filters: Vec<Document> = Vec::new();
        for path in paths {
            filters.extend(tests.iter().map(|test| doc! {path: test.clone()}));
        }
        for name in ["0", "1", "b", "0.b"] {
            filters.extend(tests.iter().map(|test| doc! {"a": {"$elemMatch": {name: test.clone()}}}));
        }
        filters.into_iter().map(|filter| (filter.to_string(), db.ids(filter, doc! {"_id": 1}))).collect()
    };
    let scanned = ask(&db);
    for path in paths {
        for direction in [1, -1] {
            db.index(doc! {"key": {path: direction}, "name": "one"}).unwrap();
            let indexed = ask(&db);
            for (scan, index) in scanned.iter().zip(&indexed) {
                assert_eq!(scan, index, "through {path}");
            }
            db.run(engine::Command::DropIndexes { collection: "c".into(), names: vec!["one".into()] }).unwrap();
        }
    }
    db.index(doc! {"key": {"a.0": 1}, "name": "one"}).unwrap();
    assert_eq!(stage(&db.explain(doc! {"a.0": "A"}, doc! {}, 0)), ("IXSCAN".into(), "one".into()));
}
