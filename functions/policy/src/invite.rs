//! Inviting: a membership that waits for its member, and a job that mails the link.

use domain::doc::text;
use domain::entities::{MEMBERSHIP, personal_code};
use domain::json;
use domain::{Error, Role, event, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;
use store::{EventOf, invite_expiry};

use crate::vendors;

/// Invites somebody into the tenant.
pub async fn invite(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut member = validate::create(&MEMBERSHIP, call.input()?, call.moment())?;
    let role = Role::parse(text(&member, "role").unwrap_or_default()).unwrap_or(Role::Owner);
    if !call.viewer()?.policy.may_invite(role) {
        let detail = format!("Your role may not invite anybody as {}.", role.word());
        return Err(Error::forbidden("role-not-allowed", detail).into());
    }
    let fields = [
        ("personal_code", Value::from(personal_code(call.store.random()))),
        ("policy_version", 1.into()),
        ("invited_at", call.now().into()),
    ];
    member.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    let master = match member.get("master") {
        Some(master) => {
            let mut reading = call.store.reading(scope);
            let step = vendors::read_master(&mut reading, scope, master);
            Some(reading.run().await?.doc(step))
        }
        None => None,
    };
    vendors::place(&mut member, master.as_ref())?;
    let mut command = call.store.command(scope);
    let id = command.id(&MEMBERSHIP);
    command.move_places(None, Some(&member));
    if let Some(master) = &master {
        vendors::require_master(&mut command, scope, master);
    }
    let taken = Error::conflict("already-a-member", "Somebody with this e-mail address is a member or invited already.");
    let member = command.insert(&MEMBERSHIP, &id, member, &[], taken);
    let changes = event::diff(&MEMBERSHIP, None, &member);
    let kind = "membership.invited";
    command.event(EventOf { kind, entity: &MEMBERSHIP, id: &id, lead: None, changes, comment: None, holes: &[] });
    command.job("invite", "", json!({ "membership": id }), None);
    command.job("invite-expiry", "", json!({ "membership": id }), Some(invite_expiry(call.now())));
    command.answer_record(201, &MEMBERSHIP, member, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/members/{id}")))
}
