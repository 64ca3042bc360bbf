//! Stand-ins for outside services that check what the real ones check.
//!
//! One listener serves Xero's identity (`/identity`), Xero's API (`/connections`, `/api.xro/2.0`), a
//! mail API of Resend's shape (`/emails`), OpenID providers (`/oidc`), a resolver (`/dns-query`) and, under `/_control`, what a test or a person does with
//! them: read mails, pay an invoice as a bank would, send webhooks, ask for faults. What is checked
//! follows the services' own documents and shares no code with the product.

mod clock;
mod config;
mod control;
mod dns;
mod fault;
mod mail;
mod oidc;
mod running;
mod server;
pub mod typeform;
mod wire;
mod world;
mod xero;

pub use config::{Config, Limits, Organisation};
pub use fault::{Fault, Service};
pub use mail::Mail;
pub use oidc::Forgery;
pub use running::{Running, start};
pub use world::CallRecord;
pub use xero::webhook::{Notice, Report, Round, Signature};
