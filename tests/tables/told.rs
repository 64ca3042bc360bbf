//! Events tell of no record that its own list does not show, whatever a tenant's own role lets its holder read.

use std::collections::BTreeSet;

use domain::policy::{PERMISSIONS, Reach};
use domain::role::ROLES;
use domain::{Entity, Policy, lifecycle};
use edge::Verb;
use serde_json::json;
use support::{App, Caller, endpoints, id};

use crate::world::World;

/// The lists of entities that can be read by a permission of their own.
fn lists() -> impl Iterator<Item = (&'static str, &'static Entity, &'static str)> {
    endpoints().filter(|(_, route)| route.verb == Verb::Get && !route.path.contains('{')).filter_map(|(_, route)| {
        let entity = route.entity.filter(|entity| entity.name != "event")?;
        let permission = PERMISSIONS.iter().find(|known| **known == format!("{}:read", entity.name))?;
        Some((route.path, entity, *permission))
    })
}

async fn ids(caller: &Caller, path: &str, at: &str) -> BTreeSet<String> {
    let page = caller.get(path).await.expect(200).json;
    assert_eq!(page["has_more"], false, "{path} has more than a page");
    let data = page["data"].as_array().unwrap();
    data.iter().filter_map(|record| record.pointer(at)?.as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn events_tell_of_nothing_that_lists_do_not_show() {
    let world = World::new().await;
    let (mut told, mut kept) = (0, BTreeSet::new());
    for (path, entity, permission) in lists() {
        let records = App::shared().stored(entity.collection, json!({ "tenant_id": world.tenant.id, "deleted_at": null })).await;
        for record in &records {
            let event = json!({
                "_id": id("evt"), "tenant_id": world.tenant.id, "type": "probe", "version": 1,
                "record": { "type": entity.name, "id": record["_id"] },
                "sealed_until": record.get("sealed_until").cloned().unwrap_or_default(),
            });
            App::shared().data("insertOne", json!({ "collection": "events", "document": event })).await;
        }
        for role in ROLES {
            let permissions = [(permission, Reach::All), ("event:read", Reach::All)];
            let policy = Policy::custom(*role, permissions, Vec::new()).unwrap();
            let caller = world.member(*role).with(policy).caller();
            let archived = if lifecycle::is_archivable(entity) { "&archived=all" } else { "" };
            let listed = ids(&caller, &format!("{path}?limit=100{archived}"), "/id").await;
            let events = format!("/v1/events?limit=100&type=probe&record.type={}", entity.name);
            let shown = ids(&caller, &events, "/record/id").await;
            assert!(shown.is_subset(&listed), "{role:?} is told of {:?} of {}", shown.difference(&listed), entity.name);
            told += shown.len();
            let is_kept = records.iter().any(|record| !listed.contains(record["_id"].as_str().unwrap()));
            kept.extend(is_kept.then_some(entity.name));
        }
    }
    assert!(told > 100, "{told} records were told of");
    let narrowed: BTreeSet<&str> = BTreeSet::from(["bid", "invoice", "quote"]);
    assert!(kept.is_superset(&narrowed), "what is kept from some: {kept:?}");
}
