//! Jobs: what must happen after a commit, worked under a lease until it has happened once.

mod form;
mod invite;
mod login_code;
mod mail;
mod notice;
mod notify;
mod password;
mod routes;
mod run;
mod send;
mod submission;
mod work;
mod xero;

pub use routes::{ROUTES, router};

edge::entry!(router, scheduled = run::scheduled);
