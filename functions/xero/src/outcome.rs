//! How a job with Xero ends: in step, to be tried again, or refused, which the staff is told.

use data_api::{Action, Operation};
use domain::entities::INTEGRATION;
use domain::json::{object, of};
use domain::role::STAFF;
use domain::validate::change;
use domain::{Doc, Error, event};
use runner::{Stop, Work, done, facts, text};
use store::{Audience, Command, EventOf, compile};

use crate::connection::{Connection, Refused};

/// Notes on the integration that it works. While it has worked before, that is no change that stands in anybody's way.
pub fn note_success(command: &mut Command<'_>, work: &Work<'_>, connection: &Connection<'_>) {
    let before = &connection.integration;
    let gone = Error::conflict("integration-gone", "The integration was removed at the same moment.");
    if !before.contains_key("last_error") {
        let same = compile(&work.one(text(before, "_id")));
        let operation = Operation::new(Action::UpdateOne, INTEGRATION.collection).with("filter", same);
        let operation = operation.with("update", of("$set", object(vec![("last_sync_at", work.scope.now().ejson())])));
        command.operation(operation.expecting("matchedCount", 1), Some(gone));
        return;
    }
    let mut after = before.clone();
    after.insert("last_sync_at".to_owned(), work.scope.now().into());
    after.remove("last_error");
    command.update(&INTEGRATION, &work.one(text(before, "_id")), &change(before, after), gone);
}

/// Ends a job that Xero refused: for a while, or for good; then its text is kept on the integration, and the staff is told.
pub async fn end(work: &Work<'_>, connection: &Connection<'_>, subject: &Subject<'_>, refused: Refused) -> Stop {
    let failure = match refused {
        Refused::Stopped(stop) => return stop,
        Refused::ByXero(failure) if failure.retry && !work.lease.is_last_attempt() => return failure.into(),
        Refused::ByXero(failure) => failure,
    };
    let before = &connection.integration;
    let mut after = before.clone();
    after.insert("last_error".to_owned(), failure.text.as_str().into());
    let integration_id = text(before, "_id");
    let mut command = work.store.laying_aside(&work.lease, failure.code);
    let gone = Error::conflict("integration-gone", "The integration was removed at the same moment.");
    command.update(&INTEGRATION, &work.one(integration_id), &change(before, after.clone()), gone);
    command.event(EventOf {
        kind: "integration.failed",
        entity: &INTEGRATION,
        id: integration_id,
        lead: subject.lead,
        changes: event::diff(&INTEGRATION, Some(before), &after),
        comment: Some(failure.code),
        holes: &[],
    });
    let facts = facts("integration.failed", &INTEGRATION, integration_id, subject.lead, subject.reference);
    command.notify(&Audience { roles: STAFF, ..Audience::default() }, facts);
    match done(command).await {
        Ok(()) => Stop::Ended { reason: failure.code.to_owned() },
        Err(stop) => stop,
    }
}

/// What was refused.
pub struct Subject<'a> {
    /// Its reference.
    pub reference: &'a str,
    /// Its lead.
    pub lead: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A quote or an invoice.
    pub fn of(doc: &'a Doc) -> Self {
        Self { reference: text(doc, "reference"), lead: Some(text(doc, "lead")).filter(|lead| !lead.is_empty()) }
    }
}
