//! `/v1/members/{id}/activate`, `/v1/teams`, and what policies reach.

mod activation;
mod kind;
mod seed;
mod teams;
