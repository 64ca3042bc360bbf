//! Deleting and restoring, for every entity that can be deleted: what goes together comes back together, and nothing is orphaned.

use std::collections::{BTreeMap, BTreeSet};

use domain::entity::Gone;
use domain::lifecycle::{self, Link};
use domain::retention::TRASH_DAYS;
use domain::{Entity, Kind, Role, Time, entities};
use edge::{Access, Verb};
use serde_json::{Value, json};
use support::{App, Caller, JOBS_SECRET, endpoints, id, orphans};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::{World, now_ms};

/// What tells of what happened, whatever became of the record, and what is counted and derived.
const LEDGER: &[&str] = &["events", "jobs", "notifications", "counters", "field_schemas", "idempotency", "privacy_requests"];

type Snapshot = BTreeMap<String, Vec<Value>>;

/// The endpoints that delete, each with its entity.
fn deleting() -> Vec<(&'static Endpoint, &'static Entity)> {
    let routes = endpoints().filter(|(_, route)| route.verb == Verb::Delete);
    let deletes = routes.filter_map(|(_, route)| {
        let entity = route.entity.filter(|entity| lifecycle::has_trash(entity))?;
        Some((ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}"))?, entity))
    });
    deletes.collect()
}

#[test]
fn trash_is_where_every_deletable_record_goes_and_comes_back_from() {
    let routes: Vec<String> = endpoints().map(|(_, route)| format!("{route:?}")).collect();
    for entity in entities::ALL.iter().filter(|entity| lifecycle::has_trash(entity)) {
        let delete = deleting().into_iter().find(|(_, of)| of.name == entity.name);
        let (endpoint, _) =
            delete.unwrap_or_else(|| panic!("{}:delete is a permission, but no route .of it deletes", entity.name));
        let restore = endpoint.route.replace("DELETE", "POST") + "/restore";
        assert!(routes.contains(&restore), "there is no {restore}");
    }
}

/// A record of a kind that refers to another by a field, with what its unique keys need.
async fn plant(world: &World, link: Link, to: &str, ids: &BTreeMap<&str, String>) -> String {
    let planted = id(link.from.prefix);
    let mut record = json!({ "_id": planted, "tenant_id": world.tenant.id, "version": 1, (link.field.name): to });
    let keys = link.from.indexes.iter().filter(|index| index.unique).flat_map(|index| index.keys);
    for field in keys.filter_map(|key| link.from.field(key)).filter(|field| field.name != link.field.name) {
        let target = lifecycle::target(field);
        record[field.name] = match (field.kind, target.and_then(|target| ids.get(target.name))) {
            (_, Some(id)) => id.as_str().into(),
            (Kind::Reference("membership"), _) => world.member(Role::Owner).id.as_str().into(),
            (Kind::Integer(..), _) => 77.into(),
            (Kind::Email, _) => format!("{planted}@example.com").to_lowercase().into(),
            _ => planted.as_str().into(),
        };
    }
    App::shared().data("insertOne", json!({ "collection": link.from.collection, "document": record })).await;
    planted
}

/// Plants a record for every way in which something goes to the trash with another, and one that went before it.
async fn plant_all(world: &World, root: &'static Entity, root_id: &str) -> BTreeMap<&'static str, String> {
    let mut ids = BTreeMap::from([(root.name, root_id.to_owned())]);
    for part in lifecycle::together(root) {
        for link in lifecycle::links(part, Gone::Cascade) {
            let to = ids[part.name].clone();
            let before = plant(world, link, &to, &ids).await;
            let marks = json!({ "deleted_at": { "$date": "2026-01-01T00:00:00Z" }, "trash_group": "earlier" });
            set(link.from, &before, marks).await;
            let planted = plant(world, link, &to, &ids).await;
            ids.insert(link.from.name, planted);
        }
        for link in lifecycle::links(part, Gone::Clear) {
            plant(world, link, &ids[part.name].clone(), &ids).await;
        }
    }
    ids
}

async fn set(entity: &Entity, id: &str, fields: Value) {
    let update = json!({ "collection": entity.collection, "filter": { "_id": id }, "update": { "$set": fields } });
    App::shared().data("updateOne", update).await;
}

/// All that goes with a record by the tables: what is live and refers to it, and so on.
fn together(snapshot: &Snapshot, root: &'static Entity, root_id: &str) -> BTreeSet<String> {
    let mut gone = BTreeSet::from([root_id.to_owned()]);
    for part in lifecycle::together(root) {
        for link in lifecycle::links(part, Gone::Cascade) {
            let refers = |record: &&Value| {
                record[link.field.name].as_str().is_some_and(|to| gone.contains(to)) && record["deleted_at"].is_null()
            };
            let found: Vec<String> = snapshot[link.from.collection].iter().filter(refers).map(text_id).collect();
            gone.extend(found);
        }
    }
    gone
}

fn text_id(record: &Value) -> String {
    record["_id"].as_str().unwrap().to_owned()
}

/// What was not there before, or is otherwise than it was.
fn differing<'a>(before: &Snapshot, after: &'a Snapshot) -> BTreeMap<String, &'a Value> {
    let records = after.iter().filter(|(collection, _)| !LEDGER.contains(&collection.as_str()));
    let changed = records.flat_map(|(collection, records)| records.iter().filter(|record| !before[collection].contains(record)));
    changed.map(|record| (text_id(record), record)).collect()
}

