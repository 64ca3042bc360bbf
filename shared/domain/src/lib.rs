//! The words of the business: entity tables, the engine that reads them, and the rules.
//!
//! Absences that hold: no I/O, no async, no HTTP, no clock, no randomness, no environment.

pub mod access;
pub mod cidr;
pub mod custom;
pub mod doc;
pub mod entities;
pub mod entity;
pub mod error;
pub mod event;
pub mod filter;
pub mod id;
pub mod json;
pub mod lane;
pub mod lifecycle;
pub mod money;
pub mod phone;
pub mod plan;
pub mod policy;
pub mod privacy;
pub mod retention;
pub mod role;
pub mod role_sets;
pub mod rules;
pub mod search;
pub mod settings;
pub mod time;
pub mod validate;

pub use entity::{Entity, Field, Kind};
pub use error::{Error, ErrorKind, Result, Violation};
pub use filter::Filter;
pub use money::Money;
pub use policy::{Policy, Viewer};
pub use role::Role;
pub use time::Time;

/// A document as the functions hold it: plain JSON, dates as RFC 3339 text.
pub type Doc = serde_json::Map<String, serde_json::Value>;
