//! References that callers give, for every endpoint that takes one: what they lead to must be there, live, and for the caller.

use std::collections::BTreeMap;

use domain::lifecycle;
use domain::{Entity, entities};
use edge::{Content, Verb};
use serde_json::{Value, json};
use support::{App, about, endpoints, id};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// A copy of some record of an entity under another id, with these fields.
async fn copy(world: &World, entity: &Entity, fields: Value) -> Option<String> {
    let filter = json!({ "tenant_id": world.tenant.id, "deleted_at": null });
    let mut copy = App::shared().as_stored(entity.collection, filter).await.into_iter().next()?;
    let copied = id(entity.prefix);
    for key in entity.indexes.iter().filter(|index| index.unique).flat_map(|index| index.keys) {
        let blind = entity.field(key).filter(|field| field.blind).map(|field| field.blind_name());
        copy[blind.as_deref().unwrap_or(key)] = copied.as_str().into();
    }
    let copy_fields = copy.as_object_mut().unwrap();
    copy_fields.extend(fields.as_object().unwrap().clone());
    copy["_id"] = copied.as_str().into();
    App::shared().data("insertOne", json!({ "collection": entity.collection, "document": copy })).await;
    Some(copied)
}

/// Ids that lead nowhere, or where they may not lead.
pub async fn wrong_ids(world: &World, other: &World, target: &'static Entity) -> Vec<(&'static str, String)> {
    let long_ago = json!({ "$date": "2026-01-01T00:00:00Z" });
    let mut wrong = vec![("unknown", id(target.prefix))];
    wrong.extend(copy(world, target, json!({ "deleted_at": long_ago })).await.map(|id| ("in the trash", id)));
    if lifecycle::is_archivable(target) {
        wrong.extend(copy(world, target, json!({ "archived_at": long_ago })).await.map(|id| ("archived", id)));
    }
    let filter = json!({ "tenant_id": other.tenant.id, "deleted_at": null });
    let theirs = App::shared().as_stored(target.collection, filter).await;
    wrong.extend(theirs.first().map(|record| ("another tenant's", record["_id"].as_str().unwrap().to_owned())));
    wrong
}

fn taking() -> impl Iterator<Item = (&'static Endpoint, &'static Entity)> {
    let routes = endpoints().filter(|(_, route)| matches!(route.verb, Verb::Post | Verb::Patch));
    let routes = routes.filter(|(_, route)| matches!(route.content, Content::Json | Content::MergePatch));
    routes.filter_map(|(_, route)| {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}"))?;
        Some((endpoint, about(route)?)).filter(|(endpoint, _)| !endpoint.is_public())
    })
}

#[tokio::test]
async fn references_lead_to_what_is_there_for_the_caller() {
    let (world, other) = (World::new().await, World::new().await);
    let mut wrong = BTreeMap::new();
    for target in entities::ALL.iter().copied() {
        wrong.insert(target.name, wrong_ids(&world, &other, target).await);
    }
    let before = world.snapshot().await;
    let mut refused = BTreeMap::new();
    for (endpoint, entity) in taking() {
        for (field, target) in entity.fields.iter().filter_map(|field| Some((field, lifecycle::target(field)?))) {
            for (why, wrong) in &wrong[target.name] {
                // Whom a privacy request is about has the same right in the trash and in the archive.
                if entity.name == "privacy_request" && matches!(*why, "in the trash" | "archived") {
                    continue;
                }
                let mut body = (endpoint.body)(&world).as_object().cloned().unwrap_or_default();
                // Some endpoints take one reference of several.
                body.retain(|name, _| entity.field(name).is_none_or(|field| lifecycle::target(field).is_none()));
                let is_list = matches!(field.kind, domain::Kind::List(..));
                body.insert(field.name.to_owned(), if is_list { json!([wrong]) } else { json!(wrong) });
                let caller = world.member(endpoint.roles[0]).caller();
                let request = caller.request(endpoint.method(), &endpoint.path(&world)).json(&body.into());
                let answer = request.send().await;
                let what = format!("{} {} {why}: {} {}", endpoint.route, field.name, answer.status, answer.text);
                assert_eq!(answer.status, 422, "{what}");
                let pointer = format!("/{}", field.name);
                let errors = answer.json["errors"].as_array().unwrap();
                let error = errors.iter().find(|error| error["pointer"].as_str().unwrap().starts_with(&pointer));
                let code = error.unwrap_or_else(|| panic!("{what}"))["code"].as_str().unwrap();
                // A rule can refuse the field before anybody looks for the record.
                if !matches!(code, "read-only" | "unknown-field" | "only-for-vendors") {
                    assert_eq!(code, "not-found", "{what}");
                    *refused.entry(*why).or_insert(0) += 1;
                }
            }
        }
    }
    assert_eq!(world.snapshot().await, before);
    assert!(refused.len() == 4 && refused["unknown"] >= 10 && refused["archived"] >= 1, "{refused:?}");
}

/// Whoever deletes what somebody begins to refer to at the same moment: one of the two is refused, and nothing is orphaned.
#[tokio::test]
async fn references_are_not_deleted_while_they_are_made() {
    let (mut made, mut deleted) = (0, 0);
    for round in 0..12 {
        let world = World::new().await;
        let manager = world.member(domain::Role::Manager).caller();
        let person = format!("/v1/people/{}", world.id("person"));
        let lead = json!({ "category": "Roof", "person": world.id("person") });
        let biddable = format!("/v1/leads/{}", world.id("biddable"));
        let bid = world.member(domain::Role::Expert).caller().post("/v1/bids", json!({ "lead": world.id("biddable") }));
        let (first, second) = (manager.delete(&person), manager.post("/v1/leads", lead).send());
        let (third, fourth) = (manager.delete(&biddable), bid.send());
        // Either may come first.
        let statuses = match round % 2 {
            0 => tokio::join!(first, second, third, fourth),
            _ => {
                let (second, first, fourth, third) = tokio::join!(second, first, fourth, third);
                (first, second, third, fourth)
            }
        };
        let (gone, begun, gone_lead, begun_bid) = statuses;
        let pair = (gone.status, begun.status);
        assert!(matches!(pair, (204, 422) | (409, 201)), "{pair:?} {} {}", gone.text, begun.text);
        // A bid that came first goes along.
        assert_eq!(gone_lead.status, 204, "{}", gone_lead.text);
        assert!(matches!(begun_bid.status, 201 | 422 | 409), "{}", begun_bid.text);
        assert_eq!(support::orphans(&world.tenant.id).await, Vec::<String>::new());
        made += usize::from(pair.1 == 201);
        deleted += usize::from(pair.0 == 204);
    }
    assert_eq!(made + deleted, 12);
}