/// No answer of a list names any of these, but for what tells the past.
async fn assert_unseen(world: &World, gone: &BTreeSet<String>) {
    for (_, route) in endpoints().filter(|(_, route)| route.verb == Verb::Get && !route.path.contains('{') && route.has_query) {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let Some(entity) = route.entity.filter(|entity| !LEDGER.contains(&entity.collection)) else { continue };
        let archived = if lifecycle::is_archivable(entity) { "&archived=all" } else { "" };
        for role in endpoint.roles {
            let list = world.member(*role).caller().get(&format!("{}?limit=100{archived}", route.path)).await.expect(200);
            let seen: Vec<&String> = gone.iter().filter(|id| list.text.contains(id.as_str())).collect();
            assert!(seen.is_empty(), "{} as {role:?}: {seen:?} in {}", route.path, list.text);
        }
    }
}

#[tokio::test]
async fn trash_takes_along_what_the_tables_say_and_gives_exactly_that_back() {
    let mut together_max = 0;
    for (endpoint, entity) in deleting() {
        let world = World::new().await;
        let (caller, path) = (world.member(endpoint.roles[0]).caller(), endpoint.path(&world));
        let root_id = path.rsplit('/').next().unwrap();
        plant_all(&world, entity, root_id).await;
        let before = world.snapshot().await;
        let expected = together(&before, entity, root_id);
        assert_eq!(orphans(&world.tenant.id).await, Vec::<String>::new(), "{}", endpoint.route);
        caller.delete(&path).await.expect(204);
        let trashed = world.snapshot().await;
        let changed = differing(&before, &trashed);
        let (gone, cleared): (Vec<_>, Vec<_>) = changed.iter().partition(|(_, record)| record["deleted_at"].is_string());
        assert_eq!(gone.iter().map(|(id, _)| (*id).clone()).collect::<BTreeSet<_>>(), expected, "{}", endpoint.route);
        assert!(cleared.iter().all(|(_, record)| record["cleared"].is_array()), "{}: {cleared:?}", endpoint.route);
        let group = &changed[root_id]["trash_group"];
        assert!(group.is_string() && gone.iter().all(|(_, record)| record["trash_group"] == *group), "{}", endpoint.route);
        assert_eq!(changed[root_id]["deleted_by"], world.member(endpoint.roles[0]).id);
        assert_eq!(orphans(&world.tenant.id).await, Vec::<String>::new(), "{}", endpoint.route);
        assert_unseen(&world, &expected).await;
        caller.get(&path).await.expect(404);
        let list = path.rsplit_once('/').unwrap().0;
        let shown = caller.get(&format!("{list}?trash=true&id={root_id}")).await.expect(200);
        assert!(shown.json["data"][0]["deleted_at"].is_string(), "{list}: {}", shown.text);
        let restored = caller.post(&format!("{path}/restore"), json!({})).send().await.expect(200);
        assert!(restored.json["deleted_at"].is_null() && restored.json["id"] == root_id, "{}", restored.text);
        assert_same(&before, &world.snapshot().await, &expected);
        caller.post(&format!("{path}/restore"), json!({})).send().await.expect(404);
        together_max = together_max.max(expected.len());
    }
    assert!(deleting().len() >= 4 && together_max >= 6, "{together_max} records went together");
}

/// Everything is as it was, but that what came back tells when it did.
fn assert_same(before: &Snapshot, after: &Snapshot, restored: &BTreeSet<String>) {
    for (collection, records) in before.iter().filter(|(collection, _)| !LEDGER.contains(&collection.as_str())) {
        let plain = |record: &Value| {
            let mut record = record.clone();
            if restored.contains(&text_id(&record)) {
                let fields = record.as_object_mut().unwrap();
                fields.retain(|field, _| !["updated_at", "updated_by", "version"].contains(&field.as_str()));
            }
            record
        };
        let [before, after] = [records, &after[collection]].map(|records| records.iter().map(plain).collect::<Vec<_>>());
        assert_eq!(before, after, "{collection}");
    }
}

