//! Making a lead: its number, its conversation and the word to the staff, however it came in.

use domain::entities::{CONVERSATION, LEAD, lead_conversation, lead_reference};
use domain::json;
use domain::plan::Limit;
use domain::role::STAFF;
use domain::{Doc, Error, event, search};

use super::{Audience, Command, EventOf};

impl Command<'_> {
    /// Inserts a lead with all that belongs to it. Returns it as stored, and the source of its reference.
    pub fn create_lead(&mut self, id: &str, mut lead: Doc) -> (Doc, String) {
        self.take_one(Limit::Leads);
        let number = self.number("lead");
        let value = number.path("document.value");
        let reference = lead_reference(&value);
        let digits = (search::await_number(&mut lead, "SU"), format!("{{{value}:06}}"));
        let conversation_id = self.id(&CONVERSATION);
        lead.insert("conversation".to_owned(), conversation_id.clone().into());
        let taken = |what: &str| Error::internal(format!("the {what} was taken"));
        let holes = [("reference", reference.clone()), (digits.0.as_str(), digits.1)];
        let lead = self.insert(&LEAD, id, lead, &holes, taken("lead's id or reference"));
        self.event(EventOf {
            kind: "lead.created",
            entity: &LEAD,
            id,
            lead: Some(id),
            changes: event::diff(&LEAD, None, &lead),
            comment: None,
            holes: &[("changes.reference.after", reference.clone())],
        });
        let conversation = lead_conversation(id, &lead);
        let title = [("title", reference.clone())];
        self.insert(&CONVERSATION, &conversation_id, conversation, &title, taken("conversation's id"));
        let facts = json!({ "key": "lead.created", "record": { "type": LEAD.name, "id": id }, "lead": id });
        let staff = Audience { roles: STAFF, ..Audience::default() };
        self.notify_with(&staff, facts, None, &[("payload.facts.reference", reference.clone())]);
        (lead, reference)
    }
}
