//! What each endpoint costs: trips to the database, counted on the wire.

use support::{App, id};

use crate::table::ENDPOINTS;
use crate::world::World;

#[tokio::test]
async fn round_trips() {
    for endpoint in ENDPOINTS.iter().filter(|endpoint| !endpoint.is_public() && !endpoint.streams()) {
        let world = World::new().await;
        let request_id = id("req");
        let answer = endpoint.succeeding(&world).header("x-request-id", &request_id).send().await;
        assert!(answer.status < 300, "{}: {} {}", endpoint.route, answer.status, answer.text);
        let trips = App::shared().wire.calls(&request_id);
        assert!((1..=endpoint.trips).contains(&trips), "{} makes {trips} trips, not {}", endpoint.route, endpoint.trips);
        assert_eq!(answer.header("x-request-id"), Some(request_id.as_str()));
    }
}
