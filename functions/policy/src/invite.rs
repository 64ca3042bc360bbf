//! Inviting: a membership that waits for its member, and a job that mails the link.

use data_api::{Action, Operation};
use domain::doc::text;
use domain::entities::{ATTEMPT, MEMBERSHIP, personal_code};
use domain::json;
use domain::{Doc, Error, ErrorKind, Filter, Role, event, validate};
use edge::{Call, Halt, Outcome, Reply, custom};
use serde_json::Value;
use store::{Command, Definitions, EventOf, Scope, invite_expiry};

use crate::vendors;

/// How many invitations a tenant sends in a day: they go to whomever it names.
const PER_DAY: i64 = 200;
const DAY_MS: i64 = 86_400_000;
/// How often a personal code is drawn until nobody has it.
const DRAWS_MAX: usize = 5;
const CODE_TAKEN: &str = "personal-code-taken";

/// Invites somebody into the tenant.
pub async fn invite(call: &Call) -> Outcome {
    for _ in 1..DRAWS_MAX {
        match try_to(call).await {
            Err(Halt::Refused(error)) if error.code == CODE_TAKEN => {}
            outcome => return outcome,
        }
    }
    try_to(call).await
}

/// Invites them, unless the personal code that was drawn for them is somebody else's.
async fn try_to(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let mut input = call.input()?;
    let given = custom::given(call, &MEMBERSHIP, None, &mut input);
    let member = validate::create(&MEMBERSHIP, input, call.moment());
    member.as_ref().map_or(Ok(()), |member| require_allowed(call, member))?;
    let (master, definitions) = read(call, member.as_ref().ok(), given.is_some()).await?;
    let mut member = match (&definitions, given) {
        (Some(definitions), Some(given)) => custom::made(&MEMBERSHIP, definitions, member, given)?,
        _ => member?,
    };
    let fields = [
        ("personal_code", Value::from(personal_code(call.store.random()))),
        ("policy_version", 1.into()),
        ("invited_at", call.now().into()),
    ];
    member.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    vendors::place(&mut member, master.as_ref())?;
    let mut command = call.store.command(scope);
    count(&mut command, scope);
    match &definitions {
        Some(definitions) => custom::require(&mut command, scope, &MEMBERSHIP, definitions, None, &member),
        None => command.expect_none_required(scope, &MEMBERSHIP),
    }
    let id = command.id(&MEMBERSHIP);
    command.move_places(None, Some(&member));
    if let Some(master) = &master {
        vendors::require_master(&mut command, scope, master);
    }
    let taken = Error::conflict("already-a-member", "Somebody with this e-mail address is a member or invited already.");
    let same = scope.live().and(Filter::is("email", text(&member, "email").unwrap_or_default()));
    command.forbid(&MEMBERSHIP, same, taken);
    let raced = Error::conflict(CODE_TAKEN, "Somebody was invited at the same moment. Try again.");
    let member = command.insert(&MEMBERSHIP, &id, member, &[], raced);
    let changes = event::diff(&MEMBERSHIP, None, &member);
    let kind = "membership.invited";
    command.event(EventOf { kind, entity: &MEMBERSHIP, id: &id, lead: None, changes, comment: None, holes: &[] });
    command.job("invite", "", json!({ "membership": id }), None);
    command.job("invite-expiry", "", json!({ "membership": id }), Some(invite_expiry(call.now())));
    command.answer_record(201, &MEMBERSHIP, member, &[]);
    Ok(Reply::answer(command.commit().await?).with("location", format!("/v1/members/{id}")))
}

/// One more invitation of today, or a refusal after so many.
fn count(command: &mut Command<'_>, scope: &Scope) {
    let day = scope.now().ms().div_euclid(DAY_MS);
    let id = domain::id::derived(ATTEMPT.prefix, &["invitations", scope.tenant(), &day.to_string()]);
    let before = json!({ "$ifNull": ["$count", 0] });
    let set = json!({
        "count": { "$add": [before.clone(), 1] },
        "blocked": { "$gte": [before, PER_DAY] },
        "expires_at": scope.now().plus_days(2).ejson(),
    });
    let operation = Operation::new(Action::FindOneAndUpdate, ATTEMPT.collection)
        .with("filter", json!({ "_id": id, "tenant_id": scope.tenant() }))
        .with("update", json!([{ "$set": set }]))
        .with("upsert", true)
        .with("returnDocument", "after");
    let refused = Error::new(ErrorKind::Limited, "too-many-invitations", "So many were invited today. Go on tomorrow.");
    let tomorrow_s = ((day + 1) * DAY_MS - scope.now().ms()) / 1_000 + 1;
    let refused = Error { retry_after_s: u32::try_from(tomorrow_s).ok(), ..refused };
    command.operation(operation.expecting("document", json!({ "blocked": false })), Some(refused));
}

fn require_allowed(call: &Call, member: &Doc) -> Result<(), Halt> {
    let role = Role::parse(text(member, "role").unwrap_or_default()).unwrap_or(Role::Owner);
    match call.viewer()?.policy.may_invite(role) {
        true => Ok(()),
        false => {
            let detail = format!("Your role may not invite anybody as {}.", role.word());
            Err(Error::forbidden("role-not-allowed", detail).into())
        }
    }
}

/// The master that a member is to have, and the definitions of custom fields where values are given: nothing is read in vain.
async fn read(call: &Call, member: Option<&Doc>, is_given: bool) -> Result<(Option<Doc>, Option<Definitions>), Halt> {
    let scope = call.scope()?;
    let mut reading = call.store.reading(scope);
    let master = member.and_then(|member| member.get("master")).map(|master| vendors::read_master(&mut reading, scope, master));
    let steps = is_given.then(|| Definitions::read(&mut reading, scope, MEMBERSHIP.name));
    if master.is_none() && steps.is_none() {
        return Ok((None, None));
    }
    let mut found = reading.run().await?;
    Ok((master.map(|step| found.doc(step)), steps.map(|steps| Definitions::found(&mut found, &steps))))
}
