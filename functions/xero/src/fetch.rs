//! What became of an invoice in Xero: paid there is paid here, and void is void.

use domain::entities::{INVOICE, LEAD, PROJECT, paid, voided};
use domain::json::object;
use domain::role::STAFF;
use domain::validate::change;
use domain::{Doc, Entity, Error, Filter, Time};
use integrations::xero::{self, Invoice, InvoiceStatus};
use runner::{Stop, Work, done, facts, text};
use serde_json::Value;
use store::{Audience, Command};

use crate::bill::synced;
use crate::connection::Connection;
use crate::outcome::{self, Subject};

/// A bid has 50 milestones at most, and each has one invoice.
const INVOICES_MAX: u32 = 50;

/// Fetches an invoice and does what its state there means here.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let Some(connection) = Connection::find(work).await? else { return work.nothing_to_do().await };
    let (resource, organisation) = (work.text("resource"), work.text("organisation"));
    if resource.is_empty() || (!organisation.is_empty() && organisation != connection.organisation()) {
        return work.nothing_to_do().await;
    }
    let there = match connection.call(|api| api.get_invoice(resource), xero::invoice).await {
        Ok(there) => there,
        Err(crate::connection::Refused::ByXero(failure)) if failure.code == "xero-not-found" => {
            return work.nothing_to_do().await;
        }
        Err(refused) => {
            let subject = Subject { reference: "an invoice", lead: None };
            return Err(outcome::end(work, &connection, &subject, refused).await);
        }
    };
    let Some(invoice) = ours(work, &there).await? else { return work.nothing_to_do().await };
    let mut command = work.finishing();
    match (there.status, text(&invoice, "status")) {
        (InvoiceStatus::Paid | InvoiceStatus::Voided | InvoiceStatus::Deleted, "approved") => {
            settle(&mut command, work, &invoice, &there).await?;
        }
        _ if is_in_step(&invoice, &there) => {}
        _ => note(&mut command, work, &invoice, &there),
    }
    outcome::note_success(&mut command, work, &connection);
    done(command).await
}

/// Ours by Xero's id; or by its number, when word of it came before our own note of the id.
async fn ours(work: &Work<'_>, there: &Invoice) -> Result<Option<Doc>, Stop> {
    let by_id = work.scope.live().and(Filter::is("xero.id", there.id.as_str()));
    let by_number = Filter::is("reference", there.number.as_str()).and(Filter::is("xero.id", Value::Null));
    let mut reading = work.store.reading(&work.scope);
    let (by_id, by_number) = (reading.maybe(&INVOICE, &by_id), reading.maybe(&INVOICE, &work.scope.live().and(by_number)));
    let mut found = reading.run().await?;
    Ok(found.maybe(by_id).or_else(|| found.maybe(by_number)))
}

/// An invoice that is paid or void is settled here, too. The payment counts from the day on which Xero saw the last of it.
async fn settle(command: &mut Command<'_>, work: &Work<'_>, invoice: &Doc, there: &Invoice) -> Result<(), Stop> {
    let of_project = work.scope.live().and(Filter::is("project", text(invoice, "project")));
    let mut reading = work.store.reading(&work.scope);
    let others = reading.many(&INVOICE, &of_project, object(vec![("_id", 1.into())]), INVOICES_MAX);
    let project = reading.one(&PROJECT, &work.one(text(invoice, "project")), Error::not_found());
    let lead = reading.one(&LEAD, &work.one(text(invoice, "lead")), Error::not_found());
    let mut found = reading.run().await?;
    let (others, project, lead) = (found.docs(others), found.doc(project), found.doc(lead));
    let now = work.scope.now();
    let (settlement, kind) = match there.status {
        InvoiceStatus::Paid => {
            let paid_at = there.fully_paid_on_ms.map_or(now, Time::from_ms);
            (paid(invoice, paid_at, &others, &project, &lead)?, "invoice.paid")
        }
        _ => (voided(invoice, now, &others, &project, &lead), "invoice.voided"),
    };
    let completes = settlement.completes();
    let after = with_xero(settlement.invoice.after, there, now);
    command.apply(&INVOICE, invoice, &change(invoice, after), kind, raced());
    tell(command, kind, &INVOICE, invoice);
    let kind = if completes { "project.completed" } else { "project.updated" };
    command.apply(&PROJECT, &project, &settlement.project, kind, raced());
    if completes {
        tell(command, kind, &PROJECT, &project);
    }
    if let Some(change) = &settlement.lead {
        command.apply(&LEAD, &lead, change, "lead.completed", raced());
    }
    Ok(())
}

fn note(command: &mut Command<'_>, work: &Work<'_>, invoice: &Doc, there: &Invoice) {
    let change = synced(invoice, &there.id, &there.number, there.status.word(), work.scope.now());
    command.apply(&INVOICE, invoice, &change, "invoice.synced", raced());
}

/// Events come more than once, and late.
fn is_in_step(invoice: &Doc, there: &Invoice) -> bool {
    invoice.get("xero").and_then(|xero| xero.get("status")).and_then(Value::as_str) == Some(there.status.word())
}

fn with_xero(invoice: Doc, there: &Invoice, now: Time) -> Doc {
    synced(&invoice, &there.id, &there.number, there.status.word(), now).after
}

/// Everybody who has a part in it is told: customer, expert, vendor and staff.
fn tell(command: &mut Command<'_>, kind: &str, entity: &Entity, doc: &Doc) {
    let member = |field: &str| doc.get(field).and_then(Value::as_str);
    let members = [member("customer"), member("expert"), member("vendor")];
    let reference = member("reference").or_else(|| member("name")).unwrap_or_default();
    let facts = facts(kind, entity, text(doc, "_id"), member("lead"), reference);
    command.notify(&Audience { members: &members, roles: STAFF }, facts);
}

fn raced() -> Error {
    Error::conflict("concurrent-update", "The record was changed at the same moment.")
}
