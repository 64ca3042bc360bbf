//! What recipients read of an event: a table of templates, in which `{}` stands for the reference.

use serde_json::Value;

const TITLE_LEN_MAX: usize = 100;
const MESSAGE_LEN_MAX: usize = 500;

/// Key, type, priority, title, message.
type Template = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const TEMPLATES: &[Template] = &[
    ("lead.created", "info", "medium", "New lead {}", "A request for work came in: {}. Look at it and publish it to the experts."),
    ("lead.published", "info", "medium", "{} is open to bids", "The lead {} takes bids now. Offer before its deadline."),
    ("lead.assigned", "info", "medium", "{} is yours", "You were named on the lead {}."),
    ("lead.deleted", "warning", "medium", "{} was taken back", "The request for work {} was taken back, and your bid on it with it."),
    ("lead.restored", "info", "medium", "{} is back", "The request for work {} is back, and your bid on it stands again."),
    ("lead.completed", "success", "medium", "{} is completed", "All of the work of {} is done and paid."),
    ("bid.submitted", "info", "medium", "New bid on {}", "The deadline has passed and a bid on {} can be read."),
    ("bid.awarded", "success", "high", "Your bid on {} was chosen", "Your bid on {} was awarded. The customer gets a quote next."),
    ("bid.declined", "info", "medium", "Your bid on {} was not chosen", "The work on {} goes on without your bid. Thank you for it."),
    ("bid.declined_pending", "info", "medium", "Another bid on {} was chosen for now", "Another bid on {} waits for the customer's word. Yours stays in reserve."),
    ("bid.reopened", "info", "medium", "Your bid on {} is in the running again", "The offer on {} that was chosen is off. Your bid can be chosen again."),
    ("bid.withdrawn", "warning", "medium", "A bid on {} was withdrawn", "An expert has withdrawn their bid on {}."),
    ("quote.created", "info", "medium", "Quote {} is drafted", "A bid was awarded and the quote {} waits to be sent."),
    ("quote.sent", "info", "high", "Quote {} for you", "The quote {} is ready. Read it, then accept or decline it."),
    ("quote.updated", "info", "medium", "Quote {} holds until another day", "The time until which the quote {} can be accepted has changed."),
    ("quote.withdrawn", "warning", "high", "Quote {} was withdrawn", "The quote {} does not hold any more and cannot be accepted."),
    ("quote.accepted", "success", "high", "Quote {} was accepted", "The customer has accepted the quote {}. The work can begin."),
    ("quote.declined", "warning", "high", "Quote {} was declined", "The customer has declined the quote {}. Another bid can be chosen."),
    ("invoice.approved", "info", "high", "Invoice {} is due", "The invoice {} was approved and is to be paid."),
    ("invoice.paid", "success", "medium", "Invoice {} is paid", "The payment of the invoice {} has arrived."),
    ("invoice.voided", "warning", "medium", "Invoice {} is void", "The invoice {} was voided and is not to be paid."),
    ("message.created", "info", "low", "New message", "Somebody wrote to a conversation that you take part in."),
    ("project.created", "success", "medium", "A project has begun: {}", "The quote was accepted and the project {} has begun."),
    ("project.completed", "success", "medium", "A project is completed: {}", "All milestones of {} are done and paid."),
    ("membership.pending", "info", "medium", "Somebody has joined and waits", "The member {} has joined and waits to be activated."),
    ("membership.activated", "success", "high", "You can begin", "Your membership was activated. Log in and begin."),
    ("verification.expired", "warning", "medium", "A verification has ended", "What was verified of you until now has to be verified again: {}."),
    ("receipt.refused", "error", "high", "A form could not be read", "A form was sent in that breaks a rule: {}. No lead was made of it."),
    ("integration.failed", "error", "high", "Xero refuses a document", "Xero refused {}. The integration's last error says why."),
];

/// What a recipient reads.
pub struct Notice {
    /// The event's type.
    pub key: String,
    /// One of the notification types.
    pub kind: &'static str,
    /// One of the priorities.
    pub priority: &'static str,
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub message: String,
    /// Where in the app to go on.
    pub link: String,
    /// Where an expert goes on: to their bid.
    pub link_of_expert: String,
    /// The entity of the record it is about.
    pub record_type: String,
    /// The record it is about.
    pub record_id: String,
}

impl Notice {
    /// The notice of an event with these facts.
    pub fn of(facts: &Value) -> Self {
        let text = |pointer: &str| facts.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (key, record_type, record_id) = (text("/key"), text("/record/type"), text("/record/id"));
        let reference = match text("/reference") {
            none if none.is_empty() => format!("the {}", if record_type.is_empty() { "record" } else { &record_type }),
            reference => reference,
        };
        let plain = key.replace(['.', '_'], " ");
        let unknown = ("", "info", "medium", plain.as_str(), "Something happened to {}.");
        let known = TEMPLATES.iter().find(|(known, ..)| *known == key);
        let (kind, priority) = known.map_or(("info", "medium"), |(_, kind, priority, ..)| (kind, priority));
        let (title, message) = known.map_or((unknown.3, unknown.4), |(_, _, _, title, message)| (title, message));
        Self {
            title: filled(title, &reference, TITLE_LEN_MAX),
            message: filled(message, &reference, MESSAGE_LEN_MAX),
            link: link(&record_type, &record_id, &text("/lead")),
            link_of_expert: match record_type.as_str() {
                "bid" => format!("/bids/{record_id}"),
                _ => link(&record_type, &record_id, &text("/lead")),
            },
            key,
            kind,
            priority,
            record_type,
            record_id,
        }
    }
}

fn filled(template: &str, reference: &str, len_max: usize) -> String {
    let text = template.replace("{}", reference);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).take(len_max).collect()
}

/// Milestones and messages are shown where they belong; bids, too, to those who choose among them.
fn link(record_type: &str, record_id: &str, lead: &str) -> String {
    match (record_type, lead) {
        ("quote" | "invoice" | "conversation" | "integration", _) => format!("/{record_type}s/{record_id}"),
        ("lead", _) => format!("/leads/{record_id}"),
        (_, "") => String::new(),
        (_, lead) => format!("/leads/{lead}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::entities::NOTIFICATION;
    use domain::{Kind, entity::Field};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_template_fits_its_fields() {
        let choices = |name| match NOTIFICATION.field(name) {
            Some(Field { kind: Kind::Choice(words), .. }) => *words,
            _ => &[],
        };
        for (key, kind, priority, title, message) in TEMPLATES {
            assert!(choices("type").contains(kind) && choices("priority").contains(priority), "{key}");
            assert!(title.len() + 30 <= TITLE_LEN_MAX && message.len() + 30 <= MESSAGE_LEN_MAX, "{key}");
        }
    }

    #[test]
    fn the_reference_stands_in_the_text_and_the_record_in_the_link() {
        let facts = json!({
            "key": "bid.awarded", "record": { "type": "bid", "id": "bid_1" }, "lead": "lead_1", "reference": "SU-000001",
        });
        let notice = Notice::of(&facts);
        assert_eq!((notice.title.as_str(), notice.link.as_str()), ("Your bid on SU-000001 was chosen", "/leads/lead_1"));
        assert_eq!(notice.link_of_expert, "/bids/bid_1");
    }

    #[test]
    fn an_event_that_no_template_knows_is_told_all_the_same() {
        let notice = Notice::of(&json!({ "key": "milestone.moved", "record": { "type": "milestone", "id": "mil_1" } }));
        assert_eq!((notice.title.as_str(), notice.message.as_str()), ("Milestone moved", "Something happened to the milestone."));
        assert_eq!(notice.link, "");
    }
}
