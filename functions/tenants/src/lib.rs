//! The tenant: its names, plan, features, limits and looks, for those who run it; and its status, for the operator.

mod branding;
mod domain_name;
mod features;
mod operator;
mod retry;
mod routes;
mod settings;
mod tenant;
mod usage;

pub use domain_name::challenge;
pub use routes::{ROUTES, router};

edge::entry!(router);
