//! The catalogue: every entity, one line each.

mod api_key;
mod bid;
mod conversation;
mod credential;
mod field_definition;
mod integration;
mod invoice;
mod lead;
mod member;
mod notification;
mod payout;
mod person;
mod privacy;
mod profile;
mod project;
mod quote;
mod record;
mod role;
mod team;
mod tenant;
mod verification;

use crate::Entity;

pub use api_key::API_KEY;
pub use bid::{BID, incomplete};
pub use conversation::{CONVERSATION, MESSAGE, READ_MARK};
pub use credential::{CREDENTIAL, KEY_SET};
pub use field_definition::{CUSTOMIZABLE, FIELD_DEFINITION, FIELD_SCHEMA};
pub use integration::{INTEGRATION, RECEIPT};
pub use invoice::{INVOICE, Settlement, approved, paid, voided};
pub use lead::{LEAD, lead_conversation, lead_reference};
pub use member::{ACTIVATION_KEY, ANCESTORS_FIELD, ANCESTORS_MAX, ATTEMPT, IDENTITY, LOGIN, MEMBERSHIP, personal_code};
pub use notification::{EVENT, NOTIFICATION};
pub use payout::{PAYOUT, masked_payout, normal_payout};
pub use person::PERSON;
pub use privacy::{PRIVACY_REQUEST, PRIVACY_SAME_MAX};
pub use profile::{CHANNEL_FLAGS, OWN_PROFILE, PREFERENCES, STAFF_PROFILE, profile_change};
pub use project::{MILESTONE, PROJECT};
pub use quote::{QUOTE, SERVICE_FEE_KEY, service_fee_points};
pub use record::{COUNTER, IDEMPOTENCY, JOB, SETTING};
pub use role::{ROLE, role_policy};
pub use team::TEAM;
pub use tenant::{HOSTNAME, LIMIT_MAX, TENANT, may_enter, public_facts, subdomain_of, tenant_inactive};
pub use verification::{REVIEWERS_KEY, VERIFICATION, claim_of};

/// Every entity there is, as its table says it. Their rules stay where a record is made or changed: a function would
/// otherwise carry those of all the others.
pub static ALL: &[&Entity] = &[
    &API_KEY.table(),
    &ATTEMPT.table(),
    &BID.table(),
    &CONVERSATION.table(),
    &COUNTER.table(),
    &CREDENTIAL.table(),
    &EVENT.table(),
    &FIELD_DEFINITION.table(),
    &FIELD_SCHEMA.table(),
    &HOSTNAME.table(),
    &IDEMPOTENCY.table(),
    &IDENTITY.table(),
    &INTEGRATION.table(),
    &INVOICE.table(),
    &JOB.table(),
    &KEY_SET.table(),
    &LEAD.table(),
    &LOGIN.table(),
    &MEMBERSHIP.table(),
    &MESSAGE.table(),
    &MILESTONE.table(),
    &NOTIFICATION.table(),
    &PERSON.table(),
    &PRIVACY_REQUEST.table(),
    &PROJECT.table(),
    &QUOTE.table(),
    &READ_MARK.table(),
    &RECEIPT.table(),
    &ROLE.table(),
    &SETTING.table(),
    &TEAM.table(),
    &TENANT.table(),
    &VERIFICATION.table(),
];

/// The entity of this name.
pub fn by_name(name: &str) -> Option<&'static Entity> {
    ALL.iter().copied().find(|entity| entity.name == name)
}
