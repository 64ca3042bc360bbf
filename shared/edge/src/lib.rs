//! From an HTTP request to a handler and back.
//!
//! A function is a static table of [`Route`]s. The router checks who asks and what they may do before a handler runs, and one
//! place turns outcomes into problem+json. Runtime types end in [`runtime`].

mod call;
mod caller;
mod config;
pub mod crud;
pub mod custom;
pub mod http;
mod paths;
mod problem;
pub mod proof;
mod reply;
mod route;
mod router;
pub mod runtime;

pub use call::Call;
pub use config::Config;
pub use http::{Body, Headers, Payload, Reply, Request};
pub use route::{Access, Content, Handler, Route, Verb};
pub use router::Router;
pub use store::Halt;

/// The longest body that is taken.
pub const BODY_LIMIT_BYTES: usize = 1_048_576;

/// What a handler gives.
pub type Outcome = Result<Reply, Halt>;
