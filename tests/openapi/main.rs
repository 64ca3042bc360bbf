//! The OpenAPI document: generated from routes and tables, kept as a golden file, and held against what the API does.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on should stop there")]

mod document;
mod operation;
mod operations;
mod parameters;
mod schema;

use std::collections::BTreeSet;
use std::path::Path;

use support::endpoints;

#[test]
fn every_endpoint_is_described_and_nothing_else() {
    let described: BTreeSet<&str> = operations::OPERATIONS.iter().map(|operation| operation.route).collect();
    let served: Vec<String> = endpoints().map(|(_, route)| format!("{route:?}")).collect();
    let served: BTreeSet<&str> = served.iter().map(String::as_str).collect();
    assert_eq!(described, served);
    assert_eq!(described.len(), operations::OPERATIONS.len(), "an endpoint is described twice");
}

/// `UPDATE=1` writes it anew.
#[test]
fn the_golden_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let fresh = serde_json::to_string_pretty(&document::document()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == fresh, "docs/openapi.json is not what the tables say; run the test with UPDATE=1");
}
