//! `/v1/leads`.

mod crud;
mod publish;
