//! Paying an invoice by hand, where no Xero says when money came; the last one completes the project.

use domain::entities::{INTEGRATION, INVOICE, LEAD, PROJECT, paid};
use domain::entity::{Field, date};
use domain::json;
use domain::{Doc, Error, Filter, Time, Violation, validate};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;

use crate::notice::{PARTIES, tell, tell_as};

/// What `pay` takes.
pub const INPUT: &[Field] = &[date("paid_at")];
/// A bid has 50 milestones at most, and each has one invoice.
const INVOICES_MAX: u32 = 50;

/// Says that an approved invoice was paid.
pub async fn pay(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&INVOICE)?;
    let paid_at = paid_at(&validate::input_for(&INVOICE, INPUT, call.input()?, call.moment())?, call.now())?;
    let mut reading = call.store.reading(scope);
    let step = reading.one(&INVOICE, &scope.reach(&INVOICE, "pay").and(Filter::is("_id", id)), Error::not_found());
    let project = step.path("document.project");
    let of_project = reading.many_linked(&INVOICE, &scope.live(), json!({ "_id": 1 }), INVOICES_MAX, ("project", &project));
    let project = reading.linked(&PROJECT, &scope.live(), "_id", &project, Error::not_found());
    let lead = reading.linked(&LEAD, &scope.live(), "_id", &step.path("document.lead"), Error::not_found());
    let mut found = reading.run().await?;
    let (invoice, others) = (found.doc(step), found.docs(of_project));
    let (project, lead) = (found.doc(project), found.doc(lead));
    crud::check_version(call, &invoice)?;
    let payment = paid(&invoice, paid_at, &others, &project, &lead)?;
    let mut command = call.store.command(scope);
    let connected = Error::conflict("xero-connected", "Xero is connected: invoices are paid there.");
    let xero = scope.live().and(Filter::is("kind", "xero")).and(Filter::is("is_enabled", true));
    command.forbid(&INTEGRATION, xero, connected);
    let after = crud::apply(call, &mut command, &INVOICE, &invoice, &payment.invoice, "invoice.paid")?;
    tell(&mut command, "invoice.paid", &INVOICE, &after, PARTIES);
    let raced = || Error::conflict("concurrent-update", "Another invoice of the project was paid at the same moment. Try again.");
    let completes = payment.completes();
    let kind = if completes { "project.completed" } else { "project.updated" };
    let project = command.apply(&PROJECT, &project, &payment.project, kind, raced());
    if completes {
        tell_as(&mut command, kind, &PROJECT, &project, PARTIES, project.get("name"));
    }
    if let Some(change) = &payment.lead {
        command.apply(&LEAD, &lead, change, "lead.completed", raced());
    }
    command.answer_record(200, &INVOICE, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

fn paid_at(input: &Doc, now: Time) -> Result<Time, Violation> {
    let paid_at = input.get("paid_at").and_then(Value::as_str).and_then(Time::parse).unwrap_or(now);
    if paid_at > now {
        return Err(Violation::on("paid_at", "in-the-future", "An invoice cannot have been paid in the future."));
    }
    Ok(paid_at)
}
