//! Indexes that are built while others write, and what is left of a build that ends early.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command as Process, Stdio},
    thread,
};

use bson::{Document, doc};
use engine::{Command, Engine, Mode, Outcome};

use crate::open::Database;

const DOCUMENTS: i32 = 50_000;

fn fill(db: &Database, count: i32) {
    let document = |id: i32| doc! {"_id": id, "n": id % 1000, "tags": [id % 7, id % 5], "text": "some words"};
    for start in (0..count).step_by(1000) {
        db.insert((start..(start + 1000).min(count)).map(document).collect()).unwrap();
    }
}

fn indexes(engine: &Engine) -> Vec<(String, bool)> {
    let command = Command::ListIndexes { collection: "c".into() };
    let Outcome::Documents(list) = engine.begin(Mode::Read).unwrap().run("test", &command).unwrap() else {
        panic!("no list");
    };
    let one = |index: &Document| (index.get_str("name").unwrap().to_owned(), index.get_bool("building").unwrap_or(false));
    list.iter().map(one).collect()
}

fn stage(plan: &Document) -> &str {
    plan.get_document("queryPlanner").unwrap().get_document("winningPlan").unwrap().get_str("stage").unwrap()
}

#[test]
fn writers_go_on_while_indexes_are_built_and_the_indexes_agree() {
    let db = Database::new();
    fill(&db, DOCUMENTS);
    let engine = db.engine.clone();
    let wanted = vec![
        doc! {"key": {"n": 1, "tags": -1}},
        doc! {"key": {"tags": 1}, "partialFilterExpression": {"n": {"$gt": 10}}},
        doc! {"key": {"u": 1}, "unique": true, "sparse": true},
        doc! {"key": {"text": "text"}},
    ];
    let (written, seen_building) = thread::scope(|scope| {
        let building = scope.spawn(|| engine.create_indexes("test", "c", &wanted).unwrap());
        let (mut written, mut seen_building) = (0, 0);
        while !building.is_finished() {
            let is_building = indexes(&db.engine).iter().any(|(_, building)| *building);
            // Documents at both ends and in the middle: changed, gone, come back, new.
            for id in [written % DOCUMENTS, DOCUMENTS - 1 - written, DOCUMENTS / 2 + written] {
                db.update(doc! {"_id": id}, doc! {"$set": {"n": -1, "u": id}, "$push": {"tags": 99}}, false).unwrap();
                db.update(doc! {"_id": id}, doc! {"$set": {"text": "others"}}, false).unwrap();
            }
            db.run(Command::DeleteOne { collection: "c".into(), filter: doc! {"_id": 3 * written + 1} }).unwrap();
            db.insert(vec![doc! {"_id": DOCUMENTS + written, "n": 5, "tags": [1], "u": -1 - written, "text": "new words"}])
                .unwrap();
            written += 1;
            let plan = db.explain(doc! {"n": 5}, doc! {}, 1);
            if is_building && plan.get_document("queryPlanner").unwrap().contains_key("indexesBeingBuilt") {
                assert_eq!(stage(&plan), "COLLSCAN");
                seen_building += 1;
            }
        }
        let Outcome::Document(Some(answer)) = building.join().unwrap() else { panic!("no answer") };
        assert_eq!((answer.get_i32("numIndexesBefore").unwrap(), answer.get_i32("numIndexesAfter").unwrap()), (1, 5));
        (written, seen_building)
    });
    assert!(seen_building > 10, "{seen_building} of {written} rounds ran during the build");
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
    assert!(indexes(&db.engine).iter().all(|(_, building)| !building));
    let plan = db.explain(doc! {"n": 5}, doc! {}, 0);
    assert_eq!(stage(&plan), "IXSCAN");
    assert!(!plan.get_document("queryPlanner").unwrap().contains_key("indexesBeingBuilt"));
    assert_eq!(db.find(doc! {"$text": {"$search": "new"}}, doc! {}, 0).len(), usize::try_from(written).unwrap());
}

