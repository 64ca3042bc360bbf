//! Forms: a received response becomes a person, a lead and an invitation, all at once and once.

use domain::entities::{INTEGRATION, LEAD, MEMBERSHIP, PERSON, RECEIPT, personal_code};
use domain::json::{doc, object};
use domain::plan::Limit;
use domain::retention::RECEIPT_DAYS;
use domain::role::STAFF;
use domain::rules::Moment;
use domain::{Doc, Error, Filter, validate};
use edge::Halt;
use runner::{Stop, Work, done, facts, text};
use serde_json::Value;
use store::{Audience, Command, EventOf, invite_expiry};

use crate::submission::{self, Submission};

/// When a response that found no room looks again.
const ROOM_AFTER_MS: i64 = 3_600_000;

/// Works a receipt.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let mut reading = work.store.reading(&work.scope);
    reading.keys_of_delivery(work.lease.tenant(), work.text("receipt"));
    let receipt = reading.maybe(&RECEIPT, &work.one(work.text("receipt")));
    let receipt = reading.run().await?.maybe(receipt).filter(|receipt| text(receipt, "status") == "received");
    let Some(receipt) = receipt else { return work.nothing_to_do().await };
    let integration = work.find(&INTEGRATION, text(&receipt, "integration")).await?.unwrap_or_default();
    match submission::read(text(&receipt, "body"), integration.get("config"), work.scope.now()) {
        Ok(submission) => take(work, &receipt, &submission).await,
        Err(reason) => refuse(work, &receipt, &reason).await,
    }
}

/// Makes the lead. Where the plan allows no more members nobody is invited; where it allows no more leads the response waits,
/// for as long as that takes: nothing that somebody sent is lost.
async fn take(work: &Work<'_>, receipt: &Doc, submission: &Submission) -> Result<(), Stop> {
    let limit = match write(work, receipt, submission, true).await? {
        Some(limit) if limit == Limit::Users.word() => write(work, receipt, submission, false).await?,
        other => other,
    };
    if limit.is_none() {
        return Ok(());
    }
    work.set_silently(&RECEIPT, text(receipt, "_id"), "expires_at", Value::Null).await?;
    Err(Stop::Early(work.scope.now().plus_ms(ROOM_AFTER_MS)))
}

/// Writes all that follows from a response, or says which limit of the plan forbids it. Whoever wrote the same person first
/// makes this one try again and find them.
async fn write(work: &Work<'_>, receipt: &Doc, submission: &Submission, invites: bool) -> Result<Option<String>, Stop> {
    let known = known(work, submission.person.as_ref()).await?;
    let mut command = work.finishing();
    let mut lead = submission.lead.clone();
    if let Some(person) = &known.person {
        command.require_still(&PERSON, work.one(text(person, "_id")), raced());
    }
    let person_id = match &known.person {
        Some(person) => text(person, "_id").to_owned(),
        None => command.id(&PERSON),
    };
    let customer = match invites || known.member.is_some() {
        true => customer(&mut command, work, &known, submission.person.as_ref(), &person_id)?,
        false => None,
    };
    let member_id = customer.as_ref().map(|customer| customer.id.clone());
    if let Some(mut person) = submission.person.clone() {
        lead.insert("person".to_owned(), person_id.clone().into());
        if known.person.is_none() {
            person.extend(member_id.clone().map(|id| ("membership".to_owned(), id.into())));
            let person = command.insert(&PERSON, &person_id, person, &[], raced());
            command.event_of_new(&PERSON, &person, &[]);
        } else if let Some(id) = member_id.clone().filter(|_| known.is_single) {
            // Somebody who was known without a login, or with one that is gone, gets the one that waits for them.
            command.update_many(&PERSON, &work.one(&person_id), &doc(vec![("membership", id.into())]));
        }
    }
    lead.extend(member_id.map(|id| ("customer".to_owned(), id.into())));
    // What was sent is theirs, and goes with them.
    let mut worked = doc(vec![("status", "worked".into())]);
    worked.extend(lead.get("person").map(|person| ("person".to_owned(), person.clone())));
    let lead_id = command.id(&LEAD);
    command.create_lead(&lead_id, lead);
    if let Some(customer) = customer.filter(|customer| customer.is_new) {
        let invited = || object(vec![("membership", customer.id.clone().into())]);
        command.job("invite", &customer.id, invited(), None);
        command.job("invite-expiry", &customer.id, invited(), Some(invite_expiry(work.scope.now())));
    }
    end(&mut command, work, receipt, worked);
    match command.commit().await {
        Ok(_) => Ok(None),
        Err(Halt::Refused(Error { code: "plan-limit", more, .. })) => Ok(more.map(|more| more.1)),
        Err(halt) => Err(halt.into()),
    }
}

