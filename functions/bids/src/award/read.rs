//! What must be known before a bid is awarded: the bid, its lead, its rivals and the service fee.

use domain::entities::{BID, LEAD, SERVICE_FEE_KEY, SETTING, service_fee_points};
use domain::json;
use domain::{Doc, Error, Filter};
use edge::{Call, Halt, crud};
use serde_json::Value;

use crate::seal;

/// The most rivals whose own events tell of the award.
pub const RIVALS_MAX: u32 = 200;

/// A bid that somebody wants to award.
pub struct Choice {
    /// The bid.
    pub bid: Doc,
    /// Its lead.
    pub lead: Doc,
    /// The other bids that were offered on the lead.
    pub rivals: Vec<Doc>,
    /// The service fee in hundredths of a percent.
    pub fee_points: i64,
}

impl Choice {
    /// Reads it all in one trip.
    pub async fn read(call: &Call, id: &str) -> Result<Self, Halt> {
        let scope = call.scope()?;
        let mut reading = call.store.reading(scope);
        // A sealed bid is read past its seal, to say that it is sealed and nothing else.
        let bid = reading.one(&BID, &scope.reach_past_seals(&BID, "award").and(Filter::is("_id", id)), Error::not_found());
        let lead = bid.path("document.lead");
        let of_bid = reading.linked(&LEAD, &scope.live(), "_id", &lead, Error::not_found());
        let offered = scope.live().and(Filter::is("status", "submitted")).and(Filter::is_not("_id", id));
        let rivals = reading.many_linked(&BID, &offered, json!({ "_id": 1 }), RIVALS_MAX, ("lead", &lead));
        let fee = reading.maybe(&SETTING, &scope.live().and(Filter::is("key", SERVICE_FEE_KEY)));
        let mut found = reading.run().await?;
        let fee_points = service_fee_points(found.maybe(fee).as_ref().and_then(|setting| setting.get("value")));
        Ok(Self { bid: found.doc(bid), lead: found.doc(of_bid), rivals: found.docs(rivals), fee_points })
    }

    /// Refuses what is sealed, taken, or was never offered.
    pub fn check(&self, call: &Call) -> Result<(), Halt> {
        if call.now() < seal::sealed_until(&self.bid) {
            return Err(Error::conflict("bids-sealed", "The bids are sealed until the deadline of the lead.").into());
        }
        let status = |doc: &Doc| doc.get("status").and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
        if matches!(status(&self.bid).as_str(), "draft" | "withdrawn") {
            return Err(Error::not_found().into());
        }
        crud::check_version(call, &self.bid)?;
        crud::require_unarchived(&self.lead)?;
        match status(&self.lead).as_str() {
            "published" if !self.lead.contains_key("awarded_bid") => {}
            "awarded" | "active" | "completed" => return Err(already_awarded().into()),
            _ => return Err(Error::conflict("lead-not-published", "Only a published lead can be awarded.").into()),
        }
        if status(&self.bid) != "submitted" {
            return Err(Error::conflict("bid-not-submitted", "Only a bid that is submitted can be awarded.").into());
        }
        Ok(())
    }
}

/// What everybody hears who comes too late.
pub fn already_awarded() -> Error {
    Error::conflict("already-awarded", "The lead has been awarded already.")
}
