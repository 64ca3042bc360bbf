//! Bids: what experts offer on a lead, sealed until the deadline, and the award.

mod award;
mod create;
mod remove;
mod routes;
mod seal;
mod submit;
mod update;
mod withdraw;

pub use routes::{ROUTES, router};

edge::entry!(router);
