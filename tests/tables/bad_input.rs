//! Whatever is sent, the answer is a 4xx problem that names the field, never a 5xx, and nothing changes.

use domain::entity::Input;
use domain::{Kind, Time};
use edge::{Content, Verb};
use serde_json::{Value, json};
use support::{Answered, App, endpoints};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::{World, now_ms};

fn with_body() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && matches!(endpoint.method(), "POST" | "PUT" | "PATCH"))
}

#[track_caller]
fn problem(what: &str, answer: &Answered, status: u16) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    for key in ["type", "title", "detail", "code", "request_id"] {
        assert!(answer.json[key].is_string(), "{what} lacks {key}: {}", answer.text);
    }
    assert_eq!(answer.json["status"], status);
}

#[tokio::test]
async fn bad_input_bodies_that_cannot_be_read() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for endpoint in with_body() {
        let request = || world.member(endpoint.roles[0]).caller().request(endpoint.method(), &endpoint.path(&world));
        let json = "application/json";
        problem(endpoint.route, &request().body(json, "{\"broken\": ").send().await, 400);
        problem(endpoint.route, &request().body(json, "[1]").send().await, 400);
        problem(endpoint.route, &request().body(json, vec![b'"', 0xff, b'"']).send().await, 400);
        problem(endpoint.route, &request().body("text/plain", "{}").send().await, 415);
        problem(endpoint.route, &request().body(json, format!("\"{}\"", "x".repeat(1_100_000))).send().await, 413);
        problem(endpoint.route, &request().body(json, "[".repeat(100_000)).send().await, 400);
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn bad_input_unknown_fields_are_named() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for endpoint in with_body() {
        let mut body = match (endpoint.body)(&world) {
            Value::Null => json!({}),
            body => body,
        };
        body["no~such/field"] = 1.into();
        let request = world.member(endpoint.roles[0]).caller().request(endpoint.method(), &endpoint.path(&world)).json(&body);
        let answer = request.send().await;
        problem(endpoint.route, &answer, 422);
        assert!(answer.places().contains(&"/no~0such~1field".to_owned()), "{}: {}", endpoint.route, answer.text);
    }
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn bad_input_ids_are_named() {
    let world = World::new().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.record.is_some()) {
        let path = endpoint.route.split(' ').nth(1).unwrap();
        for bad in ["nonsense", "lead_", "%00", "lead_01ARZ3NDEKTSV4RRFFQ69G5FAU%27", "xxx_01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            let request = world.member(endpoint.roles[0]).caller().request(endpoint.method(), &path.replace("{id}", bad));
            let request = if endpoint.writes() { request.json(&json!({})) } else { request };
            let answer = request.send().await;
            problem(endpoint.route, &answer, 400);
            assert_eq!(answer.places(), ["id"], "{}", endpoint.route);
        }
    }
}

#[tokio::test]
async fn bad_input_queries_are_named() {
    let world = World::new().await;
    for (_, route) in endpoints().filter(|(_, route)| route.verb == Verb::Get && route.entity.is_some()) {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        for (query, parameter) in [
            ("limit=1000", "limit"),
            ("sort=nope", "sort"),
            ("nope=1", "nope"),
            ("cursor=%F0", "cursor"),
            ("fields=nope", "fields"),
            ("created_at[gt]=x", "created_at[gt]"),
        ] {
            let caller = world.member(endpoint.roles[0]).caller();
            let answer = caller.get(&format!("{}?{query}", endpoint.path(&world))).await;
            problem(endpoint.route, &answer, 400);
            assert_eq!(answer.places(), [parameter], "{}", endpoint.route);
        }
    }
}

#[tokio::test]
async fn bad_input_queries_of_endpoints_without_any_are_named() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let mut checked = 0;
    for (_, route) in endpoints().filter(|(_, route)| !route.has_query) {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let caller = match endpoint.is_public() {
            true => App::shared().anyone(),
            false => world.member(endpoint.roles[0]).caller(),
        };
        let request = caller.request(endpoint.method(), &format!("{}?fields=status", endpoint.path(&world)));
        let answer = request.json(&(endpoint.body)(&world)).send().await;
        problem(endpoint.route, &answer, 400);
        assert_eq!(answer.places(), ["fields"], "{}", endpoint.route);
        checked += 1;
    }
    assert!(checked > 20, "endpoints were checked");
    assert_eq!(world.snapshot().await, before);
}

