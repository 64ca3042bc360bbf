//! The acceptance as one transaction.

use data_api::{Action, Operation};
use domain::doc::{text, with};
use domain::entities::{CONVERSATION, INVOICE, MILESTONE, PROJECT, QUOTE};
use domain::json;
use domain::validate::change;
use domain::{Error, search};
use edge::{Call, Halt, crud};
use store::{Command, Scope, people};

use super::plan::{self, Part};
use crate::deal::Deal;
use crate::notice::{PARTIES, tell};

/// Everything that an acceptance writes; it answers with the quote.
pub fn write<'a>(call: &'a Call, deal: &Deal) -> Result<Command<'a>, Halt> {
    let scope = call.scope()?;
    let mut command = call.store.command(scope);
    let accepted = with(&deal.quote, json!({ "status": "accepted", "accepted_at": call.now() }));
    let quote = crud::apply(call, &mut command, &QUOTE, &deal.quote, &change(&deal.quote, accepted), "quote.accepted")?;
    tell(&mut command, "quote.accepted", &QUOTE, &quote, PARTIES);
    command.job("xero.quote", "", json!({ "quote": quote.get("_id") }), None);
    let project = make_project(&mut command, deal);
    let active = json!({ "status": "active", "is_active_project": true, "expert": quote.get("expert"), "project": project });
    deal.change_lead(&mut command, with(&deal.lead, active), "lead.activated");
    for part in plan::parts(&quote, &deal.bid)? {
        make_part(&mut command, &project, part);
    }
    deal.change_rivals(&mut command, scope, "declined", "bid.declined");
    join_conversation(&mut command, scope, deal);
    command.answer_record(200, &QUOTE, quote, &[]);
    Ok(command)
}

fn make_project(command: &mut Command<'_>, deal: &Deal) -> String {
    let id = command.id(&PROJECT);
    let mut project = plan::project(&deal.quote, &deal.lead, &deal.bid);
    search::index(&PROJECT, None, &mut project);
    let twice = Error::conflict("lead-not-awarded", "The lead is a project already.");
    let project = command.insert(&PROJECT, &id, project, &[], twice);
    command.event_of_new(&PROJECT, &project, &[]);
    id
}

fn make_part(command: &mut Command<'_>, project: &str, part: Part) {
    let Part { mut milestone, mut invoice } = part;
    let (milestone_id, invoice_id) = (command.id(&MILESTONE), command.id(&INVOICE));
    milestone.insert("project".to_owned(), project.into());
    invoice.insert("project".to_owned(), project.into());
    invoice.insert("milestone".to_owned(), milestone_id.clone().into());
    search::index(&INVOICE, None, &mut invoice);
    let taken = || Error::internal("the id of a new milestone or invoice was taken");
    let milestone = command.insert(&MILESTONE, &milestone_id, milestone, &[], taken());
    command.event_of_new(&MILESTONE, &milestone, &[]);
    let number = command.number("invoice").path("document.value");
    let reference = format!("IN-{{{number}:06}}");
    let place = search::await_number(&mut invoice, "IN");
    let holes = [("reference", reference.clone()), (place.as_str(), format!("{{{number}:06}}"))];
    let invoice = command.insert(&INVOICE, &invoice_id, invoice, &holes, taken());
    command.event_of_new(&INVOICE, &invoice, &[("changes.reference.after", reference)]);
}

/// The expert joins those who talk about the lead.
fn join_conversation(command: &mut Command<'_>, scope: &Scope, deal: &Deal) {
    let (Some(conversation), Some(expert)) = (text(&deal.lead, "conversation"), text(&deal.quote, "expert")) else { return };
    let teams = command.teams_of(people(&QUOTE, &deal.quote));
    let operation = Operation::new(Action::UpdateOne, CONVERSATION.collection)
        .with("filter", json!({ "_id": conversation, "tenant_id": scope.tenant() }))
        .with("update", json!({ "$addToSet": { "participants": expert }, "$inc": { "version": 1 } }))
        .referring("update.$set.teams", &teams);
    command.operation(operation, None);
}
