//! Changing what a quote says before the customer has it, and afterwards how long it holds.

use domain::custom::values;
use domain::doc::text;
use domain::entities::QUOTE;
use domain::entity::{Field, Input};
use domain::{Error, Violation};
use edge::{Call, Outcome, custom};

use crate::notice::tell;

/// Changes a draft by a merge patch; of a quote that was sent, expired or not, the time until which it holds.
pub async fn update(call: &Call) -> Outcome {
    let mut changing = match custom::change(call).await? {
        Ok(changing) => changing,
        Err(unchanged) => return Ok(unchanged),
    };
    let is_said = |field: &&Field| field.input != Input::Nobody && field.name != "valid_until";
    let is_kept = |field: &Field| changing.before.get(field.name) == changing.after.get(field.name);
    let is_kept = QUOTE.fields.iter().filter(is_said).all(is_kept) && values(&changing.before) == values(&changing.after);
    match text(&changing.before, "status") {
        Some("draft") => {}
        Some("sent") if is_kept => {
            if !changing.after.contains_key("valid_until") {
                return Err(Violation::on("valid_until", "required", "A quote that was sent holds until a time.").into());
            }
            tell(&mut changing.command, "quote.updated", &QUOTE, &changing.after, &["customer", "vendor"]);
        }
        _ => {
            let detail = "Only a draft quote can be changed; of one that was sent, valid_until alone.";
            return Err(Error::conflict("quote-not-draft", detail).into());
        }
    }
    changing.answer().await
}
