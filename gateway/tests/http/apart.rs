//! Transactions over several databases, in one file or in files of their own.

use std::{collections::BTreeSet, path::Path, time::Duration};

use gateway::{Apart, Backend, Config, Key};
use serde_json::{Value, json};

use crate::{
    program,
    support::{self, ACTIONS, Answer, Client, config, head},
    watch::watcher::Watcher,
};

fn apart(database: &str) -> Apart {
    Apart { database: database.into(), path: format!("{database}.sqlite").into() }
}

/// Temporary, with the database `keys` in a file of its own.
fn with_keys() -> Config {
    Config { apart: vec![apart("keys")], ..config() }
}

fn on_files(folder: &Path) -> Config {
    let apart = vec![Apart { path: folder.join("keys.sqlite"), ..apart("keys") }];
    Config { backend: Backend::Embedded { path: folder.join("main.sqlite") }, apart, ..config() }
}

/// Writes a key, and a lead that carries a value of it.
fn sealed(id: &str) -> Value {
    json!({"database": "crm", "operations": [
        {"insertOne": {"database": "keys", "collection": "keys", "document": {"_id": id, "secret": format!("secret-of-{id}")}}},
        {"findOne": {"database": "keys", "collection": "keys", "filter": {"_id": id}, "expect": {"document": {}}}},
        {"insertOne": {"collection": "leads", "document": {"_id": format!("lead-{id}")}, "refs": {"document.key": "1.document._id"}}},
    ]})
}

async fn act(client: &mut Client, action: &str, body: Value, status: u16) -> Value {
    let answer = client.act(action, "admin", &body).await;
    assert_eq!(answer.status, status, "{action} {body}: {}", answer.text);
    answer.json()
}

async fn count(client: &mut Client, database: &str, collection: &str) -> Value {
    act(client, "countDocuments", json!({"database": database, "collection": collection}), 200).await["count"].take()
}

#[tokio::test]
async fn operations_of_several_databases_are_written_all_or_not_at_all() {
    for config in [config(), with_keys()] {
        let running = support::start(config).await;
        let mut client = Client::connect(running.address).await;
        write_all_or_nothing(&mut client, "keys").await;
    }
}

#[tokio::test]
async fn operations_of_several_databases_are_written_all_or_not_at_all_on_mongodb() {
    let Some(config) = support::mongodb("operations_of_several_databases_are_written_all_or_not_at_all_on_mongodb") else {
        return;
    };
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    for database in ["crm", "keys"] {
        for collection in ["keys", "leads"] {
            act(&mut client, "deleteMany", json!({"database": database, "collection": collection, "filter": {}}), 200).await;
        }
    }
    write_all_or_nothing(&mut client, "keys").await;
}

async fn write_all_or_nothing(client: &mut Client, keys: &str) {
    let results = act(client, "transaction", sealed("a"), 200).await;
    assert_eq!(results["results"][1]["document"]["secret"], "secret-of-a");
    let lead = act(client, "findOne", json!({"database": "crm", "collection": "leads"}), 200).await;
    assert_eq!(lead["document"], json!({"_id": "lead-a", "key": "a"}), "a value went from one database into the other");

    // Refused by its last operation, in the one database and in the other.
    let mut unmet = sealed("b");
    let never = json!({"updateOne": {"collection": "leads", "filter": {"_id": "none"}, "update": {"$set": {"x": 1}}, "expect": {"matchedCount": 1}}});
    unmet["operations"].as_array_mut().unwrap().push(never);
    assert_eq!(act(client, "transaction", unmet.clone(), 409).await["operation"], 3);
    unmet["operations"][3]["updateOne"]["database"] = keys.into();
    assert_eq!(act(client, "transaction", unmet, 409).await["operation"], 3);
    let mut duplicate = sealed("c");
    duplicate["operations"][2]["insertOne"]["document"]["_id"] = "lead-a".into();
    assert_eq!(act(client, "transaction", duplicate, 409).await["error_code"], "DuplicateKey");
    assert_eq!((count(client, keys, "keys").await, count(client, "crm", "leads").await), (json!(1), json!(1)));
    assert_eq!(count(client, "crm", "keys").await, 0, "nothing of it is in the database of the request");
}