#[tokio::test]
async fn trash_does_not_take_what_something_else_refers_to() {
    let mut refused = 0;
    for (endpoint, entity) in deleting() {
        for part in lifecycle::together(entity) {
            for link in lifecycle::links(part, Gone::Restrict) {
                let world = World::new().await;
                let (caller, path) = (world.member(endpoint.roles[0]).caller(), endpoint.path(&world));
                let ids = plant_all(&world, entity, path.rsplit('/').next().unwrap()).await;
                // What it is planted beside is not its own.
                let user = plant(&world, link, &ids[part.name], &BTreeMap::new()).await;
                let before = world.snapshot().await;
                let answer = caller.delete(&path).await.expect(409);
                let what = format!("{} used by {}.{}: {}", endpoint.route, link.from.name, link.field.name, answer.text);
                assert!(answer.code().ends_with("in-use"), "{what}");
                let used_by = format!("{}.{}", link.from.name, link.field.name);
                assert!(answer.code() != "in-use" || answer.json["used_by"] == used_by, "{what}");
                assert_eq!(world.snapshot().await, before, "{what}");
                set(link.from, &user, json!({ "deleted_at": { "$date": "2026-01-01T00:00:00Z" } })).await;
                caller.delete(&path).await.expect(204);
                refused += 1;
            }
        }
    }
    assert!(refused >= 8, "{refused} deletions were refused");
}

#[tokio::test]
async fn trash_keeps_what_cannot_be_as_it_was() {
    let (mut taken, mut lost) = (0, 0);
    for (endpoint, entity) in deleting() {
        let fields = entity.fields.iter().filter(|field| matches!(field.gone, Gone::Cascade | Gone::Restrict));
        let world = World::new().await;
        let (caller, path) = (world.member(endpoint.roles[0]).caller(), endpoint.path(&world));
        let root_id = path.rsplit('/').next().unwrap();
        // A key that is encrypted is unique by what stands for it.
        let blind = entity.fields.iter().filter(|field| field.blind).map(|field| (field.blind_name(), Value::from("mark")));
        set(entity, root_id, blind.chain([("touched".to_owned(), 0.into())]).collect()).await;
        let before = App::shared().as_stored(entity.collection, json!({ "_id": root_id })).await;
        caller.delete(&path).await.expect(204);
        if entity.indexes.iter().any(|index| index.unique) {
            let mut other = before[0].clone();
            other["_id"] = id(entity.prefix).into();
            App::shared().data("insertOne", json!({ "collection": entity.collection, "document": other })).await;
            assert_refused(&world, &caller, &path, "key-taken").await;
            set(entity, other["_id"].as_str().unwrap(), json!({ "deleted_at": { "$date": "2026-01-01T00:00:00Z" } })).await;
            taken += 1;
        }
        for (field, target) in fields.filter_map(|field| Some((field, lifecycle::target(field)?))) {
            let Some(referred) = before[0][field.name].as_str().filter(|_| lifecycle::is_trashable(target)) else { continue };
            set(target, referred, json!({ "deleted_at": { "$date": "2026-01-01T00:00:00Z" }, "trash_group": "other" })).await;
            let answer = assert_refused(&world, &caller, &path, "reference-gone").await;
            assert_eq!(answer["missing"], format!("{}.{}", entity.name, field.name));
            lost += 1;
            let back = json!({ "$unset": { "deleted_at": "", "trash_group": "" } });
            let update = json!({ "collection": target.collection, "filter": { "_id": referred }, "update": back });
            App::shared().data("updateOne", update).await;
        }
        caller.post(&format!("{path}/restore"), json!({})).send().await.expect(200);
    }
    assert!(taken >= 3 && lost >= 1, "{taken} keys were taken, {lost} references lost");
}

async fn assert_refused(world: &World, caller: &Caller, path: &str, code: &str) -> Value {
    let before = world.snapshot().await;
    let answer = caller.post(&format!("{path}/restore"), json!({})).send().await.expect(409);
    assert_eq!(answer.code(), code, "{path}: {}", answer.text);
    assert_eq!(world.snapshot().await, before);
    answer.json
}

