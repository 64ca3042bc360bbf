//! Custom fields: what a tenant adds to the records of an entity, and how that reads as a JSON Schema.

mod create;
mod order;
mod purge;
mod remove;
mod routes;
mod schema;
mod update;

pub use routes::{ROUTES, router};

edge::entry!(router);
