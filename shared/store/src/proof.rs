//! Proofs of who asks: the only ways to a [`crate::Scope`].

mod hook;
mod key;
mod lease;
mod operator;
mod session;
mod token;

pub use hook::{Hook, VerifiedHook};
pub use key::{ApiKey, KEY_PREFIX, VerifiedKey, invalid_key};
pub use lease::{JobLease, Runner};
pub use operator::Operator;
pub use session::{ACCESS_TOKEN_TTL_S, Session, SigningKeys, Subject};
