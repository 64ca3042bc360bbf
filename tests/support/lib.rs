//! What every test needs: the app over the real gateway, tenants with members, callers, and a wire that counts and cuts.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on should stop there")]

mod app;
mod caller;
mod contract;
mod endpoints;
mod events;
mod lanes;
mod log;
pub mod oidc;
mod orphans;
mod server;
mod system;
mod tenant;
mod wire;

pub use app::{App, JOBS_SECRET, OPERATOR_SECRET};
pub use caller::{Answered, Caller, Request};
pub use endpoints::{about, endpoints, router_of};
pub use events::{Event, Events};
pub use lanes::Ran;
pub use log::logged;
pub use orphans::orphans;
pub use system::System;
pub use tenant::{Member, Tenant, id};
pub use wire::{Cut, Held, Wire};
