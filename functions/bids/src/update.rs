//! Changing a bid, as long as it is not offered.

use domain::{Error, Filter};
use edge::{Call, Outcome, custom};
use serde_json::Value;

use crate::seal;

/// Changes a draft, or a bid that was withdrawn, by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let mut changing = match custom::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    if !matches!(changing.before.get("status").and_then(Value::as_str), Some("draft" | "withdrawn")) {
        return Err(Error::conflict("bid-not-editable", "Only a draft, or a bid that was withdrawn, can be changed.").into());
    }
    let id = changing.before.get("_id").and_then(Value::as_str).unwrap_or_default();
    seal::hide(&mut changing.command, call.scope()?, id, Filter::is("type", "bid.updated"));
    changing.answer().await
}
