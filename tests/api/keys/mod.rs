//! `/v1/api-keys` and `/v1/service-accounts`.

mod address;
mod lifetime;
mod service;
mod shown_once;

use support::Answered;

/// The id of a key that was just made.
fn id_of(made: &Answered) -> String {
    made.json["api_key"].as_str().unwrap().to_owned()
}
