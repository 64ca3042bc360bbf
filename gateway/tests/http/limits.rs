//! What is over a limit is refused, and never left hanging.

use std::time::Duration;

use gateway::{Backend, Config, Limits, Rate};
use serde_json::json;

use crate::support::{self, ACTIONS, Client, config};

fn limited(change: impl FnOnce(&mut Limits)) -> Config {
    let mut config = config();
    change(&mut config.limits);
    config
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let running = support::start(limited(|limits| limits.body_bytes = 1000)).await;
    let mut client = Client::connect(running.address).await;
    let document = |length: usize| json!({"database": "d", "collection": "c", "document": {"a": "x".repeat(length)}});
    assert_eq!(client.act("insertOne", "admin", &document(800)).await.status, 201);
    let refused = client.act("insertOne", "admin", &document(1000)).await;
    assert_eq!((refused.status, refused.json()["error_code"].as_str()), (413, Some("BodyTooLarge")), "{}", refused.text);
    assert_eq!(client.act("insertOne", "admin", &document(10)).await.status, 201, "the connection is kept");

    let path = format!("{ACTIONS}insertOne");
    let chunk = format!("800\r\n{}\r\n0\r\n\r\n", "x".repeat(0x800));
    let head = format!("POST {path} HTTP/1.1\r\nhost: gateway\r\napi-key: admin\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send(format!("{head}{chunk}").as_bytes()).await;
    assert_eq!(client.answer().await.status, 413, "a body of unannounced length");
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let running = support::start(limited(|limits| limits.documents = 2)).await;
    let mut client = Client::connect(running.address).await;
    let with = |more: serde_json::Value| {
        let mut body = json!({"database": "d", "collection": "c"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let documents = json!({"documents": [{"_id": 1}, {"_id": 2}, {"_id": 3}]});
    assert_eq!(client.act("insertMany", "admin", &with(documents)).await.status, 201);
    let table = [
        ("find", json!({}), 400),
        ("find", json!({"limit": 3}), 400),
        ("find", json!({"limit": 2}), 200),
        ("find", json!({"filter": {"_id": {"$gt": 1}}}), 200),
        ("aggregate", json!({"pipeline": []}), 400),
        ("aggregate", json!({"pipeline": [{"$limit": 2}]}), 200),
        ("aggregate", json!({"pipeline": [{"$count": "n"}]}), 200),
        ("distinct", json!({"field": "_id"}), 400),
    ];
    for (action, more, status) in table {
        let answer = client.act(action, "admin", &with(more.clone())).await;
        assert_eq!(answer.status, status, "{action} {more}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_answer_of_too_many_bytes_is_refused() {
    let running = support::start(limited(|limits| limits.answer_bytes = 10_000)).await;
    let mut client = Client::connect(running.address).await;
    let with = |more: serde_json::Value| {
        let mut body = json!({"database": "d", "collection": "c"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let documents: Vec<_> = (0..4).map(|id| json!({"_id": id, "text": "x".repeat(3_000)})).collect();
    assert_eq!(client.act("insertMany", "admin", &with(json!({"documents": documents}))).await.status, 201);
    let find = |more: serde_json::Value| json!({"find": {"collection": "c", "limit": more["limit"]}});
    let (three, one) = (find(json!({"limit": 3})), find(json!({"limit": 1})));
    let table = [
        ("find", json!({}), 400),
        ("find", json!({"limit": 3}), 200),
        ("find", json!({"projection": {"text": 0}}), 200),
        ("aggregate", json!({"pipeline": [{"$match": {}}]}), 400),
        ("aggregate", json!({"pipeline": [{"$limit": 3}]}), 200),
        ("distinct", json!({"field": "text"}), 200),
        ("aggregate", json!({"pipeline": [{"$group": {"_id": null, "all": {"$push": "$text"}}}]}), 400),
        ("transaction", json!({"operations": [three, three]}), 400),
        ("transaction", json!({"operations": [three]}), 200),
        ("transaction", json!({"operations": [one, one, one, one]}), 400),
    ];
    for (action, more, status) in table {
        let mut body = with(more.clone());
        if action == "transaction" {
            body.as_object_mut().unwrap().remove("collection");
        }
        let answer = client.act(action, "admin", &body).await;
        assert_eq!(answer.status, status, "{action} {more}: {}", answer.text);
        if status == 400 {
            assert!(answer.json()["error"].as_str().unwrap().contains("larger than 10000 bytes"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_transaction_with_too_long_an_answer_writes_nothing() {
    let running = support::start(limited(|limits| limits.answer_bytes = 1_000)).await;
    let mut client = Client::connect(running.address).await;
    let document = json!({"_id": 1, "text": "x".repeat(2_000)});
    let operations = json!([
        {"insertOne": {"collection": "c", "document": document}},
        {"findOne": {"collection": "c", "filter": {"_id": 1}}},
    ]);
    let refused = client.act("transaction", "admin", &json!({"database": "d", "operations": operations})).await;
    assert_eq!((refused.status, refused.json()["operation"].as_i64()), (400, Some(1)), "{}", refused.text);
    let count = client.act("countDocuments", "admin", &json!({"database": "d", "collection": "c"})).await;
    assert_eq!(count.text, r#"{"count":0}"#);

    let insert = json!({"database": "d", "collection": "c", "document": document});
    assert_eq!(client.act("insertOne", "admin", &insert).await.status, 201);
    let replace = json!({"database": "d", "collection": "c", "filter": {}, "replacement": {"a": 1}});
    let replaced = client.act("findOneAndReplace", "admin", &replace).await;
    assert_eq!(replaced.status, 200, "what has been written is told: {}", replaced.text);
}

#[tokio::test]
async fn a_partition_over_its_rate_is_refused_and_told_when_to_come_again() {
    let config = limited(|limits| limits.partition = Some(Rate { per_second: 1, burst: 3 }));
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let body = json!({"database": "d", "collection": "c"}).to_string();
    let path = format!("{ACTIONS}find");
    let mut statuses = Vec::new();
    let mut retry_after = None;
    for count_id in ["one", "one", "two", "three", "four", "one"] {
        let headers = [("api-key", "admin"), ("x-partition", "busy"), ("x-count-id", count_id)];
        let answer = client.request("POST", &path, &headers, &body).await;
        if answer.status == 429 {
            assert_eq!(answer.json()["error_code"], "TooManyRequests");
            retry_after = answer.headers.get("retry-after").cloned();
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429, 200], "the calls of one request are one");
    assert_eq!(retry_after.as_deref(), Some("1"));
    for (headers, status) in [
        (vec![("api-key", "admin"), ("x-partition", "quiet")], 200),
        (vec![("api-key", "admin")], 200),
        (vec![("api-key", "wrong"), ("x-partition", "busy")], 401),
        (vec![("api-key", "admin"), ("x-partition", "busy")], 429),
    ] {
        assert_eq!(client.request("POST", &path, &headers, &body).await.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_request_over_the_places_is_refused_and_told_when_to_come_again() {
    let running = support::start(limited(|limits| limits.concurrent = 1)).await;
    let body = json!({"database": "d", "collection": "c"});
    let mut first = Client::connect(running.address).await;
    first.begin("find", body.to_string().len()).await;

    let mut second = Client::connect(running.address).await;
    let refused = second.act("find", "admin", &body).await;
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "1"), "{}", refused.text);
    assert_eq!(refused.json()["error_code"], "TooManyRequests");

    first.send(body.to_string().as_bytes()).await;
    assert_eq!(first.answer().await.status, 200);
    assert_eq!(second.act("find", "admin", &body).await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let running = support::start(limited(|limits| limits.time = Duration::from_millis(50))).await;
    let mut client = Client::connect(running.address).await;
    client.begin("find", 10).await;
    let refused = client.answer().await;
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (400, Some(50)), "{}", refused.text);
}

#[tokio::test]
async fn a_write_out_of_time_is_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.sqlite");
    let mut config = limited(|limits| limits.time = Duration::from_millis(100));
    config.backend = Backend::Embedded { path: path.clone() };
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let insert = |id: i32| json!({"database": "d", "collection": "c", "document": {"_id": id}});
    assert_eq!(client.act("insertOne", "admin", &insert(1)).await.status, 201);

    // Another process has the file, so to say: the next write has to wait for longer than it may.
    let held = engine::Engine::open(&path).unwrap().begin(engine::Mode::Write).unwrap();
    let refused = client.act("insertOne", "admin", &insert(2)).await;
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (400, Some(50)), "{}", refused.text);
    drop(held);

    // Writers take turns: this one comes after the one that was refused has come to its end.
    let mut attempts = 0;
    while client.act("insertOne", "admin", &insert(3)).await.status != 201 {
        attempts += 1;
        assert!(attempts < 200, "the writer is never free again");
    }
    let found = client.act("distinct", "admin", &json!({"database": "d", "collection": "c", "field": "_id"})).await;
    assert_eq!(found.text, r#"{"values":[1,3]}"#);
}

#[tokio::test]
async fn a_transaction_has_a_bounded_number_of_operations() {
    let running = support::start(limited(|limits| limits.operations = 2)).await;
    let mut client = Client::connect(running.address).await;
    for (number, status) in [(2, 200), (3, 400)] {
        let operations = vec![json!({"findOne": {"collection": "c"}}); number];
        let answer = client.act("transaction", "admin", &json!({"database": "d", "operations": operations})).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

#[tokio::test]
async fn json_nested_too_deep_is_refused_with_its_code() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let body = format!(r#"{{"database":"d","collection":"c","document":{{"a":{deep}}}}}"#);
    let refused = client.request("POST", &format!("{ACTIONS}insertOne"), &[("api-key", "admin")], &body).await;
    assert_eq!((refused.status, refused.json()["code"].as_i64()), (400, Some(15)), "{}", refused.text);
}
