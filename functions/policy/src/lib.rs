//! The tenant's own roles, and why somebody may do something or not.

mod explain;
mod roles;
mod routes;

pub use routes::{ROUTES, router};

edge::entry!(router);
