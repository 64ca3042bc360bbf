//! API keys and the service accounts that programs act as.

mod create;
mod holder;
mod revoke;
mod rotate;
mod routes;
mod service_account;

pub use routes::{ROUTES, router};

edge::entry!(router);
