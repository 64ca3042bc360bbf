//! `/v1/teams`, and what policies reach.

mod seed;
mod teams;
