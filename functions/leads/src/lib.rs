//! Leads: requests for work, from the first enquiry to the bid pool.

mod assign;
mod create;
mod publish;
mod remove;
mod routes;
mod update;

pub use routes::{ROUTES, router};

edge::entry!(router);
