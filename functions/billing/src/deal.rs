//! What a customer decides on: the quote that was sent, its lead, the awarded bid and the bids it was preferred to.

use domain::doc::{text, with};
use domain::entities::{BID, LEAD, QUOTE};
use domain::json;
use domain::validate::change;
use domain::{Doc, Error, Filter};
use edge::{Call, Halt, crud};
use serde_json::Value;
use store::{Command, Scope};

use crate::notice::tell_as;

/// The most bids whose own events tell of the decision.
const RIVALS_MAX: u32 = 200;
const PREFERRED_TO: &[&str] = &["submitted", "declined_pending"];

/// A quote that waits for the customer's word.
pub struct Deal {
    /// The quote.
    pub quote: Doc,
    /// Its lead.
    pub lead: Doc,
    /// The awarded bid.
    pub bid: Doc,
    rivals: Vec<Doc>,
}

impl Deal {
    /// Reads it all in one trip, and refuses what is not up for a decision: a quote in none of these states.
    pub async fn read(call: &Call, id: &str, action: &str, statuses: &[&str]) -> Result<Self, Halt> {
        let scope = call.scope()?;
        let mut reading = call.store.reading(scope);
        let quote = reading.one(&QUOTE, &scope.reach(&QUOTE, action).and(Filter::is("_id", id)), Error::not_found());
        let lead = quote.path("document.lead");
        let of_quote = reading.linked(&LEAD, &scope.live(), "_id", &lead, Error::not_found());
        let awarded = reading.linked(&BID, &scope.live(), "_id", &quote.path("document.bid"), Error::not_found());
        let others = scope.live().and(Filter::one_of("status", PREFERRED_TO));
        let rivals = reading.many_linked(&BID, &others, json!({ "_id": 1 }), RIVALS_MAX, ("lead", &lead));
        let mut found = reading.run().await?;
        let deal =
            Self { quote: found.doc(quote), lead: found.doc(of_quote), bid: found.doc(awarded), rivals: found.docs(rivals) };
        crud::check_version(call, &deal.quote)?;
        crud::require_unarchived(&deal.lead)?;
        deal.check(statuses)?;
        Ok(deal)
    }

    fn check(&self, statuses: &[&str]) -> Result<(), Error> {
        if !text(&self.quote, "status").is_some_and(|status| statuses.contains(&status)) {
            return Err(Error::conflict("quote-not-sent", "The quote is not up for a decision, or has been decided on."));
        }
        let is_awarded = text(&self.lead, "status") == Some("awarded");
        if !is_awarded || self.lead.get("awarded_bid") != self.quote.get("bid") {
            return Err(not_awarded());
        }
        Ok(())
    }

    /// Opens the choice among the other bids again: the awarded one is declined, for a reason if one was given.
    pub fn reopen(&self, call: &Call, command: &mut Command<'_>, scope: &Scope, reason: Doc) -> Result<(), Halt> {
        let mut bid = with(&self.bid, json!({ "status": "declined" }));
        bid.extend(reason);
        crud::apply(call, command, &BID, &self.bid, &change(&self.bid, bid), "bid.declined")?;
        tell_as(command, "bid.declined", &BID, &self.bid, &["expert"], self.lead.get("reference"));
        // The deadline has passed, so the lead takes no new bids: it stays out of the pool.
        let mut lead = with(&self.lead, json!({ "status": "published" }));
        lead.remove("awarded_bid");
        self.change_lead(command, lead, "lead.reopened");
        self.change_rivals(command, scope, "submitted", "bid.reopened");
        Ok(())
    }

    /// Changes the lead, which must still be awarded to the quote's bid.
    pub fn change_lead(&self, command: &mut Command<'_>, after: Doc, kind: &str) {
        let bid = self.quote.get("bid").cloned().unwrap_or(Value::Null);
        let awarded = Filter::is("status", "awarded").and(Filter::is("awarded_bid", bid));
        command.apply_when(&LEAD, &self.lead, &change(&self.lead, after), kind, awarded, not_awarded());
    }

    /// Gives the other bids a new status, each with its event and the word to its author.
    pub fn change_rivals(&self, command: &mut Command<'_>, scope: &Scope, status: &str, kind: &str) {
        let lead = self.lead.get("_id").cloned().unwrap_or(Value::Null);
        let filter = scope.live().and(Filter::is("lead", lead)).and(Filter::one_of("status", PREFERRED_TO));
        let set = with(&Doc::new(), json!({ "status": status }));
        if self.rivals.len() < RIVALS_MAX as usize {
            let raced = Error::conflict("concurrent-update", "Another bid was withdrawn at the same moment. Try again.");
            command.update_exactly(&BID, &filter, &set, self.rivals.len(), raced);
        } else {
            command.update_many(&BID, &filter, &set);
        }
        for rival in &self.rivals {
            command.event_of(&BID, rival, &with(rival, json!({ "status": status })), kind, None);
            tell_as(command, kind, &BID, rival, &["expert"], self.lead.get("reference"));
        }
    }
}

fn not_awarded() -> Error {
    Error::conflict("lead-not-awarded", "The lead is not awarded to the bid of this quote any more.")
}
