//! What holds of every answer, whichever endpoint gives it.

use domain::Role;
use serde_json::json;
use support::App;

use crate::table::ENDPOINTS;
use crate::world::World;

const ORIGIN: &str = "https://app.example";

#[tokio::test]
async fn http_head_is_get_without_a_body() {
    let world = World::new().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.method() == "GET" && !endpoint.is_public() && !endpoint.streams())
    {
        let caller = world.member(endpoint.roles[0]).caller();
        let got = caller.get(&endpoint.path(&world)).await.expect(200);
        let head = caller.request("HEAD", &endpoint.path(&world)).send().await.expect(200);
        assert_eq!(head.text, "", "{}", endpoint.route);
        for header in ["content-type", "etag"] {
            assert_eq!(head.header(header), got.header(header), "{}", endpoint.route);
        }
    }
}

#[tokio::test]
async fn http_scripts_may_call_from_the_configured_origins_alone() {
    let caller = App::shared().anyone();
    for (origin, allowed) in [(ORIGIN, Some(ORIGIN)), ("https://evil.example", None), ("https://app.example.evil.example", None)]
    {
        let preflight = caller.request("OPTIONS", "/v1/leads").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST").send().await.expect(204);
        let refused = caller.request("GET", "/v1/leads").header("origin", origin).send().await.expect(401);
        for answer in [&preflight, &refused] {
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
        assert_eq!(preflight.header("access-control-allow-methods"), Some("GET, POST"));
    }
    let unknown = caller.request("OPTIONS", "/v1/leads/a/b/c").header("origin", ORIGIN).send().await.expect(404);
    assert_eq!(unknown.code(), "no-route");
}

#[tokio::test]
async fn http_answers_are_neither_kept_nor_framed_nor_guessed_at() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).caller();
    let lead = format!("/v1/leads/{}", world.id("lead"));
    let answers = [
        owner.get(&lead).await.expect(200),
        owner.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201),
        owner.delete(&lead).await.expect(204),
        owner.get(&lead).await.expect(404),
        App::shared().anyone().get(&lead).await.expect(401),
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
        assert!(answer.header("strict-transport-security").is_some());
    }
}

#[tokio::test]
async fn http_a_request_keeps_the_harmless_id_it_came_with() {
    let caller = World::new().await.member(Role::Owner).caller();
    let long = "x".repeat(101);
    for (id, is_kept) in [("req-1.a_B", true), ("", false), ("a b", false), ("a,b", false), ("\"a\"", false), (&*long, false)] {
        let answer = caller.request("GET", "/v1/leads/nonsense").header("x-request-id", id).send().await.expect(400);
        let given = answer.header("x-request-id").unwrap();
        assert_eq!(answer.json["request_id"], given);
        assert_eq!(given == id, is_kept, "{id}");
        assert!(is_kept || given.starts_with("req_"));
    }
}
