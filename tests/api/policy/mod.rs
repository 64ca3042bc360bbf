//! `/v1/teams`, and what policies reach.

mod kind;
mod seed;
mod teams;
