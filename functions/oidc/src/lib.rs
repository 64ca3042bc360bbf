//! Logins elsewhere: checks what an outside provider says of somebody, and says so to `auth`. It never reaches identities.

mod exchange;
mod keys;
mod provider;
mod routes;
mod token;

pub use routes::{ROUTES, router};

edge::entry!(router);
