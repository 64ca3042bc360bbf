//! What is sent, wherever in a request and however it ends, is in no line that functions log.

use domain::{Kind, entities};
use edge::Access;
use serde_json::{Map, Value, json};
use support::{App, Cut, Request, endpoints, id, logged};

use crate::planted;
use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

/// In all that is sent here, and in nothing else.
const MARK: &str = "zqunmistakablez";

/// Every field that any entity or endpoint knows, as right as can be, or of a wrong kind.
fn body(right: bool) -> Value {
    let mut body = Map::new();
    for field in entities::ALL.iter().flat_map(|entity| entity.fields) {
        body.insert(field.name.to_owned(), if right { planted::value(&field.kind, MARK) } else { json!([{ "deep": MARK }]) });
    }
    for name in ["password", "current_password", "token", "code", "tenant_name", "challenge", "device", "unknown", "q"] {
        body.insert(name.to_owned(), MARK.into());
    }
    body.insert("email".to_owned(), format!("{MARK}@example.com").into());
    body.into()
}

/// A request with the mark in every place in which a caller can put something.
fn marked(world: &World, endpoint: &Endpoint, path: &str, body: Option<Value>) -> (String, Request) {
    let role = endpoint.roles.first().copied().unwrap_or(domain::Role::Owner);
    let request_id = id("req");
    let request = world.member(role).caller().request(endpoint.method(), path);
    let request = request.header("x-request-id", &request_id).header("user-agent", MARK);
    let request = request.header("if-none-match", MARK).header("last-event-id", MARK).header("x-jobs-secret", MARK);
    let request = if endpoint.writes() { request.header("idempotency-key", format!("{MARK} {request_id}")) } else { request };
    (request_id, body.into_iter().fold(request, |request, body| request.json(&body)))
}

/// Whether lines tell of every request, and nothing of what was sent.
fn check(sent: &[String]) {
    let lines = logged();
    for request_id in sent {
        assert!(lines.iter().any(|line| line.contains(request_id)), "{request_id} is in no line");
    }
    let told: Vec<&String> = lines.iter().filter(|line| line.to_lowercase().contains(MARK)).collect();
    assert!(told.is_empty(), "{told:#?}");
}

#[tokio::test]
async fn nothing_that_is_sent_is_logged() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.streams()) {
        let path = endpoint.path(&world);
        let named = endpoint.route.split(' ').nth(1).unwrap().replace("{id}", MARK).replace("{key}", MARK);
        let mut requests = vec![
            marked(&world, endpoint, &format!("{path}?q={MARK}&email={MARK}@example.com&{MARK}={MARK}"), None),
            marked(&world, endpoint, &format!("{path}?q={MARK}"), None),
            marked(&world, endpoint, &named, None),
        ];
        if endpoint.writes() {
            requests.extend([body(true), body(false), json!(MARK)].map(|body| marked(&world, endpoint, &path, Some(body))));
            let (request_id, request) = marked(&world, endpoint, &path, None);
            requests.push((request_id, request.body("application/json", format!("{{ not JSON {MARK}"))));
        }
        for (request_id, request) in requests {
            request.send().await;
            sent.push(request_id);
        }
    }
    assert!(sent.len() > 400, "{} requests", sent.len());
    check(&sent);
}

/// Bodies that are taken, with the mark in every free text of the entity that a caller may write.
#[tokio::test]
async fn nothing_that_is_kept_is_logged_however_the_database_answers() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for (_, route) in endpoints().filter(|(_, route)| matches!(route.access, Access::May(_))) {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let (Some(entity), Value::Object(mut body)) = (route.entity, (endpoint.body)(&world)) else { continue };
        let texts = entity.fields.iter().filter(|field| field.input == domain::entity::Input::Anyone);
        for field in texts.filter(|field| matches!(field.kind, Kind::Text(max) if max > MARK.len())) {
            body.insert(field.name.to_owned(), MARK.into());
        }
        if entity.field("email").is_some() && endpoint.method() == "POST" {
            body.insert("email".to_owned(), format!("{MARK}@example.com").into());
        }
        let path = endpoint.path(&world);
        // Taken, taken already, and cut off before and after it took effect.
        for cut in [None, None, Some(Cut::Before(1)), Some(Cut::After(1)), Some(Cut::Before(2)), Some(Cut::After(2))] {
            let (request_id, request) = marked(&world, endpoint, &path, Some(Value::Object(body.clone())));
            if let Some(cut) = cut {
                App::shared().wire.cut(&request_id, cut);
            }
            request.send().await;
            sent.push(request_id);
        }
    }
    assert!(sent.len() > 60, "{} requests", sent.len());
    check(&sent);
}