#[tokio::test]
async fn bad_input_wrong_types_are_named_for_every_field_of_every_entity() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let mut checked = 0;
    for (_, route) in endpoints().filter(|(_, route)| matches!(route.verb, Verb::Post | Verb::Patch)) {
        let Some(entity) = route.entity else { continue };
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let creates = !route.path.contains("{id}");
        if !(creates && route.content == Content::Json) && route.content != Content::MergePatch {
            continue;
        }
        for field in entity
            .fields
            .iter()
            .filter(|field| !field.hidden && field.input != Input::Nobody && !matches!(field.kind, Kind::Opaque(_)))
        {
            for (bad, what) in wrong_values(&field.kind) {
                let body = json!({ field.name: bad });
                let answer = world
                    .member(endpoint.roles[0])
                    .caller()
                    .request(endpoint.method(), &endpoint.path(&world))
                    .json(&body)
                    .send()
                    .await;
                let what = format!("{} {} {what}", endpoint.route, field.name);
                problem(&what, &answer, 422);
                let pointer = format!("/{}", field.name);
                assert!(answer.places().iter().any(|place| place.starts_with(&pointer)), "{what}: {}", answer.text);
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "fields were checked");
    assert_eq!(world.snapshot().await, before);
}

/// Values that a field of this kind cannot hold.
fn wrong_values(kind: &Kind) -> Vec<(Value, &'static str)> {
    let number_or_text = match kind {
        Kind::Text(_)
        | Kind::Email
        | Kind::Phone
        | Kind::FileUrl
        | Kind::Url
        | Kind::Date
        | Kind::Choice(_)
        | Kind::Reference(_) => {
            json!(12)
        }
        _ => json!("text"),
    };
    let mut wrong = vec![(number_or_text, "of a wrong type"), (json!([[{}]]), "too deep")];
    match kind {
        Kind::Text(max) => wrong.push((json!("x".repeat(max + 1)), "too long")),
        Kind::Reference(_) => wrong.push((json!("xxx_01ARZ3NDEKTSV4RRFFQ69G5FAV"), "of another entity")),
        Kind::Integer(_, max) if *max < i64::MAX => wrong.push((json!(max + 1), "too large")),
        Kind::Money => wrong.push((json!({ "minor": 1.5, "currency": "EUR" }), "of half a cent")),
        Kind::Date => wrong.push((json!("2026-02-30T00:00:00Z"), "not in the calendar")),
        Kind::Custom => wrong.push((json!({ "nobody_defined": 1 }), "of no field that is defined")),
        Kind::Choice(_) => wrong.push((json!("no-such-word"), "not a choice")),
        _ => {}
    }
    wrong
}

#[tokio::test]
async fn bad_input_tokens_that_prove_nothing() {
    let world = World::new().await;
    let member = world.member(domain::Role::Owner);
    let now = Time::from_ms(now_ms());
    let good = member.token_at(now);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = signed.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoidGVzdCJ9";
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    let tokens = [
        ("expired", member.token_at(now.plus_ms(-910_000))),
        ("from the future", member.token_at(now.plus_ms(60_000))),
        ("forged", format!("{signed}.{flipped}{}", signature.chars().skip(1).collect::<String>())),
        ("without algorithm", format!("{none}.{payload}.")),
        ("without algorithm but signed", format!("{none}.{payload}.{signature}")),
        ("huge", format!("{signed}.{}", "A".repeat(5_000))),
    ];
    for (what, token) in tokens {
        let answer = App::shared().with_token(&token).get("/v1/leads").await;
        problem(what, &answer, 401);
        assert_eq!(answer.code(), "invalid-token", "{what}");
    }
    App::shared().with_token(&good).get("/v1/leads").await.expect(200);
}

#[tokio::test]
async fn bad_input_headers_are_refused() {
    let world = World::new().await;
    let caller = world.member(domain::Role::Owner).caller();
    let path = format!("/v1/leads/{}", world.id("lead"));
    problem("if-match", &caller.patch(&path, json!({ "description": "x" })).header("if-match", "W/\"1\"").send().await, 400);
    let long = "k".repeat(256);
    problem(
        "idempotency-key",
        &caller.post("/v1/leads", json!({ "category": "x" })).header("idempotency-key", &long).send().await,
        400,
    );
    let refused = caller.request("PUT", &path).json(&json!({})).send().await;
    problem("method", &refused, 405);
    assert_eq!(refused.header("allow"), Some("GET, PATCH, DELETE"));
    problem("path", &caller.get("/v1/leads/a/b/c").await, 404);
}
