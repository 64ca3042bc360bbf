//! Card data comes in nowhere: whatever endpoint, field and depth it is sent to, the answer is a 422 that names the place, and nothing changes.

use domain::Kind;
use domain::entity::Input;
use edge::{Access, Content, Route};
use serde_json::{Value, json};
use support::{App, OPERATOR_SECRET, endpoints};

use crate::table::{ENDPOINTS, Endpoint};
use crate::world::World;

const NUMBER: &str = "4111 1111 1111 1111";

/// Schedulers' endpoints read no body, and ask for their secret first.
fn runs_jobs(route: &Route) -> bool {
    route.access == Access::Public && route.path.ends_with("/run")
}

/// The path of an endpoint that is for strangers, of something that is there.
fn path(endpoint: &Endpoint, world: &World) -> String {
    endpoint.path(world).replace("{provider}", "google").replace("{id}", &world.tenant.id)
}

/// Every endpoint that reads a body as JSON, with its entity's fields that a body may set.
fn taking_bodies() -> impl Iterator<Item = (&'static Endpoint, Vec<&'static domain::Field>)> {
    let routes = endpoints().filter(|(_, route)| route.content != Content::Raw && route.verb.name() != "GET");
    routes.filter(|(_, route)| !runs_jobs(route)).map(|(_, route)| {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).expect("it is in the table");
        let fields = route.entity.iter().flat_map(|entity| entity.fields).filter(|field| field.input != Input::Nobody);
        (endpoint, fields.collect())
    })
}

/// A card number as a field of this kind could hold it.
fn planted(kind: &Kind) -> Value {
    match kind {
        Kind::List(of, _) => json!([planted(of)]),
        Kind::Object(fields) => fields.iter().map(|field| (field.name.to_owned(), planted(&field.kind))).collect(),
        Kind::Opaque(_) => json!({ "any": [{ "depth": NUMBER }] }),
        Kind::Integer(..) | Kind::Money => json!(4_111_111_111_111_111_i64),
        _ => format!("paid by {NUMBER}").into(),
    }
}

/// The pointers to the texts in a value.
fn texts(value: &Value, pointer: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![pointer],
        Value::Array(items) => items.iter().enumerate().flat_map(|(at, item)| texts(item, format!("{pointer}/{at}"))).collect(),
        Value::Object(object) => object.iter().flat_map(|(name, value)| texts(value, format!("{pointer}/{name}"))).collect(),
        _ => Vec::new(),
    }
}

/// Bodies with card data, where it is and what it is called.
fn bodies(good: &Value, fields: &[&domain::Field]) -> Vec<(Value, String, &'static str)> {
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let and = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let number = "card-number";
    let mut all: Vec<_> = texts(good, String::new()).into_iter().map(|at| (with(&at, NUMBER.into()), at, number)).collect();
    all.extend(fields.iter().map(|field| (and(field.name, planted(&field.kind)), format!("/{}", field.name), number)));
    all.push((and("cvv", "123".into()), "/cvv".to_owned(), "card-code"));
    all.push((and("any", json!({ "card": { "CVC-Code": 123 } })), "/any/card/CVC-Code".to_owned(), "card-code"));
    all.push((and("any", json!([4_111_111_111_111_111_i64])), "/any/0".to_owned(), number));
    all.push((and(NUMBER, json!(true)), String::new(), number));
    all
}

#[tokio::test]
async fn cards_are_refused_by_every_endpoint_in_every_field() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let mut checked = 0;
    for (endpoint, fields) in taking_bodies() {
        let good = match (endpoint.body)(&world) {
            Value::Null => json!({}),
            body => body,
        };
        let caller = match endpoint.roles.first() {
            Some(role) => world.member(*role).caller(),
            None => App::shared().with_token(OPERATOR_SECRET),
        };
        for (body, place, code) in bodies(&good, &fields) {
            let answer = caller.request(endpoint.method(), &path(endpoint, &world)).json(&body).send().await;
            let what = format!("{} {place}: {}", endpoint.route, answer.text);
            assert_eq!(answer.status, 422, "{what}");
            let errors = answer.json["errors"].as_array().expect("errors");
            let is_told =
                |error: &Value| error["code"] == code && error["pointer"].as_str().is_some_and(|at| at.starts_with(&place));
            assert!(errors.iter().any(is_told), "{what}");
            // Ids are random and may have any digits.
            let told = ["title", "detail", "errors"].map(|name| answer.json[name].to_string()).concat();
            assert!(!told.contains("1111") && !answer.text.contains("11111111"), "the answer tells it: {what}");
            checked += 1;
        }
    }
    assert!(checked > 250, "{checked} bodies were sent");
    assert_eq!(world.snapshot().await, before);
}
