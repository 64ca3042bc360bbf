//! The Data API over HTTP: MongoDB's retired protocol, extended, over the embedded engine or the driver.
//!
//! It knows nothing of what the documents mean. A request is authenticated, read once into BSON, run, and answered as JSON text straight from BSON.

mod accept;
mod access;
mod answer;
mod backend;
mod backup;
mod body;
mod command;
mod config;
mod ejson;
mod error;
mod expect;
mod failure;
mod gateway;
mod insert;
mod log;
mod metrics;
mod parameters;
mod perform;
#[cfg(test)]
mod properties;
mod rate;
mod refs;
mod refused;
mod route;
mod seen;
mod server;
mod tls;
mod touched;
mod transaction;
mod verify;
mod watch;
mod workers;

pub use backup::back_up;
pub use config::{Apart, Backend, Config, Kept, Key, Limits, Rate};
pub use error::Error;
pub use server::{Running, start};
pub use tls::Tls;
pub use verify::verify;
