//! Commands over the whole engine: upserts, findOneAnd*, aggregation, indexes, validators.

use crate::open::Database;
use bson::{Bson, Document, doc};
use engine::{Command, Outcome, Update};

fn aggregate(db: &Database, pipeline: Vec<Document>) -> Vec<Document> {
    match db.run(Command::Aggregate { collection: "c".into(), pipeline }).unwrap() {
        Outcome::Documents(documents) => documents,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_upsert_begins_with_what_the_filter_fixes() {
    let db = Database::new();
    let outcome =
        db.update(doc! {"_id": 7, "a.b": 1, "n": {"$gt": 3}}, doc! {"$inc": {"n": 2}, "$setOnInsert": {"x": 1}}, true).unwrap();
    assert_eq!(outcome, Outcome::Updated { matched: 0, modified: 0, upserted_id: Some(Bson::Int32(7)) });
    assert_eq!(db.find(doc! {}, doc! {}, 0), [doc! {"_id": 7, "a": {"b": 1}, "n": 2, "x": 1}]);
    let outcome = db.update(doc! {"_id": 7}, doc! {"$set": {"n": 2}}, true).unwrap();
    assert_eq!(outcome, Outcome::Updated { matched: 1, modified: 0, upserted_id: None });
}

#[test]
fn find_one_and_update_answers_before_or_after() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1, "n": 1}, doc! {"_id": 2, "n": 1}]).unwrap();
    let ask = |return_after| Command::FindOneAndUpdate {
        collection: "c".into(),
        filter: doc! {"n": {"$lt": 9}},
        update: Update::Document(doc! {"$inc": {"n": 1}}),
        sort: Some(doc! {"_id": -1}),
        projection: Some(doc! {"_id": 0}),
        upsert: false,
        return_after,
        array_filters: Vec::new(),
    };
    assert_eq!(db.run(ask(false)).unwrap(), Outcome::Document(Some(doc! {"n": 1})));
    assert_eq!(db.run(ask(true)).unwrap(), Outcome::Document(Some(doc! {"n": 3})));
}

#[test]
fn array_filters_choose_elements_and_pipelines_update() {
    let db = Database::new();
    db.insert(vec![doc! {"_id": 1, "l": [{"k": "a", "n": 1}, {"k": "b", "n": 2}]}]).unwrap();
    let update = |update, array_filters| Command::UpdateOne {
        collection: "c".into(),
        filter: doc! {"_id": 1},
        update,
        upsert: false,
        array_filters,
        sort: None,
    };
    db.run(update(Update::Document(doc! {"$set": {"l.$[e].n": 9}}), vec![doc! {"e.k": "b"}])).unwrap();
    db.run(update(Update::Pipeline(vec![doc! {"$set": {"sum": {"$sum": "$l.n"}}}]), Vec::new())).unwrap();
    assert_eq!(db.find(doc! {}, doc! {}, 0), [doc! {"_id": 1, "l": [{"k": "a", "n": 1}, {"k": "b", "n": 9}], "sum": 10}]);
}

#[test]
fn pipelines_group_join_and_split() {
    let db = Database::new();
    db.insert(vec![
        doc! {"_id": 1, "owner": "x", "amount": 5, "tags": ["a", "b"]},
        doc! {"_id": 2, "owner": "y", "amount": 7, "tags": []},
        doc! {"_id": 3, "owner": "x", "amount": 2.5, "tags": ["b"]},
    ])
    .unwrap();
    db.run(Command::InsertMany { collection: "owners".into(), documents: vec![doc! {"_id": "x", "name": "Xu"}], ordered: true })
        .unwrap();
    for (pipeline, expected) in [
        (
            vec![doc! {"$group": {"_id": "$owner", "sum": {"$sum": "$amount"}, "n": {"$count": {}}}}, doc! {"$sort": {"_id": 1}}],
            vec![doc! {"_id": "x", "sum": 7.5, "n": 2}, doc! {"_id": "y", "sum": 7, "n": 1}],
        ),
        (
            vec![doc! {"$unwind": "$tags"}, doc! {"$sortByCount": "$tags"}],
            vec![doc! {"_id": "b", "count": 2}, doc! {"_id": "a", "count": 1}],
        ),
        (
            vec![
                doc! {"$match": {"_id": {"$lt": 3}}},
                doc! {"$lookup": {"from": "owners", "localField": "owner", "foreignField": "_id", "as": "o"}},
                doc! {"$project": {"name": {"$first": "$o.name"}}},
            ],
            vec![doc! {"_id": 1, "name": "Xu"}, doc! {"_id": 2}],
        ),
        (
            vec![
                doc! {"$lookup": {"from": "owners", "let": {"o": "$owner"}, "pipeline": [{"$match": {"$expr": {"$eq": ["$_id", "$$o"]}}}, {"$count": "n"}], "as": "o"}},
                doc! {"$match": {"o.n": 1}},
                doc! {"$count": "with_owner"},
            ],
            vec![doc! {"with_owner": 2}],
        ),
        (
            vec![
                doc! {"$facet": {"all": [{"$count": "n"}], "top": [{"$sort": {"amount": -1}}, {"$limit": 1}, {"$project": {"_id": 1}}]}},
            ],
            vec![doc! {"all": [{"n": 3}], "top": [{"_id": 2}]}],
        ),
        (
            vec![
                doc! {"$setWindowFields": {"partitionBy": "$owner", "sortBy": {"_id": 1}, "output": {"run": {"$sum": "$amount", "window": {"documents": ["unbounded", "current"]}}}}},
                doc! {"$project": {"run": 1}},
            ],
            vec![doc! {"_id": 1, "run": 5}, doc! {"_id": 3, "run": 7.5}, doc! {"_id": 2, "run": 7}],
        ),
    ] {
        assert_eq!(aggregate(&db, pipeline.clone()), expected, "{pipeline:?}");
    }
}

