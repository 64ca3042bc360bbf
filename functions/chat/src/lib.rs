//! Chat: the conversation of a lead, its messages as they come, and who has read how far.

mod archive;
mod follow;
mod messages;
mod read;
mod routes;
mod send;
mod stream;

pub use routes::{ROUTES, router};

edge::entry!(router);
