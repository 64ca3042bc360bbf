//! The endpoints, over HTTP, against the real gateway: a tree that mirrors the paths.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on should stop there")]

mod auth;
mod bids;
mod billing;
mod chat;
mod encryption;
mod fields;
mod keys;
mod leads;
mod notifications;
mod oidc;
mod people;
mod policy;
mod privacy;
mod profile;
mod tenants;
mod webhooks;
