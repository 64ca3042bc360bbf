//! `/v1/profile`, `/v1/profiles` and `/v1/verifications`.

mod payout;
mod preferences;
mod profile;
mod verifications;
