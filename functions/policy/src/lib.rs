//! The tenant's own roles: what they give, and that a change of one reaches everybody who has it.

mod roles;
mod routes;

pub use routes::{ROUTES, router};

edge::entry!(router);
