//! From a verified proof of who asks to one Data API call.
//!
//! Whoever wants to reach data needs a [`Scope`], and a scope is made only from a [`proof`]: a verified session, a verified
//! webhook or the lease of a job. Every query carries the scope's tenant; every command is one `transaction`.

mod answer;
mod api;
mod assertion;
mod command;
mod definitions;
mod hostnames;
mod idempotency;
mod ids;
mod invite;
mod jobs;
mod key_set;
mod keyring;
pub mod keys;
mod login_code;
pub mod logins;
pub mod proof;
mod query;
mod reseal;
mod reset;
pub mod schema;
mod scope;
mod sealing;
mod step_up;
mod store;
mod vault;

pub use answer::{Answer, Halt, Shown};
pub use api::{Api, Failure};
pub use assertion::{Assertion, assertion_expiry};
pub use command::{Audience, Command, EventOf, Found, RECOUNT_KIND, Reading, Step, fill, people};
pub use definitions::{Definitions, FIELDS_CHANGED, Steps};
pub use idempotency::{IdempotencyKey, Stored};
pub use ids::Ids;
pub use invite::{Invite, invite_expiry, invite_token, open_invite};
pub use jobs::{JobEnd, laid_aside};
pub use key_set::{KeySet, KeySets};
pub use keyring::{Keyring, TenantKeys};
pub use login_code::{login_code, login_code_expiry};
pub use query::{Page, Query, compile};
pub use reseal::Resealing;
pub use reset::{Reset, open_address, open_reset, password_stamp, reset_expiry, reset_token, seal_address};
pub use scope::{Actor, PlatformScope, Scope, Through};
pub use sealing::{Nonces, Rings, gone as keys_gone};
pub use step_up::{STEP_UP_TTL_S, StepUp};
pub use store::{Origin, Store};
pub use vault::{Vault, constant_time_eq};
