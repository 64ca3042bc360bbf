//! `/v1/people`.

mod crud;