#[tokio::test]
async fn a_key_has_to_be_for_every_database_that_an_operation_names() {
    let mut config = with_keys();
    config.keys.push(Key::new("both").for_databases(["crm", "keys"]));
    config.keys.push(Key::new("one").for_databases(["crm"]));
    config.keys.push(Key { write: false, ..Key::new("looks") });
    let running = support::start(config).await;
    let mut client = Client::connect(running.address).await;
    let mut status = async |key: &str, body: Value| {
        let Answer { status, text, .. } = client.act("transaction", key, &body).await;
        (status, text)
    };
    assert_eq!(status("both", sealed("a")).await.0, 200);
    assert_eq!(status("looks", sealed("b")).await.0, 401);
    let (refused, text) = status("one", sealed("b")).await;
    assert!(refused == 401 && text.contains("not for this database"), "{text}");
    let reads = json!({"database": "crm", "operations": [{"findOne": {"database": "keys", "collection": "keys"}}]});
    assert_eq!(status("one", reads).await.0, 401);
    let looks_beside = json!({"database": "crm", "operations": [
        {"aggregate": {"collection": "leads", "pipeline": [{"$lookup": {"from": {"db": "keys", "coll": "keys"}, "as": "k"}}]}}]});
    assert_eq!(status("one", looks_beside).await.0, 401);
}

#[tokio::test]
async fn a_database_of_an_operation_is_a_name_and_no_reference() {
    let running = support::start(with_keys()).await;
    let mut client = Client::connect(running.address).await;
    for (database, error) in
        [(json!(""), "database is empty"), (json!(5), "database must be a string"), (json!("a.b"), "Invalid database name")]
    {
        let body =
            json!({"database": "crm", "operations": [{"insertOne": {"database": database, "collection": "c", "document": {}}}]});
        let refused = act(&mut client, "transaction", body, 400).await;
        assert!(refused["error"].as_str().unwrap().contains(error) && refused["operation"] == 0, "{refused}");
    }
    let refers = json!({"database": "crm", "operations": [
        {"insertOne": {"collection": "c", "document": {"_id": "keys"}}},
        {"insertOne": {"collection": "c", "document": {}, "refs": {"database": "0.insertedId"}}}]});
    assert_eq!(act(&mut client, "transaction", refers, 400).await["operation"], 1);
    let single = json!({"database": "crm", "operations": [{"find": {"database": null, "collection": "c"}}]});
    assert_eq!(act(&mut client, "transaction", single, 200).await["results"], json!([{"documents": []}]));
}

#[tokio::test]
async fn a_stage_does_not_reach_from_one_file_into_another() {
    let running = support::start(with_keys()).await;
    let mut client = Client::connect(running.address).await;
    act(&mut client, "transaction", sealed("a"), 200).await;
    let reach = |database: &str, other: &str| json!({"database": database, "collection": "c", "pipeline": [{"$unionWith": {"db": other, "coll": "keys"}}]});
    for (database, other) in [("crm", "keys"), ("keys", "crm")] {
        let refused = act(&mut client, "aggregate", reach(database, other), 400).await;
        assert!(refused["error"].as_str().unwrap().contains("one database file"), "{refused}");
        let explained = json!({"database": database, "operation": {"aggregate": {"collection": "c", "pipeline": reach(database, other)["pipeline"]}}});
        act(&mut client, "explain", explained, 400).await;
    }
    let merged =
        json!({"database": "keys", "collection": "keys", "pipeline": [{"$merge": {"into": {"db": "crm", "coll": "stolen"}}}]});
    act(&mut client, "aggregate", merged, 400).await;
    let copied =
        json!({"database": "keys", "collection": "keys", "pipeline": [{"$merge": {"into": {"db": "keys", "coll": "copy"}}}]});
    act(&mut client, "aggregate", copied, 200).await;
    assert_eq!(count(&mut client, "keys", "copy").await, 1, "within the file it may");
}

