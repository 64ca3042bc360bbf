//! The archive, for every entity that has one: what is in it is read by its id, leaves the lists, and does not change.

use domain::{Entity, entities, lifecycle};
use edge::{Access, Route, Verb};
use serde_json::{Value, json};
use support::{App, endpoints};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

fn endpoint(route: &Route) -> &'static Endpoint {
    ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap()
}

/// The endpoints that archive, each with its entity.
fn archiving() -> Vec<(&'static Endpoint, &'static Entity)> {
    let routes = endpoints().filter(|(_, route)| route.path.ends_with("/archive"));
    routes.filter_map(|(_, route)| Some((endpoint(route), route.entity?))).collect()
}

#[tokio::test]
async fn archive_takes_records_out_of_the_lists_and_gives_them_back() {
    assert_eq!(archiving().len(), entities::ALL.iter().filter(|entity| lifecycle::is_archivable(entity)).count());
    for (endpoint, entity) in archiving() {
        let world = World::new().await;
        let (caller, path) = (world.member(endpoint.roles[0]).caller(), endpoint.path(&world));
        let (path, _) = path.rsplit_once('/').unwrap();
        let (list, id) = path.rsplit_once('/').unwrap();
        let listed = async |query: &str| {
            let page = caller.get(&format!("{list}?id={id}&count=true{query}")).await.expect(200);
            page.json["total"].as_u64().unwrap() == 1
        };
        let post = |verb: &str| caller.post(&format!("{path}/{verb}"), json!({}));
        let before = App::shared().stored(entity.collection, json!({ "_id": id })).await;
        assert_eq!(post("unarchive").send().await.expect(409).code(), "not-archived", "{path}");
        assert!(listed("").await && !listed("&archived=true").await && listed("&archived=all").await, "{path}");
        let archived = post("archive").send().await.expect(200);
        assert!(archived.json["archived_at"].is_string(), "{}", archived.text);
        assert_eq!(caller.get(path).await.expect(200).json, archived.json);
        assert_eq!(caller.get(&format!("{path}?fields=version")).await.expect(200).json["version"], archived.json["version"]);
        assert!(!listed("").await && !listed("&archived=false").await, "{path}");
        assert!(listed("&archived=true").await && listed("&archived=all").await, "{path}");
        assert_eq!(caller.get(&format!("{list}?archived=maybe")).await.expect(400).places(), ["archived"]);
        assert_eq!(post("archive").send().await.expect(409).code(), "already-archived", "{path}");
        post("unarchive").send().await.expect(200);
        let plain = |record: &Value| {
            let mut record = record.clone();
            record.as_object_mut().unwrap().retain(|field, _| !["updated_at", "updated_by", "version"].contains(&field.as_str()));
            record
        };
        let after = App::shared().stored(entity.collection, json!({ "_id": id })).await;
        assert_eq!(plain(&after[0]), plain(&before[0]));
    }
}

/// What concerns the one who asks, or the record's place, and not what it says.
const ALLOWED: &[&str] = &["delete", "restore", "unarchive", "read"];

#[tokio::test]
async fn archive_keeps_records_from_being_changed() {
    let mut refused = 0;
    for (_, route) in endpoints().filter(|(_, route)| matches!(route.verb, Verb::Post | Verb::Patch)) {
        let (Some(entity), Access::May(_)) = (route.entity, route.access) else { continue };
        let last = route.path.rsplit('/').next().unwrap();
        if !lifecycle::is_archivable(entity) || !route.path.contains("{id}") || ALLOWED.contains(&last) {
            continue;
        }
        let (world, endpoint) = (World::new().await, endpoint(route));
        let path = endpoint.path(&world);
        let set = json!({ "archived_at": { "$date": "2026-01-01T00:00:00Z" } });
        let status = if entity.name == "conversation" { json!({ "status": "archived" }) } else { json!({}) };
        let set: serde_json::Map<_, _> = [set, status].iter().flat_map(|part| part.as_object().unwrap().clone()).collect();
        let filter = json!({ "_id": path.split('/').nth(3).unwrap() });
        let update = json!({ "collection": entity.collection, "filter": filter, "update": { "$set": set } });
        App::shared().data("updateOne", update).await;
        let before = world.snapshot().await;
        let answer = endpoint.succeeding(&world).send().await.expect(409);
        assert!(answer.code().ends_with("archived"), "{}: {}", endpoint.route, answer.text);
        assert_eq!(world.snapshot().await, before, "{}", endpoint.route);
        refused += 1;
    }
    assert!(refused >= 9, "{refused} endpoints were asked");
}