/// Makes the job that erases a group due, and works it off when the trash has been kept long enough.
async fn erase(group: &str) {
    let due = json!({ "$set": { "run_at": { "$date": "2026-01-01T00:00:00Z" } } });
    App::shared().data("updateOne", json!({ "collection": "jobs", "filter": { "_id": group }, "update": due })).await;
    // Jobs of other tests are due later, and are left to them.
    let run = App::shared().anyone().post("/v1/jobs/run?limit=1", json!({})).header("x-jobs-secret", JOBS_SECRET);
    let run = run.at(Time::from_ms(now_ms()).plus_days(TRASH_DAYS + 1));
    assert_eq!(run.send().await.expect(200).json["done"], 1);
    assert_eq!(App::shared().as_stored("jobs", json!({ "_id": group })).await[0]["status"], "done");
}

#[tokio::test]
async fn trash_is_erased_for_good_when_its_time_is_over() {
    for (endpoint, entity) in deleting() {
        let world = World::new().await;
        let (caller, path) = (world.member(endpoint.roles[0]).caller(), endpoint.path(&world));
        let root_id = path.rsplit('/').next().unwrap();
        let group = async || {
            let root = App::shared().as_stored(entity.collection, json!({ "_id": root_id })).await;
            root[0]["trash_group"].as_str().unwrap().to_owned()
        };
        plant_all(&world, entity, root_id).await;
        // What was restored is not erased, not even once it is in the trash again.
        caller.delete(&path).await.expect(204);
        let first = group().await;
        caller.post(&format!("{path}/restore"), json!({})).send().await.expect(200);
        let before = world.snapshot().await;
        let expected = together(&before, entity, root_id);
        caller.delete(&path).await.expect(204);
        let (second, trashed) = (group().await, world.snapshot().await);
        let queued = json!({ "$set": { "status": "queued" }, "$unset": { "expires_at": "" } });
        App::shared().data("updateOne", json!({ "collection": "jobs", "filter": { "_id": first }, "update": queued })).await;
        erase(&first).await;
        assert!(differing(&trashed, &world.snapshot().await).is_empty(), "{}", endpoint.route);
        // Something began to refer to it at the last moment; and an earlier attempt was cut off after its first step.
        let (mut late, ids) = (Vec::new(), BTreeMap::from([(entity.name, root_id.to_owned())]));
        for link in lifecycle::links(entity, Gone::Cascade) {
            late.push((link.from, plant(&world, link, root_id, &ids).await));
        }
        for times in 0..2 {
            if times > 0 {
                for (of, id) in &late {
                    let left = json!({ "_id": id, "tenant_id": world.tenant.id, "trash_group": second, "deleted_at": { "$date": "2026-01-01T00:00:00Z" } });
                    App::shared().data("insertOne", json!({ "collection": of.collection, "document": left })).await;
                }
                let queued = json!({ "$set": { "status": "queued" }, "$unset": { "expires_at": "" } });
                App::shared()
                    .data("updateOne", json!({ "collection": "jobs", "filter": { "_id": second }, "update": queued }))
                    .await;
            }
            erase(&second).await;
            let after = world.snapshot().await;
            let gone = |id: &String| expected.contains(id) || late.iter().any(|(_, late)| late == id);
            let kept: Vec<String> = after.values().flatten().map(text_id).filter(gone).collect();
            assert!(kept.is_empty(), "{}: {kept:?}", endpoint.route);
            assert_eq!(orphans(&world.tenant.id).await, Vec::<String>::new(), "{}", endpoint.route);
            let told = after["events"].iter().filter(|event| event["record"]["id"] == root_id);
            for event in told.clone() {
                assert!(event["changes"] == json!({}) && event["comment"].is_null() && event["type"].is_string(), "{event}");
            }
            assert!(told.count() >= 3, "what happened is still told");
        }
        caller.post(&format!("{path}/restore"), json!({})).send().await.expect(404);
    }
}

#[tokio::test]
async fn trash_is_shown_to_those_alone_who_may_put_something_there() {
    let world = World::new().await;
    let mut refused = 0;
    for (_, route) in endpoints().filter(|(_, route)| route.verb == Verb::Get && !route.path.contains('{') && route.has_query) {
        let (Some(entity), Access::May(_)) = (route.entity, route.access) else { continue };
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        for role in endpoint.roles {
            let answer = world.member(*role).caller().get(&format!("{}?trash=true", route.path)).await;
            let may = domain::Policy::from(*role).reach(&format!("{}:delete", entity.name)).is_some();
            let expected = if !lifecycle::has_trash(entity) {
                400
            } else if may {
                200
            } else {
                403
            };
            assert_eq!(answer.status, expected, "{} as {role:?}: {}", route.path, answer.text);
            refused += usize::from(expected == 403);
        }
    }
    assert!(refused > 3, "{refused} were refused");
}
