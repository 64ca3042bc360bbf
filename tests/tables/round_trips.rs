//! What each endpoint costs: trips to the database, counted on the wire.

use support::{App, id, orphans};

use crate::table::ENDPOINTS;
use crate::world::World;

#[tokio::test]
async fn round_trips() {
    let mut wrong = Vec::new();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && !endpoint.streams()) {
        let world = World::new().await;
        let request_id = id("req");
        let answer = endpoint.succeeding(&world).header("x-request-id", &request_id).send().await;
        assert_eq!(answer.header("x-request-id"), Some(request_id.as_str()));
        let trips = App::shared().wire.calls(&request_id);
        if answer.status >= 300 || !(1..=endpoint.trips).contains(&trips) {
            wrong.push(format!("{}: {trips} trips of {}: {} {}", endpoint.route, endpoint.trips, answer.status, answer.text));
        }
        if endpoint.writes() {
            let orphans = orphans(&world.tenant.id).await;
            wrong.extend(orphans.iter().map(|orphan| format!("{} leaves an orphan: {orphan}", endpoint.route)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
