//! No request ends in a fault, whatever it holds: the readers, the parsers and the engine behind them answer or refuse.

mod grammar;
mod words;

use std::{cell::Cell, sync::Arc, time::Duration};

use bson::{Bson, Document, doc};
use bytes::Bytes;
use data_api::Action;
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_oneof, proptest,
    sample::select,
    test_runner::{Config as Cases, TestRunner},
};
use tokio::{
    runtime::Runtime,
    sync::{Semaphore, watch},
};

use crate::{
    backend::Database,
    config::{Backend, Key, Limits},
    ejson::{self, Form},
    perform::{Reply, Request, Turn},
};

/// An embedded database that requests are made up for.
struct Stage {
    runtime: Runtime,
    database: Database,
    key: Arc<Key>,
    /// Bodies that were made up, and those that were not refused.
    asked: Cell<u32>,
    answered: Cell<u32>,
    _stop: watch::Sender<bool>,
}

/// No request of these may take longer, even on a busy machine that builds for debugging.
const TIME: Duration = Duration::from_secs(30);

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (stop, stopped) = watch::channel(false);
        let database = runtime.block_on(Database::open(Backend::Temporary, Vec::new(), &Limits::default(), stopped)).unwrap();
        let stage =
            Self { runtime, database, key: Arc::new(Key::new("key")), asked: Cell::new(0), answered: Cell::new(0), _stop: stop };
        stage.furnish();
        stage
    }

    /// Documents and indexes of all sorts, so that there is something to find and to change.
    fn furnish(&self) {
        let when = bson::DateTime::from_millis(1_763_614_800_000);
        let documents = vec![
            doc! {"_id": 1, "a": 1, "list": [1, 2, 3], "when": when, "text": "abc"},
            doc! {"_id": 2, "a": 2.5, "list": [{"x": 1, "y": [1]}, {"x": 2}], "when": when, "text": "é日\u{1F600}"},
            doc! {"_id": 3, "a": {"b": {"c": 1}}, "list": [], "text": ""},
            doc! {"_id": 4, "a": Bson::Null, "b": f64::NAN, "list": [[1], [2, [3]]], "when": bson::DateTime::MAX},
        ];
        for (action, body) in [
            ("insertMany", doc! {"database": "d", "collection": "c", "documents": documents}),
            (
                "createIndexes",
                doc! {"database": "d", "collection": "c", "indexes": [{"key": {"a": 1, "list": -1}}, {"key": {"list.x": 1}}, {"key": {"text": "text"}}]},
            ),
        ] {
            let reply = self.ask(action, text(&body));
            assert!(reply.status < 300, "{}", String::from_utf8_lossy(&reply.body));
        }
    }

    /// The answer to a body; a fault within fails the test here.
    fn ask(&self, action: &str, body: Vec<u8>) -> Reply {
        let request = Request {
            action: Action::from_name(action).unwrap(),
            body: Bytes::from(body),
            form: Form::Canonical,
            key: Arc::clone(&self.key),
            limits: Arc::new(Limits::default()),
            turn: Arc::new(Turn::default()),
        };
        self.runtime.block_on(async {
            let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
            let working = self.database.start(request, place);
            let reply = tokio::time::timeout(TIME, working).await.expect("it is answered in time");
            reply.expect("it does not end in a fault")
        })
    }

    /// Asks, and holds the answer against the protocol.
    fn check(&self, action: &str, body: Vec<u8>) {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = self.ask(action, body);
        let answer = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(matches!(reply.status, 200 | 201 | 400 | 409), "{action} {shown}: {} {answer}", reply.status);
        assert!(ejson::read(&reply.body).is_ok(), "{action} {shown}: {answer}");
        self.asked.set(self.asked.get() + 1);
        self.answered.set(self.answered.get() + u32::from(reply.status < 300));
    }
}

fn text(document: &Document) -> Vec<u8> {
    let mut text = Vec::new();
    ejson::write_document(&mut text, document, Form::Canonical);
    text
}