#[test]
fn a_validator_refuses_what_it_does_not_match() {
    let db = Database::new();
    let validator = doc! {"$jsonSchema": {"required": ["name"], "properties": {"name": {"bsonType": "string"}}}};
    db.run(Command::SetValidator { collection: "c".into(), validator }).unwrap();
    assert_eq!(db.insert(vec![doc! {"_id": 1}]).unwrap_err().code, 121);
    db.insert(vec![doc! {"_id": 1, "name": "a"}]).unwrap();
    assert_eq!(db.update(doc! {"_id": 1}, doc! {"$set": {"name": 1}}, false).unwrap_err().code, 121);
}

#[test]
fn unique_indexes_treat_null_and_equal_numbers_as_the_same() {
    let db = Database::new();
    db.index(doc! {"key": {"a": 1}, "unique": true}).unwrap();
    db.insert(vec![doc! {"_id": 1, "a": 1}, doc! {"_id": 2}]).unwrap();
    for document in
        [doc! {"_id": 3, "a": 1.0}, doc! {"_id": 4, "a": Bson::Null}, doc! {"_id": 5, "a": [9, 1_i64]}, doc! {"_id": 1.0, "a": 6}]
    {
        assert_eq!(db.insert(vec![document]).unwrap_err().code, 11000);
    }
    db.insert(vec![doc! {"_id": 6, "a": [7, 7]}]).unwrap();
    assert_eq!(db.update(doc! {"_id": 6}, doc! {"$set": {"a": 1}}, false).unwrap_err().code, 11000);
    assert_eq!(db.find(doc! {"_id": 6}, doc! {}, 0), [doc! {"_id": 6, "a": [7, 7]}]);
}

#[test]
fn words_are_found_through_a_text_index() {
    let db = Database::new();
    let search = |text: &str| doc! {"$text": {"$search": text}};
    db.insert(vec![
        doc! {"_id": 1, "title": "Painting the kitchen", "note": "blue walls"},
        doc! {"_id": 2, "title": "New roof", "note": "Walls are fine"},
        doc! {"_id": 3, "title": "Café"},
    ])
    .unwrap();
    let all = |filter: Document| Command::Find {
        collection: "c".into(),
        filter,
        projection: None,
        sort: None,
        limit: None,
        skip: None,
    };
    assert_eq!(db.run(all(search("walls"))).unwrap_err().code, 27);
    db.index(doc! {"key": {"title": "text", "note": "text"}}).unwrap();
    assert_eq!(db.index(doc! {"key": {"other": "text"}}).unwrap_err().code, 67);
    db.update(doc! {"_id": 2}, doc! {"$set": {"note": "gutters"}}, false).unwrap();
    for (text, found) in [
        ("wall", vec![1]),
        ("kitchens roof", vec![1, 2]),
        ("\"the kitchen\"", vec![1]),
        ("kitchen roof -new", vec![1]),
        ("cafe", vec![3]),
        ("nothing", vec![]),
        ("\" OR *", vec![]),
    ] {
        assert_eq!(db.ids(search(text), doc! {"_id": 1}), found, "{text}");
    }
    let mut both = search("kitchen roof");
    both.insert("_id", doc! {"$gt": 1});
    assert_eq!(db.ids(both, doc! {}), [2]);
    db.run(Command::DeleteOne { collection: "c".into(), filter: doc! {"_id": 2} }).unwrap();
    assert_eq!(db.ids(search("roof"), doc! {}), Vec::<i32>::new());
    assert_eq!(aggregate(&db, vec![doc! {"$match": search("kitchen")}, doc! {"$count": "n"}]), [doc! {"n": 1}]);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}