#[tokio::test]
async fn each_file_holds_its_databases_and_nothing_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let running = support::start(on_files(folder.path())).await;
    let mut client = Client::connect(running.address).await;
    let index = json!({"database": "keys", "collection": "keys", "indexes": [{"key": {"secret": 1}, "unique": true}]});
    act(&mut client, "createIndexes", index, 200).await;
    act(&mut client, "transaction", sealed("a"), 200).await;
    let kept = act(&mut client, "listCollections", json!({"database": "keys"}), 200).await;
    assert_eq!(kept["collections"].as_array().unwrap().len(), 1);
    assert_eq!(act(&mut client, "stats", json!({"database": "keys"}), 200).await["stats"]["count"], 1);
    gateway::back_up(&folder.path().join("main.sqlite"), &folder.path().join("backup")).unwrap();
    running.shutdown().await;
    assert_eq!(holders(folder.path(), "secret-of-a"), names(&["keys.sqlite"]));
    assert_eq!(holders(folder.path(), "lead-a"), names(&["backup", "main.sqlite"]));
    for name in ["keys.sqlite", "main.sqlite"] {
        assert_eq!(gateway::verify(&folder.path().join(name)).unwrap(), Vec::<String>::new());
    }

    // Both are there again after a restart.
    let running = support::start(on_files(folder.path())).await;
    let mut client = Client::connect(running.address).await;
    assert_eq!((count(&mut client, "keys", "keys").await, count(&mut client, "crm", "leads").await), (json!(1), json!(1)));
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The databases in whose files, the log before the next checkpoint among them, the text stands.
fn holders(folder: &Path, text: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let holding = files.filter(|file| std::fs::read(file).unwrap().windows(text.len()).any(|part| part == text.as_bytes()));
    holding.map(|file| file.file_name().unwrap().to_str().unwrap().trim_end_matches("-wal").to_owned()).collect()
}

#[tokio::test]
async fn files_that_hold_what_belongs_elsewhere_are_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let running = support::start(on_files(folder.path())).await;
    act(&mut Client::connect(running.address).await, "transaction", sealed("a"), 200).await;
    running.shutdown().await;
    let file = |name: &str| folder.path().join(name);
    let refused = async |main: &str, apart: &[(&str, &str)]| {
        let apart = apart.iter().map(|(database, name)| Apart { database: (*database).into(), path: file(name) }).collect();
        let config = Config { backend: Backend::Embedded { path: file(main) }, apart, ..config() };
        gateway::start(config).await.expect_err("it does not start").to_string()
    };
    assert!(refused("main.sqlite", &[("crm", "new.sqlite")]).await.contains("the main file holds"));
    assert!(refused("new.sqlite", &[("keys", "main.sqlite")]).await.contains("of another database"));
    assert!(refused("main.sqlite", &[("keys", "main.sqlite")]).await.contains("one file"));
    assert!(refused("main.sqlite", &[("keys", "keys.sqlite"), ("keys", "new.sqlite")]).await.contains("one name"));
}

/// One more on either side, the databases in this order.
fn both(databases: [&str; 2]) -> Value {
    let one = |database: &str| json!({"updateOne": {"database": database, "collection": "c", "filter": {"_id": 1}, "update": {"$inc": {"n": 1}}, "upsert": true}});
    json!({"database": "crm", "operations": databases.map(one)})
}