/// With `cargo xtask test --full`, many times as many.
fn cases(count: u32) -> Cases {
    let times = if std::env::var_os("EDGEWISE_FULL").is_some() { 20 } else { 1 };
    Cases { cases: count * times, failure_persistence: None, max_shrink_iters: 2_000, ..Cases::default() }
}

/// Runs the check on made-up values; a tenth of what it asks has to get past every parser, or little would be tried.
fn hold<T: Strategy>(count: u32, strategy: T, check: impl Fn(&Stage, T::Value)) {
    let stage = Stage::new();
    let outcome = TestRunner::new(cases(count)).run(&strategy, |value| {
        check(&stage, value);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let (asked, answered) = (stage.asked.get(), stage.answered.get());
    assert!(answered * 10 > asked, "{answered} of {asked} were answered");
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = ejson::read(&bytes);
    }

    #[test]
    fn anything_like_json_is_read_or_refused(text in r#"(\{|\[|"(\$date|\$oid|\$binary|\$numberDecimal|a)":|"[0-9a-f.\\-]{0,24}"|-?[0-9]{1,20}(\.[0-9])?|null|,|:|\}|\]){0,40}"#) {
        let _ = ejson::read(text.as_bytes());
    }
}

#[test]
fn any_body_of_any_action_is_answered() {
    hold(1_500, grammar::request(), |stage, (action, body)| stage.check(&action, text(&body)));
}

#[test]
fn any_filter_is_answered() {
    hold(800, grammar::filter(), |stage, filter| {
        stage.check("find", text(&doc! {"database": "d", "collection": "c", "filter": filter}));
    });
}

#[test]
fn any_update_is_answered_and_leaves_a_sound_document() {
    hold(400, (grammar::document(), grammar::update()), |stage, (mut document, update)| {
        document.insert("_id", 99);
        stage.check("deleteMany", text(&doc! {"database": "d", "collection": "u", "filter": {}}));
        stage.check("insertOne", text(&doc! {"database": "d", "collection": "u", "document": document}));
        let filters = doc! {"list": {"$exists": true}, "_id": 99};
        stage.check("updateOne", text(&doc! {"database": "d", "collection": "u", "filter": filters, "update": update.clone(), "arrayFilters": [{"e": {"$gt": 0}}]}));
        stage.check(
            "updateOne",
            text(&doc! {"database": "d", "collection": "u", "filter": {"_id": 98}, "update": update, "upsert": true}),
        );
        stage.check("find", text(&doc! {"database": "d", "collection": "u"}));
    });
}

#[test]
fn any_expression_is_answered() {
    hold(1_500, grammar::expression(), |stage, expression| {
        let pipeline = vec![doc! {"$project": {"r": {"$ifNull": [expression, 1]}}}];
        stage.check("aggregate", text(&doc! {"database": "d", "collection": "c", "pipeline": pipeline}));
    });
}

#[test]
fn any_pipeline_is_answered() {
    hold(1_000, grammar::pipeline(), |stage, pipeline| {
        stage.check("aggregate", text(&doc! {"database": "d", "collection": "c", "pipeline": pipeline}));
    });
}

/// Paths of any number of parts, wherever a path can stand; what they leave can be read.
#[test]
fn any_long_path_is_answered_and_leaves_a_sound_document() {
    let places = [
        ("updateOne", r#""filter":{"_id":1},"update":{"$set":{"P":1}}"#),
        ("updateOne", r#""filter":{"_id":1},"update":{"$push":{"list":{"$each":[],"$sort":{"P":1}}}}"#),
        ("updateOne", r#""filter":{"_id":1},"update":{"$rename":{"a":"P"}}"#),
        ("updateOne", r#""filter":{"_id":77,"P":1},"update":{"$set":{"n":1}},"upsert":true"#),
        ("updateOne", r#""filter":{"_id":1},"update":[{"$set":{"P":"$a"}}]"#),
        ("find", r#""filter":{"P":1}"#),
        ("find", r#""filter":{"list":{"$elemMatch":{"P":1}}}"#),
        ("find", r#""sort":{"P":1}"#),
        ("find", r#""projection":{"P":1}"#),
        ("find", r#""projection":{"P":{"P":1}}"#),
        ("aggregate", r#""pipeline":[{"$project":{"x":"$P"}}]"#),
        ("aggregate", r#""pipeline":[{"$lookup":{"from":"c","localField":"P","foreignField":"P","as":"P"}}]"#),
        ("createIndexes", r#""indexes":[{"key":{"P":1},"name":"long"}]"#),
    ];
    let parts = prop_oneof![1..250_usize, 190..210_usize, 2_500..30_000_usize];
    hold(40, (select(places.to_vec()), parts, select(vec!["a", "0", "b"])), |stage, ((action, rest), parts, name)| {
        let body = format!(r#"{{"database":"d","collection":"c",{}}}"#, rest.replace('P', &vec![name; parts].join(".")));
        stage.check(action, body.into_bytes());
        assert_eq!(stage.ask("find", text(&doc! {"database": "d", "collection": "c"})).status, 200);
    });
}

/// Values that grow with every step are answered while they are small and refused when they are not.
#[test]
fn any_doubling_is_answered_or_refused() {
    let bodies: [&str; 7] = [
        r#"["$$value"]"#,
        r#"{"a":"$$value"}"#,
        r#"["$$value","$$value"]"#,
        r#"{"a":"$$value","b":"$$value"}"#,
        r#"{"$concatArrays":[["$$this"],{"$cond":[{"$isArray":"$$value"},"$$value",[]]},{"$cond":[{"$isArray":"$$value"},"$$value",[]]}]}"#,
        r#"{"$concat":[{"$toString":{"$ifNull":["$$value","x"]}},{"$toString":{"$ifNull":["$$value","x"]}}]}"#,
        r#"{"$map":{"input":[1,2,3],"in":"$$value"}}"#,
    ];
    hold(12, (select(bodies.to_vec()), prop_oneof![1..12_u32, 20..40_u32, 1_000..200_000_u32]), |stage, (body, steps)| {
        let fold = format!(r#"{{"$reduce":{{"input":{{"$range":[0,{steps}]}},"initialValue":"x","in":{body}}}}}"#);
        let pipeline = format!(r#"[{{"$limit":1}},{{"$project":{{"x":{{"$type":{fold}}}}}}}]"#);
        stage.check("aggregate", format!(r#"{{"database":"d","collection":"c","pipeline":{pipeline}}}"#).into_bytes());
    });
}

/// What is nested around a value, and where it can stand.
#[test]
fn what_is_nested_too_deep_is_refused_and_what_is_not_is_answered() {
    let stage = Stage::new();
    let wraps: [(&str, &str, &str); 6] = [
        ("find", r#"{"database":"d","collection":"c","filter":X}"#, r#"{"$and":[X]}"#),
        ("find", r#"{"database":"d","collection":"c","filter":{"a":X}}"#, r#"{"$not":X}"#),
        ("find", r#"{"database":"d","collection":"c","filter":{"list":X}}"#, r#"{"$elemMatch":X}"#),
        ("aggregate", r#"{"database":"d","collection":"c","pipeline":[{"$project":{"x":X}}]}"#, r#"{"$abs":X}"#),
        ("aggregate", r#"{"database":"d","collection":"c","pipeline":[X]}"#, r#"{"$facet":{"x":[X]}}"#),
        ("insertOne", r#"{"database":"d","collection":"c","document":{"x":X}}"#, r#"{"x":X}"#),
    ];
    for (action, body, wrap) in wraps {
        for depth in [10, 60, 100, 150, 190, 230, 5_000] {
            let (before, after) = wrap.split_once('X').unwrap();
            let nested = format!("{}{{}}{}", before.repeat(depth), after.repeat(depth));
            let body = body.replace('X', &nested).into_bytes();
            let is_refused = ejson::read(&body).is_err();
            assert_eq!(is_refused, depth * wrap.matches(['{', '[']).count() > 210, "{action} {wrap} {depth}");
            stage.check(action, body);
        }
    }
}
