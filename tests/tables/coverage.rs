//! The table knows every endpoint, and no others.

use std::collections::BTreeSet;

use support::endpoints;

use crate::table::ENDPOINTS;

#[test]
fn coverage() {
    let known: BTreeSet<String> = ENDPOINTS.iter().map(|endpoint| endpoint.route.to_owned()).collect();
    let served: BTreeSet<String> = endpoints().map(|(_, route)| format!("{route:?}")).collect();
    assert_eq!(known, served);
    assert_eq!(known.len(), ENDPOINTS.len(), "an endpoint stands in the table twice");
}
