//! What keeps a bid's story sealed: until the deadline once it is offered, for good while it is not.

use domain::doc::fields;
use domain::entities::{EVENT, LEAD};
use domain::json;
use domain::{Doc, Error, Filter, Time, lifecycle};
use serde_json::Value;
use store::{Command, Scope};

/// The leads that take bids.
pub fn open_lead(scope: &Scope) -> Filter {
    let published = scope.live().and(Filter::is("status", "published")).and(lifecycle::unarchived(&LEAD));
    published.and(Filter::after("bid_deadline", scope.now()))
}

/// What is said of a lead that takes none.
pub fn closed() -> Error {
    Error::conflict("bids-closed", "The lead is not open to bids: it is not published, or archived, or its deadline has passed.")
}

/// A bid that was not offered stays with its author: nobody else ever sees these of its events.
pub fn hide(command: &mut Command<'_>, scope: &Scope, bid: &str, which: Filter) {
    let told = events_of(scope, bid).and(which).and(Filter::is_not("sealed_until", Time::NEVER.ejson()));
    command.update_many(&EVENT, &told, &fields(json!({ "sealed_until": Time::NEVER })));
}

/// All that happened to the bid so far is seen from the time that a step found at `source`.
pub fn until(command: &mut Command<'_>, scope: &Scope, bid: &str, source: String) {
    command.update_many_with(&EVENT, &events_of(scope, bid), &Doc::new(), &[("sealed_until", source)]);
}

/// The notice of the submission, which waits for the deadline, will not be sent.
pub fn cancel_notice(command: &mut Command<'_>, bid: &str, deadline: Time) {
    command.call_off_notices(Filter::is("run_at", deadline.ejson()).and(Filter::is("payload.facts.record.id", bid)), None);
}

/// The time until which a bid is sealed; one that has none is sealed for good.
pub fn sealed_until(bid: &Doc) -> Time {
    bid.get("sealed_until").and_then(Value::as_str).and_then(Time::parse).unwrap_or(Time::NEVER)
}

fn events_of(scope: &Scope, bid: &str) -> Filter {
    scope.live().and(Filter::is("record.id", bid))
}
