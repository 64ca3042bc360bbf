//! What a policy masks is in no channel: no answer holds it, no query can ask about it, no search finds it, nobody writes it.

use std::collections::BTreeSet;

use domain::entity::{Input, Kind};
use domain::policy::{self, MASKS_MAX, Mask};
use domain::{Entity, Field, Policy, Role, entities, lifecycle};
use edge::{Content, Route, Verb};
use serde_json::{Value, json};
use support::{Answered, Events, about, endpoints};

use crate::planted::{self, Planting};
use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// What gives others a policy, or changes those who have one.
pub const HANDS_OUT: &[&str] = &[
    "POST /v1/members",
    "POST /v1/service-accounts",
    "PATCH /v1/members/{id}",
    "POST /v1/members/{id}/activate",
    "POST /v1/members/{id}/deactivate",
    "POST /v1/roles",
    "PATCH /v1/roles/{id}",
    "POST /v1/roles/{id}/restore",
    "PATCH /v1/profiles/{id}",
    "POST /v1/verifications/{id}/verify",
    "POST /v1/verifications/{id}/reject",
];

type Masks = Vec<(&'static Entity, &'static Field, Mask)>;

fn maskable(entity: &'static Entity) -> impl Iterator<Item = &'static Field> {
    entity.fields.iter().filter(|field| policy::maskable(entity, field))
}

fn hiding(entity: &'static Entity, field: &'static Field) -> Masks {
    vec![(entity, field, Mask::Hidden)]
}

/// Masks that together hide every field of every entity: as many at once as a policy can hold, each entity in one piece.
fn everything() -> Vec<Masks> {
    let mut groups: Vec<Masks> = vec![Vec::new()];
    for entity in entities::ALL {
        let masks: Masks = maskable(entity).flat_map(|field| hiding(entity, field)).collect();
        if groups.last().unwrap().len() + masks.len() > MASKS_MAX {
            groups.push(Vec::new());
        }
        groups.last_mut().unwrap().extend(masks);
    }
    groups
}

/// The policy of a role, but for some fields.
fn like(role: Role, masks: Masks) -> Policy {
    let masks = masks.into_iter().map(|(entity, field, mask)| (entity, field.name, mask));
    Policy::custom(role, Policy::from(role).permissions(), masks).unwrap()
}

/// The entity whose records a route shows.
fn shown_by(path: &str, entity: Option<&'static Entity>) -> Option<&'static Entity> {
    match path.rsplit('/').next() {
        Some("messages" | "stream") => Some(&entities::MESSAGE),
        Some("reads") => Some(&entities::READ_MARK),
        _ => entity,
    }
}

/// The endpoints that read, each with the entity that it shows, if it shows one.
pub fn reads() -> impl Iterator<Item = (&'static Endpoint, Option<&'static Entity>, bool)> {
    let gets = endpoints().filter(|(_, route)| route.verb == Verb::Get).map(|(_, route)| {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        (endpoint, shown_by(route.path, route.entity), route.has_query)
    });
    gets.filter(|(endpoint, ..)| !endpoint.is_public() && !endpoint.streams())
}

/// What an answer holds of fields that are masked: by their names in records and diffs, and by the bytes that were planted.
fn leaks(answer: &Answered, masks: &Masks) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut body = answer.json.clone();
    if let Some(body) = body.as_object_mut() {
        // Whoever enters is told as whom.
        body.remove("memberships");
    }
    named("", &body, &mut |entity, name| {
        if masks.iter().any(|(of, field, _)| of.name == entity && field.name == name) {
            found.insert(format!("{entity}.{name}"));
        }
    });
    let text = format!("{body}{:?}", answer.headers);
    let bytes = masks.iter().filter(|(entity, field, _)| planted::bytes(entity, field).iter().any(|bytes| text.contains(bytes)));
    found.extend(bytes.map(|(entity, field, _)| format!("{}.{} by its bytes", entity.name, field.name)));
    found
}

/// Tells every field of every record, and of every diff, in some JSON.
fn named(key: &str, value: &Value, tell: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| named(key, item, tell)),
        Value::Object(fields) => {
            let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
            let entity = entities::ALL.iter().find(|entity| domain::id::is(entity.prefix, id) && key != "record");
            let of = fields.get("record").and_then(|record| record["type"].as_str());
            for (name, value) in fields {
                if let Some(entity) = entity {
                    tell(entity.name, name);
                }
                if let (Some(of), "changes", Value::Object(changes)) = (of, name.as_str(), value) {
                    changes.keys().for_each(|name| tell(of, name));
                }
                named(name, value, tell);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn masked_fields_are_in_no_answer_that_reads() {
    let world = World::new().await;
    planted::plant(&world, Planting::Everywhere).await;
    let mut seen = BTreeSet::new();
    for masks in everything() {
        for (endpoint, entity, has_query) in reads() {
            let mut queries = vec![String::new()];
            let references = entity.into_iter().flat_map(maskable).filter(|field| {
                let refers = matches!(field.kind, Kind::Reference(_) | Kind::List(Kind::Reference(_), _));
                refers
                    && !masks
                        .iter()
                        .any(|(of, masked, _)| Some(of.name) == entity.map(|entity| entity.name) && masked.name == field.name)
            });
            queries.extend(references.filter(|_| has_query).map(|field| format!("?expand={}", field.name)));
            if entity.is_some_and(|entity| entity.name == "event") && !masks.iter().any(|(of, ..)| of.name == "event") {
                queries.push("?fields=changes,comment,actor".to_owned());
            }
            let others = endpoint.roles.iter().skip(1).map(|role| (*role, ""));
            for (role, query) in queries.iter().map(|query| (endpoint.roles[0], query.as_str())).chain(others) {
                let path = format!("{}{query}", endpoint.path(&world));
                let member = world.member(role);
                let all = member.caller().get(&path).await;
                let rest = member.with(like(role, masks.clone())).caller().get(&path).await;
                assert_eq!(rest.status, all.status, "{path} as {role:?}: {}", rest.text);
                let leaked = leaks(&rest, &masks);
                assert!(leaked.is_empty(), "{path} as {role:?}: {leaked:?} in {}", rest.text);
                seen.extend(leaks(&all, &masks));
            }
        }
    }
    let known = |entity: &Entity| reads().any(|(_, shown, _)| shown.is_some_and(|shown| shown.name == entity.name));
    let fields =
        entities::ALL.iter().filter(|entity| known(entity)).flat_map(|entity| maskable(entity).map(|field| (*entity, field)));
    let unseen: Vec<String> =
        fields.map(|(entity, field)| format!("{}.{}", entity.name, field.name)).filter(|name| !seen.contains(name)).collect();
    assert!(unseen.is_empty(), "what nobody sees is not shown to be masked: {unseen:?}");
}

#[tokio::test]
async fn masked_fields_are_in_no_answer_to_a_command_nor_in_its_repeat() {
    let (mut records, mut replayed) = (0, 0);
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && endpoint.writes()) {
        let (world, other) = (World::new().await, World::new().await);
        planted::plant(&world, Planting::Texts).await;
        planted::plant(&other, Planting::Texts).await;
        let role = endpoint.roles[0];
        let first = endpoint.succeeding(&world).header("idempotency-key", "once").send().await;
        assert!(first.status < 300, "{}: {} {}", endpoint.route, first.status, first.text);
        let id = first.json["id"].as_str().unwrap_or_default();
        let Some(entity) = entities::ALL.iter().copied().find(|entity| domain::id::is(entity.prefix, id)) else { continue };
        let sent = (endpoint.body)(&world);
        let masks: Masks =
            maskable(entity).filter(|field| sent.get(field.name).is_none()).flat_map(|field| hiding(entity, field)).collect();
        assert!(!leaks(&first, &masks).is_empty(), "{}: {}", endpoint.route, first.text);
        let masked = |world: &World| world.member(role).with(like(role, masks.clone())).caller();
        let send = |world: &World| {
            let request = masked(world).request(endpoint.method(), &endpoint.path(world));
            let body = (endpoint.body)(world);
            let request = if body.is_null() { request } else { request.json(&body) };
            request.header("idempotency-key", "once")
        };
        if HANDS_OUT.contains(&endpoint.route) {
            // Somebody would see what the caller may not.
            assert_eq!(send(&other).send().await.expect(403).code(), "role-not-allowed");
            continue;
        }
        records += 1;
        let repeat = send(&world).send().await.expect(first.status);
        // What changes nothing is not kept.
        replayed += usize::from(repeat.header("idempotency-replayed") == Some("true"));
        let fresh = send(&other).send().await;
        assert_eq!(
            (fresh.status, fresh.header("idempotency-replayed")),
            (first.status, None),
            "{}: {}",
            endpoint.route,
            fresh.text
        );
        for answer in [repeat, fresh] {
            let leaked = leaks(&answer, &masks);
            assert!(leaked.is_empty(), "{}: {leaked:?} in {}", endpoint.route, answer.text);
        }
    }
    assert!(records > 20 && replayed + 2 >= records, "{records} commands answered with a record, {replayed} repeated it");
}

#[tokio::test]
async fn masked_fields_are_in_no_stream() {
    let world = World::new().await;
    planted::plant(&world, Planting::Everywhere).await;
    let path = format!("/v1/conversations/{}/stream", world.id("conversation"));
    let member = world.member(Role::Manager);
    let masks: Masks = maskable(&entities::MESSAGE).flat_map(|field| hiding(&entities::MESSAGE, field)).collect();
    let all = Events::open(member.caller().request("GET", &path)).await.next().await.unwrap().data;
    let rest = Events::open(member.with(like(Role::Manager, masks)).caller().request("GET", &path)).await;
    let rest = { rest }.next().await.unwrap().data;
    for field in maskable(&entities::MESSAGE) {
        assert!(all.get(field.name).is_some() && rest.get(field.name).is_none(), "{}: {all} {rest}", field.name);
        assert!(!rest.to_string().contains(&planted::mark(&entities::MESSAGE, field)));
    }
    assert_eq!(rest["seq"], 1);
}

#[tokio::test]
async fn masked_fields_cannot_be_asked_about() {
    let world = World::new().await;
    let (mut asked, mut answered) = (0, 0);
    for (endpoint, entity, _) in reads().filter(|(.., has_query)| *has_query) {
        let Some(entity) = entity else { continue };
        let (role, path) = (endpoint.roles[0], endpoint.path(&world));
        let is_list =
            endpoint.record.is_none() || path.ends_with("s") && endpoint.record.is_some_and(|_| path.matches('/').count() == 4);
        for field in maskable(entity) {
            let name = field.name;
            let mut queries =
                vec![(format!("fields={name}"), "fields".to_owned()), (format!("expand={name}"), "expand".to_owned())];
            if is_list {
                queries.push((format!("sort=-{name}"), "sort".to_owned()));
                let filters = ["", "[ne]", "[in]", "[exists]", ".minor", ".currency", ".id", ".type"];
                queries.extend(filters.map(|filter| (format!("{name}{filter}=true"), format!("{name}{filter}"))));
            }
            let caller = world.member(role).with(like(role, hiding(entity, field))).caller();
            for (query, parameter) in queries {
                let refused = caller.get(&format!("{path}?{query}")).await;
                assert_eq!((refused.status, refused.places()), (400, vec![parameter]), "{path}?{query}: {}", refused.text);
                asked += 1;
                answered += usize::from(world.member(role).caller().get(&format!("{path}?{query}")).await.status == 200);
            }
        }
    }
    assert!(asked > 1_000 && answered > 300, "{asked} asked, {answered} answered without a mask");
}

#[tokio::test]
async fn masked_words_are_not_found() {
    let world = World::new().await;
    planted::plant(&world, Planting::Everywhere).await;
    let mut searched = 0;
    for (endpoint, entity, _) in reads().filter(|(endpoint, _, has_query)| *has_query && endpoint.record.is_none()) {
        let Some(entity) = entity else { continue };
        let (role, path) = (endpoint.roles[0], endpoint.path(&world));
        let member = world.member(role);
        // Every field is planted, so everything is in the archive.
        let archived = if lifecycle::is_archivable(entity) { "&archived=all" } else { "" };
        let fields: Vec<&Field> = entity.fields.iter().filter(|field| field.searchable).collect();
        for field in &fields {
            let query = format!("{path}?count=true{archived}&q={}", planted::mark(entity, field));
            let found = member.caller().get(&query).await.expect(200);
            assert!(found.json["total"].as_u64() > Some(0), "{query}: {}", found.text);
            let blind = member.with(like(role, hiding(entity, field))).caller().get(&query).await;
            let nothing = blind.status == 400 && fields.len() == 1;
            assert!(nothing || blind.json["total"] == 0 && blind.json["data"] == json!([]), "{query}: {}", blind.text);
            for other in fields.iter().filter(|other| other.name != field.name) {
                let query = format!("{path}?count=true{archived}&q={}", planted::mark(entity, other).to_uppercase());
                let all = member.caller().get(&query).await.expect(200);
                let rest = member.with(like(role, hiding(entity, field))).caller().get(&query).await.expect(200);
                assert_eq!(rest.json["total"], all.json["total"], "{query}");
            }
            searched += 1;
        }
    }
    assert!(searched >= 5, "{searched} fields were searched");
}

/// Sending back what is there already is no offence.
fn other_value(kind: &Kind) -> Value {
    if matches!(kind, Kind::Flag) { json!(false) } else { planted::value(kind, "written") }
}

/// The fields of an entity that a route takes new values of.
fn taken(route: &Route, entity: &'static Entity) -> Vec<&'static Field> {
    // The names of settings are their keys.
    if route.path == "/v1/settings" {
        return Vec::new();
    }
    let takes = |field: &&Field| match (route.takes, route.content) {
        (Some(fields), _) => fields.iter().any(|taken| taken.name == field.name),
        (None, Content::MergePatch) => field.input != Input::Nobody,
        (None, Content::Json) => field.input != Input::Nobody && route.entity.is_some() && !route.path.contains('{'),
        _ => false,
    };
    maskable(entity).filter(takes).collect()
}

#[tokio::test]
async fn masked_fields_are_neither_written_nor_taken_away() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let (mut refused, mut verbs) = (0, BTreeSet::new());
    for (_, route) in endpoints().filter(|(_, route)| matches!(route.verb, Verb::Post | Verb::Patch)) {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let Some(entity) = about(route).filter(|_| !endpoint.is_public()) else { continue };
        let entity = shown_by(route.path, Some(entity)).unwrap();
        for field in taken(route, entity) {
            for (mask, codes) in [(Mask::Hidden, &["unknown-field", "read-only"][..]), (Mask::ReadOnly, &["read-only"])] {
                let policy = like(endpoint.roles[0], vec![(entity, field, mask)]);
                let caller = world.member(endpoint.roles[0]).with(policy).caller();
                for value in [other_value(&field.kind), Value::Null] {
                    let body = json!({ field.name: value });
                    let answer = caller.request(endpoint.method(), &endpoint.path(&world)).json(&body).send().await;
                    let errors = answer.json["errors"].as_array().cloned().unwrap_or_default();
                    let is_named = |error: &Value| {
                        error["pointer"] == format!("/{}", field.name) && codes.iter().any(|code| error["code"] == *code)
                    };
                    // Whoever sees less than another changes nothing of them.
                    if HANDS_OUT.contains(&endpoint.route) && answer.code() == "role-not-allowed" {
                        continue;
                    }
                    assert!(answer.status == 422 && errors.iter().any(is_named), "{} {body}: {}", endpoint.route, answer.text);
                    refused += 1;
                }
                verbs.extend(route.takes.map(|_| endpoint.route));
            }
        }
    }
    assert!(refused > 200 && verbs.len() > 7, "{refused} fields were refused; by verbs: {verbs:?}");
    assert_eq!(world.snapshot().await, before);
}
