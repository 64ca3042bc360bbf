//! Every field of every list as a filter, an order, a shape: with any value the answer is a page or a 400 that names the parameter.

use domain::role::Role;
use edge::Verb;
use support::endpoints;

use crate::table::ENDPOINTS;
use crate::world::World;

const VALUES: &[&str] =
    &["x", "-1", "true", "2026-11-20T09:00:00Z", "", "%00", "%24where", "lead_01ARZ3NDEKTSV4RRFFQ69G5FAV", "a,%2C,b", "%C4%B0"];

#[tokio::test]
async fn queries_of_any_field_and_value_are_answered_or_named() {
    let world = World::new().await;
    let mut answered = 0;
    for (_, route) in endpoints().filter(|(_, route)| route.verb == Verb::Get && !route.path.contains("{id}")) {
        let Some(entity) = route.entity else { continue };
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let role = if endpoint.roles.contains(&Role::Owner) { Role::Owner } else { endpoint.roles[0] };
        let caller = world.member(role).caller();
        for field in entity.all_fields() {
            for (at, value) in VALUES.iter().enumerate() {
                let op = ["", "[ne]", "[gt]", "[lte]", "[in]", "[exists]"][at % 6];
                let dot = ["", "", ".id", ".minor", ".currency", ".name"][at % 6];
                for query in [format!("{}{dot}{op}={value}", field.name), format!("{}{op}={value}&q={value}", field.name)] {
                    let answer = caller.get(&format!("{}?{query}", route.path)).await;
                    assert!(matches!(answer.status, 200 | 400), "{} {query}: {}", route.path, answer.text);
                    assert!(answer.status == 200 || answer.places().len() == 1, "{} {query}: {}", route.path, answer.text);
                    assert!(!field.hidden || answer.status == 400, "{} {query}: {}", route.path, answer.text);
                    answered += 1;
                }
            }
            for query in ["sort", "fields", "expand"].map(|name| format!("{name}={}", field.name)) {
                let answer = caller.get(&format!("{}?{query}", route.path)).await;
                assert!(matches!(answer.status, 200 | 400), "{} {query}: {}", route.path, answer.text);
                assert!(!field.hidden || answer.status == 400, "{} {query}: {}", route.path, answer.text);
                answered += 1;
            }
        }
    }
    assert!(answered > 2_000, "{answered} queries were asked");
}

#[tokio::test]
async fn queries_walk_every_order_over_ties_and_gaps() {
    let world = World::new().await;
    for (_, route) in endpoints().filter(|(_, route)| route.verb == Verb::Get && !route.path.contains("{id}")) {
        let Some(entity) = route.entity else { continue };
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.route == format!("{route:?}")).unwrap();
        let caller = world.member(endpoint.roles[0]).caller();
        for (field, direction) in entity.all_fields().flat_map(|field| [(field, ""), (field, "-")]) {
            let sort = format!("{}?sort={direction}{}", route.path, field.name);
            let whole = caller.get(&format!("{sort}&limit=100")).await;
            if whole.status == 400 {
                continue;
            }
            let (mut walked, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = caller.get(&format!("{sort}&limit=2&fields=version{cursor}")).await.expect(200);
                walked.extend(page.json["data"].as_array().unwrap().iter().map(|record| record["id"].clone()));
                let Some(next) = page.json["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let expected: Vec<_> = whole.json["data"].as_array().unwrap().iter().map(|record| record["id"].clone()).collect();
            assert_eq!(walked, expected, "{sort}");
        }
    }
}
