//! Who may do what: the tenant's members, their roles and sessions, and why somebody may do something or not.

mod activation;
mod explain;
mod invite;
mod keys;
mod member;
mod remove;
mod roles;
mod routes;
mod seed;
mod sessions;
mod teams;
mod vendors;

pub use routes::{ROUTES, router};

edge::entry!(router);