#[tokio::test]
async fn transactions_over_several_files_finish_in_whatever_order_and_readers_see_both_sides_or_none() {
    const WRITERS: usize = 6;
    const ROUNDS: usize = 30;
    let config = Config { apart: vec![apart("keys"), apart("more")], ..config() };
    let running = support::start(config).await;
    let orders = [["keys", "crm"], ["crm", "keys"], ["more", "keys"], ["keys", "more"], ["crm", "more"], ["more", "crm"]];
    let address = running.address;
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                for _ in 0..ROUNDS {
                    act(&mut client, "transaction", both(orders[number]), 200).await;
                }
            })
        })
        .collect();
    let read = |databases: [&str; 3]| json!({"database": "crm", "operations": databases.map(|database| json!({"findOne": {"database": database, "collection": "c"}}))});
    let mut reader = Client::connect(address).await;
    let mut rounds = 0;
    while !writers.iter().all(|writer| writer.is_finished()) {
        for order in [["keys", "crm", "more"], ["crm", "more", "keys"]] {
            let results = act(&mut reader, "transaction", read(order), 200).await;
            // Every commit adds one in two of the three places.
            let sum: i64 = (0..3).filter_map(|place| results["results"][place]["document"]["n"].as_i64()).sum();
            assert_eq!(sum % 2, 0, "{results}");
            rounds += 1;
        }
    }
    assert!(rounds > 2, "nobody read beside the writers");
    let finished = async {
        for writer in writers {
            writer.await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), finished).await.expect("nobody waits for one who waits");
    for database in ["keys", "crm", "more"] {
        let found = act(&mut reader, "findOne", json!({"database": database, "collection": "c"}), 200).await;
        assert_eq!(found["document"]["n"], WRITERS * ROUNDS * 2 / 3);
    }
}

#[tokio::test]
async fn a_database_apart_is_watched_as_any_other() {
    let running = support::start(with_keys()).await;
    let mut client = Client::connect(running.address).await;
    let place = json!({"database": "keys", "collection": "keys"});
    let mut watcher = Watcher::start(running.address, &place, None).await;
    act(&mut client, "transaction", sealed("a"), 200).await;
    let event = watcher.events(1).await.remove(0);
    assert_eq!((event.name.as_str(), &event.data.unwrap()["documentKey"]["_id"]), ("insert", &json!("a")));
    let seen = watcher.last_id.clone();
    drop(watcher);
    act(&mut client, "transaction", sealed("b"), 200).await;
    let mut again = Watcher::start(running.address, &place, Some(("last-event-id", &seen))).await;
    assert_eq!(again.events(1).await.remove(0).data.unwrap()["documentKey"]["_id"], "b");
}

async fn ids(client: &mut Client, database: &str, collection: &str, field: &str) -> BTreeSet<String> {
    let body = json!({"database": database, "collection": collection, "field": field});
    let answer = client.act("distinct", "swordfish", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_value(answer.json()["values"].take()).unwrap()
}

#[tokio::test]
async fn after_a_kill_nothing_in_the_main_file_lacks_what_it_needs_of_a_file_apart() {
    const ROUNDS: usize = 12;
    const CLIENTS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let apart = format!("keys={}", folder.path().join("keys.sqlite").display());
    let mut written = 0;
    for round in 0..ROUNDS {
        let (mut program, address) = program::serve_with(&folder, &["--apart", &apart]);
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let mut client = Client::connect(address).await;
            let body = sealed(&format!("{round}-{number}")).to_string();
            client.send(&head("POST", &format!("{ACTIONS}transaction"), &[("api-key", "swordfish")], body.len())).await;
            client.send(body.as_bytes()).await;
            clients.push(client);
        }
        // The others are under way.
        assert_eq!(clients[round % CLIENTS].answer().await.status, 200);
        program.kill();
        let (_program, address) = program::serve_with(&folder, &["--apart", &apart]);
        let mut client = Client::connect(address).await;
        let (keys, needed) = (ids(&mut client, "keys", "keys", "_id").await, ids(&mut client, "crm", "leads", "key").await);
        assert!(needed.is_subset(&keys), "{:?} are missing", needed.difference(&keys).collect::<Vec<_>>());
        assert!(needed.len() > written, "what was answered is there");
        written = needed.len();
    }
    assert_eq!(gateway::verify(&folder.path().join("keys.sqlite")).unwrap(), Vec::<String>::new());
}
