//! Billing: quotes, milestones and invoices, to the cent.

mod accept;
mod approve;
mod deal;
mod decline;
mod notice;
mod pay;
mod routes;
mod send;
mod update;
mod withdraw;

pub use routes::{ROUTES, router};

edge::entry!(router);
