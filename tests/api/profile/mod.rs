//! `/v1/profile`, `/v1/profiles` and `/v1/verifications`.

mod oneself;
mod payout;
mod preferences;
mod verifications;
