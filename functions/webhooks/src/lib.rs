//! Webhooks: a tenant's connections to outside services, and what those services send.

mod connect;
mod forms;
mod receipt;
mod routes;
mod setup;
mod update;
mod xero;

pub use routes::{ROUTES, router};

edge::entry!(router);
