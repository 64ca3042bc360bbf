//! `/v1/tenant`, and what a tenant's plan limits.

mod limits;
