//! Changing a lead; a longer deadline keeps the bids sealed for longer.

use domain::entities::{BID, EVENT};
use domain::{Doc, Filter};
use edge::{Call, Outcome, crud};
use serde_json::Value;

use crate::assign;

/// Changes a lead by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let mut changing = match crud::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    let scope = call.scope()?;
    let new = |field: &str| changing.after.get(field).filter(|value| changing.before.get(field) != Some(*value)).cloned();
    let assigned = assign::ASSIGNEES.iter().filter_map(|(field, _)| Some(((*field).to_owned(), new(field)?)));
    let assigned: Doc = assigned.collect();
    let deadline = new("bid_deadline").filter(|_| changing.before.contains_key("published_at"));
    assign::require_roles(&mut changing.command, scope, &assigned);
    assign::join_conversation(&mut changing.command, scope, &changing.before, &assigned);
    if let Some(deadline) = deadline {
        let sealed: Doc = [("sealed_until".to_owned(), deadline)].into_iter().collect();
        let of_lead = scope.live().and(Filter::is("lead", changing.before.get("_id").cloned().unwrap_or_default()));
        let sealed_ones = of_lead.clone().and(Filter::is_not("sealed_until", Value::Null));
        changing.command.update_many(&BID, &of_lead, &sealed);
        changing.command.update_many(&EVENT, &sealed_ones, &sealed);
    }
    changing.answer().await
}
