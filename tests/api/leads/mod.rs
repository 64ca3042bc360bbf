//! `/v1/leads`.

mod assign;
mod crud;
mod list;
mod publish;
