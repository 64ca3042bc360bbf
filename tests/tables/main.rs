//! Tables of all endpoints: who may call them, what they cost, what they refuse, and that they do things once.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on should stop there")]

mod archive;
mod at_rest;
mod bad_input;
mod cards;
mod coverage;
mod cross_tenant;
mod custom;
mod cut_off;
mod erased;
mod http;
mod keys;
mod logged;
mod masked;
mod masked_values;
mod matrix;
mod planted;
mod policy;
mod queries;
mod references;
mod restricted;
mod round_trips;
mod schemas;
mod suspended;
mod table;
mod told;
mod trash;
mod unauthorised;
mod world;
mod wrong_role;
mod wrong_scope;
