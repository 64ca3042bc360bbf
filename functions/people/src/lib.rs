//! People: whom the tenant deals with.

mod routes;
mod write;

pub use routes::{ROUTES, router};

edge::entry!(router);
