//! Service accounts: members that nobody logs in as.

use domain::doc::text;
use domain::entities::{MEMBERSHIP, personal_code};
use domain::entity::{Field, choice, text as text_field};
use domain::json;
use domain::plan::Limit;
use domain::{Error, Role, doc, event, validate};
use edge::{Call, Outcome, Reply};
use store::EventOf;

/// A tenant's owner is somebody who can log in.
const ROLES: &[&str] = &["admin", "manager", "expert", "vendor", "customer"];
/// What `create` takes.
pub const INPUT: &[Field] = &[text_field("name", 200).required(), choice("role", ROLES).required()];

/// Makes a service account with no more than one has oneself. It can do nothing before it has a key.
pub async fn create(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let input = validate::input_for(&MEMBERSHIP, INPUT, call.input()?, call.moment())?;
    let role = text(&input, "role").and_then(Role::parse).unwrap_or(Role::Owner);
    if !call.viewer()?.policy.may_give(&role.into()) {
        return Err(Error::forbidden("role-not-allowed", "The role gives more than you have.").into());
    }
    let mut command = call.store.command(scope);
    let id = command.id(&MEMBERSHIP);
    command.take_one(Limit::Users);
    // RFC 2606: no mail ever arrives there.
    let address = format!("{}@service.invalid", id.to_lowercase().replace('_', "-"));
    let member = doc::with(
        &input,
        json!({
            "email": address, "kind": role.kind(), "is_service": true, "status": "active", "policy_version": 1, "joined_at": call.now(),
            "personal_code": personal_code(call.store.random()),
            "preferences": { "notifications": { "browser": false, "email": false } },
        }),
    );
    let member = command.insert(&MEMBERSHIP, &id, member, &[], Error::internal("a service account's address was taken"));
    let changes = event::diff(&MEMBERSHIP, None, &member);
    let kind = "membership.created";
    command.event(EventOf { kind, entity: &MEMBERSHIP, id: &id, lead: None, changes, comment: None, holes: &[] });
    command.answer_record(201, &MEMBERSHIP, member, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/members/{id}")))
}
