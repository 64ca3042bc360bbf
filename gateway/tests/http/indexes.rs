//! Indexes over many documents, which are built beside other requests.

use serde_json::json;

use crate::support::{self, Client, config};

#[tokio::test]
async fn an_index_over_many_documents_is_made_or_refused_as_over_few() {
    let running = support::start(config()).await;
    let mut client = Client::connect(running.address).await;
    let documents: Vec<_> = (0..3_000).map(|id| json!({"_id": id, "n": id % 50, "u": id % 2_999})).collect();
    let inserted = client.act("insertMany", "admin", &json!({"database": "d", "collection": "c", "documents": documents})).await;
    assert_eq!(inserted.status, 201, "{}", inserted.text);
    let create = |index: serde_json::Value| json!({"database": "d", "collection": "c", "indexes": [index]});
    let made = client.act("createIndexes", "admin", &create(json!({"key": {"n": 1}}))).await;
    assert_eq!((made.status, made.json()["numIndexesAfter"].as_i64()), (200, Some(2)), "{}", made.text);
    let again = client.act("createIndexes", "admin", &create(json!({"key": {"n": 1}}))).await;
    assert_eq!(again.json()["note"], "all indexes already exist", "{}", again.text);
    let refused = client.act("createIndexes", "admin", &create(json!({"key": {"u": 1}, "unique": true}))).await;
    assert_eq!((refused.status, refused.json()["index"].as_str()), (409, Some("u_1")), "{}", refused.text);
    let listed = client.act("listIndexes", "admin", &json!({"database": "d", "collection": "c"})).await;
    let names: Vec<_> = listed.json()["indexes"].as_array().unwrap().iter().map(|index| index["name"].clone()).collect();
    assert_eq!(names, ["_id_", "n_1"]);
    let find = json!({"find": {"collection": "c", "filter": {"n": 7}}});
    let plan = client.act("explain", "admin", &json!({"database": "d", "operation": find})).await.json();
    assert_eq!(plan["explain"]["queryPlanner"]["winningPlan"]["indexName"], "n_1", "{plan}");
    assert_eq!(plan["explain"]["executionStats"]["nReturned"], 60);
}
