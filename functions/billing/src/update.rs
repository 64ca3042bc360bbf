//! Changing what a quote says, before the customer has it.

use domain::Error;
use edge::{Call, Outcome, crud};

use crate::notice::text;

/// Changes a draft by a merge patch.
pub async fn update(call: &Call) -> Outcome {
    let changing = match crud::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    if text(&changing.before, "status") != Some("draft") {
        return Err(Error::conflict("quote-not-draft", "Only a draft quote can be changed.").into());
    }
    changing.answer().await
}
