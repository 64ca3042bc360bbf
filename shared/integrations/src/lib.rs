//! Messages of outside services: built, parsed and verified; never sent from here.
//!
//! No I/O, clock or randomness: a caller sends an [`Outgoing`] by its own means and hands the
//! [`Answer`] to the parse function that belongs to the call.

pub mod amount;
pub mod dns;
pub mod mail;
pub mod message;
pub mod signature;
pub mod typeform;
pub mod xero;

pub use amount::{Currency, Decimal};
pub use message::{Answer, Failure, Malformed, Outgoing};