#[test]
fn a_duplicate_ends_a_build_and_leaves_nothing() {
    let db = Database::new();
    fill(&db, 3_000);
    db.update(doc! {"_id": 2_999}, doc! {"$set": {"n": 0, "u": 0}}, false).unwrap();
    db.update(doc! {"_id": 0}, doc! {"$set": {"u": 0}}, false).unwrap();
    let wanted = [doc! {"key": {"tags": 1}}, doc! {"key": {"u": 1}, "unique": true, "sparse": true}];
    let error = db.engine.create_indexes("test", "c", &wanted).unwrap_err();
    assert_eq!((error.code, error.key.unwrap().index.as_str()), (11000, "u_1"));
    assert_eq!(indexes(&db.engine), [("_id_".to_owned(), false)]);
    db.update(doc! {"_id": 0}, doc! {"$unset": {"u": 1}}, false).unwrap();
    db.engine.create_indexes("test", "c", &wanted).unwrap();
    let again = db.engine.create_indexes("test", "c", &wanted).unwrap();
    assert!(matches!(again, Outcome::Document(Some(answer)) if answer.contains_key("note")));
    assert_eq!(db.engine.create_indexes("test", "c", &[doc! {"key": {"a": 3.5, "b": "x"}}]).unwrap_err().code, 67);
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn of_two_that_ask_for_the_same_index_both_get_it() {
    let db = Database::new();
    fill(&db, 5_000);
    let ask = || db.engine.create_indexes("test", "c", &[doc! {"key": {"n": 1}}]).unwrap();
    let answers = thread::scope(|scope| [scope.spawn(ask), scope.spawn(ask)].map(|asked| asked.join().unwrap()));
    let noted = answers.iter().filter(|answer| matches!(answer, Outcome::Document(Some(answer)) if answer.contains_key("note")));
    assert_eq!(noted.count(), 1, "{answers:?}");
    assert_eq!(indexes(&db.engine), [("_id_".to_owned(), false), ("n_1".to_owned(), false)]);
}

#[test]
fn a_dropped_collection_ends_its_build() {
    let db = Database::new();
    fill(&db, 20_000);
    let engine = db.engine.clone();
    thread::scope(|scope| {
        let building = scope.spawn(|| engine.create_indexes("test", "c", &[doc! {"key": {"n": 1}}]));
        while !indexes(&db.engine).iter().any(|(_, building)| *building) {
            assert!(!building.is_finished(), "the build was over too soon");
        }
        db.run(Command::DropCollection { collection: "c".into() }).unwrap();
        db.insert(vec![doc! {"_id": 1}]).unwrap();
        assert_eq!(building.join().unwrap().unwrap_err().code, 276);
    });
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());
}

/// Started by the next test: builds an index over what is there.
#[test]
fn builder_that_is_killed() {
    let Ok(path) = std::env::var("ENGINE_TEST_BUILDER") else {
        return;
    };
    let engine = Engine::open(path.as_ref()).unwrap();
    writeln!(std::io::stderr(), "opened").unwrap();
    engine.create_indexes("test", "c", &[doc! {"key": {"n": 1, "tags": 1}}]).unwrap();
}

#[test]
fn a_build_that_is_killed_is_cleaned_up_at_the_next_opening() {
    let db = Database::new();
    fill(&db, 20_000);
    let mut builder = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "builds::builder_that_is_killed", "--nocapture"])
        .env("ENGINE_TEST_BUILDER", &db.path)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(builder.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "opened");
    while !indexes(&db.engine).iter().any(|(_, building)| *building) {
        assert!(builder.try_wait().unwrap().is_none(), "the build was over too soon");
    }
    builder.kill().unwrap();
    builder.wait().unwrap();
    assert_eq!(indexes(&db.engine)[1], ("n_1_tags_1".to_owned(), true));
    db.update(doc! {"_id": 1}, doc! {"$set": {"n": 77}}, false).unwrap();
    assert_eq!(db.engine.verify().unwrap(), Vec::<String>::new());

    let reopened = Engine::open(&db.path).unwrap();
    assert_eq!(indexes(&reopened), [("_id_".to_owned(), false)]);
    reopened.create_indexes("test", "c", &[doc! {"key": {"n": 1, "tags": 1}}]).unwrap();
    assert_eq!(reopened.verify().unwrap(), Vec::<String>::new());
    assert_eq!(indexes(&reopened)[1], ("n_1_tags_1".to_owned(), false));
}
