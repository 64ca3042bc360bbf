//! Profiles: who a member is besides what they may do, what they prefer, where they are paid, and what was verified.

mod confirm;
mod payout;
mod preferences;
mod profile;
mod routes;
mod verify;

pub use routes::{ROUTES, router};

edge::entry!(router);
