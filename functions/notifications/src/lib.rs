//! Notifications: who was told what, and the events behind it.

mod list;
mod preferences;
mod read;
mod routes;

pub use routes::{ROUTES, router};

edge::entry!(router);
