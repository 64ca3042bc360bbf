//! Changing a lead; a longer deadline keeps the bids sealed for longer.

use domain::entities::{BID, EVENT, JOB};
use domain::{Doc, Filter, Time};
use edge::{Call, Outcome, custom};
use serde_json::Value;
use store::{Command, Scope};

use crate::assign;

/// Changes a lead by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let mut changing = match custom::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    assign::require_undecided(&changing.before, &changing.after)?;
    let scope = call.scope()?;
    let new = |field: &str| changing.after.get(field).filter(|value| changing.before.get(field) != Some(*value)).cloned();
    let assigned = assign::ASSIGNEES.iter().filter_map(|(field, _)| Some(((*field).to_owned(), new(field)?)));
    let assigned: Doc = assigned.collect();
    let deadline = new("bid_deadline").filter(|_| changing.before.contains_key("published_at"));
    assign::require_roles(&mut changing.command, scope, &assigned);
    assign::change_participants(&mut changing.command, scope, &changing.before, &changing.after);
    if let Some(deadline) = deadline {
        keep_sealed(&mut changing.command, scope, &changing.before, deadline);
    }
    changing.answer().await
}

/// The bids, what happened to them, and the notices of them that wait, all stay sealed until the new deadline.
fn keep_sealed(command: &mut Command<'_>, scope: &Scope, lead: &Doc, deadline: Value) {
    let id = lead.get("_id").cloned().unwrap_or_default();
    let was = lead.get("bid_deadline").and_then(Value::as_str).and_then(Time::parse);
    let was = was.map_or(Value::Null, Time::ejson);
    let to = |field: &str| [(field.to_owned(), deadline.clone())].into_iter().collect::<Doc>();
    let of_lead = scope.live().and(Filter::is("lead", id.clone()));
    command.update_many(&BID, &of_lead, &to("sealed_until"));
    // Events of bids that were never offered are sealed for good.
    command.update_many(&EVENT, &of_lead.and(Filter::is("sealed_until", was.clone())), &to("sealed_until"));
    let waiting = scope.live().and(Filter::is("status", "queued")).and(Filter::is("run_at", was));
    let notices = waiting.and(Filter::is("kind", "notify")).and(Filter::is("payload.facts.lead", id));
    command.update_many(&JOB, &notices, &to("run_at"));
}