/// Who is here already under the e-mail address of the form, or, where it has none, under a number that nobody else has.
#[derive(Default)]
struct Known {
    person: Option<Doc>,
    member: Option<Doc>,
    /// Whether the person has no login, or one that is gone.
    is_single: bool,
}

struct Customer {
    id: String,
    is_new: bool,
}

async fn known(work: &Work<'_>, person: Option<&Doc>) -> Result<Known, Stop> {
    let given = |field: &'static str| person.and_then(|person| Some(Filter::is(field, person.get(field)?.clone())));
    let Some(same) = given("email").or_else(|| given("phone")) else { return Ok(Known::default()) };
    let same = work.scope.live().and(same);
    let mut reading = work.store.reading(&work.scope);
    let people = reading.many(&PERSON, &same, object(vec![("_id", 1.into())]), 2);
    let member = given("email").map(|_| reading.maybe(&MEMBERSHIP, &same));
    let mut found = reading.run().await?;
    let (mut people, member) = (found.docs(people), member.and_then(|step| found.maybe(step)));
    let person = if people.len() == 1 { people.pop() } else { None };
    let login = person.as_ref().map_or("", |person| text(person, "membership"));
    let is_single = login.is_empty() || work.find(&MEMBERSHIP, login).await?.is_none();
    Ok(Known { person, member, is_single })
}

/// The customer's membership: theirs, or an invited one. A form is anybody's word: it gives nobody who is here another role.
fn customer(
    command: &mut Command<'_>,
    work: &Work<'_>,
    known: &Known,
    person: Option<&Doc>,
    person_id: &str,
) -> Result<Option<Customer>, Error> {
    if let Some(member) = &known.member {
        let is_customer = text(member, "role") == "customer" && text(member, "status") != "suspended";
        return Ok(is_customer.then(|| Customer { id: text(member, "_id").to_owned(), is_new: false }));
    }
    let Some(email) = person.and_then(|person| person.get("email")) else { return Ok(None) };
    let mut member = doc(vec![("email", email.clone()), ("role", "customer".into())]);
    member.extend(person.and_then(|person| person.get("name")).map(|name| ("name".to_owned(), name.clone())));
    let mut member = validate::create(&MEMBERSHIP, member, Moment { now: work.scope.now(), viewer: None })?;
    member.extend(doc(vec![
        ("policy_version", 1.into()),
        ("personal_code", personal_code(work.store.random()).into()),
        ("person", person_id.into()),
        ("invited_at", work.scope.now().into()),
    ]));
    let id = command.id(&MEMBERSHIP);
    command.move_places(None, Some(&member));
    let member = command.insert(&MEMBERSHIP, &id, member, &[], raced());
    command.event(EventOf {
        kind: "membership.invited",
        entity: &MEMBERSHIP,
        id: &id,
        lead: None,
        changes: domain::event::diff(&MEMBERSHIP, None, &member),
        comment: None,
        holes: &[],
    });
    Ok(Some(Customer { id, is_new: true }))
}

fn raced() -> Error {
    Error::conflict("person-raced", "Somebody with this e-mail address came in at the same moment.")
}

/// Keeps the reason, and tells the staff; nothing else is written.
async fn refuse(work: &Work<'_>, receipt: &Doc, reason: &str) -> Result<(), Stop> {
    let id = text(receipt, "_id");
    let mut command = work.finishing();
    end(&mut command, work, receipt, doc(vec![("status", "refused".into()), ("refusal", reason.into())]));
    command.event(EventOf {
        kind: "receipt.refused",
        entity: &RECEIPT,
        id,
        lead: None,
        changes: object(vec![("status", changed("received".into(), "refused")), ("refusal", changed(Value::Null, reason))]),
        comment: None,
        holes: &[],
    });
    let staff = Audience { roles: STAFF, ..Audience::default() };
    command.notify(&staff, facts("receipt.refused", &RECEIPT, id, None, reason));
    work.host.log(&object(vec![("job", work.lease.id().into()), ("refused", reason.into())]).to_string());
    done(command).await
}

/// Writes what became of a receipt. What was sent waited under a key of its own; from now on the tenant's own key seals it. However
/// long it has waited, it is kept for a while.
fn end(command: &mut Command<'_>, work: &Work<'_>, receipt: &Doc, mut set: Doc) {
    let id = text(receipt, "_id");
    set.extend(receipt.get("body").map(|body| ("body".to_owned(), body.clone())));
    set.insert("expires_at".to_owned(), work.scope.now().plus_days(RECEIPT_DAYS).into());
    command.update_many(&RECEIPT, &work.one(id), &set);
    command.end_delivery_keys(id);
}

fn changed(before: Value, after: &str) -> Value {
    object(vec![("before", before), ("after", after.into())])
}
