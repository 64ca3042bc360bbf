//! Leads: requests for work, before anyone has been chosen to do it.

use crate::json;
use serde_json::Value;

use crate::entity::{
    ATTACHMENT, Access, CUSTOM, CUSTOM_PERSONAL, Entity, Fallback, Kind, choice, date, flag, index, index_if_present, integer,
    list, money, opaque, reference, status, teams, text, unique,
};
use crate::lifecycle::ARCHIVED_AT;
use crate::rules::{Moment, Rules};
use crate::{Doc, Filter, Role, Viewer, Violation, doc};

/// A request for work.
pub static LEAD: Entity = Entity {
    name: "lead",
    collection: "leads",
    prefix: "lead",
    fields: &[
        text("reference", 20).read_only().searchable(),
        choice("kind", &["service_request", "sales", "property"]).default(Fallback::Word("service_request")),
        text("category", 80).required().searchable(),
        text("description", 10_000).searchable(),
        text("requirements", 10_000).searchable(),
        opaque("answers", 20_000).read_only().encrypted().for_staff(),
        list("skills", &Kind::Text(80), 50),
        money("budget_min"),
        money("budget_max"),
        date("start_date"),
        date("end_date"),
        date("bid_deadline").staff(),
        text("product", 200),
        integer("licenses", 0, 1_000_000),
        list("attachments", &ATTACHMENT, 50),
        status(&["new", "published", "awarded", "active", "completed", "lost"]),
        flag("bid_pool").read_only(),
        flag("is_active_project").read_only(),
        reference("person", "person").staff().subject(),
        reference("customer", "membership").staff().subject().keep(),
        reference("manager", "membership").staff().keep(),
        reference("expert", "membership").read_only().keep(),
        reference("vendor", "membership").staff().keep(),
        // It goes with the lead, and never without it.
        reference("conversation", "conversation").read_only().keep(),
        reference("awarded_bid", "bid").read_only(),
        reference("project", "project").read_only(),
        choice("source", &["api", "form"]).read_only().default(Fallback::Word("api")),
        date("published_at").read_only(),
        teams(),
        date(ARCHIVED_AT).read_only(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["reference"]),
        index(&["status", "-created_at"]),
        index(&["customer", "status"]),
        index(&["expert", "status"]),
        index(&["manager", "status"]),
        index(&["vendor", "status"]),
        index(&["bid_pool", "bid_deadline"]),
        index_if_present(&["person"]),
        index_if_present(&["awarded_bid"]),
        index(&["-created_at"]),
        index(&["search_words"]),
        index(&["teams"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access { open: Some(published), ..Access::shared(&["customer", "manager", "expert", "vendor", "created_by"]) },
    rules: &LeadRules,
};

/// The reference of the lead with this number: a template for the counter's value at `path`.
pub fn lead_reference(path: &str) -> String {
    format!("SU-{{{path}:06}}")
}

/// The conversation that a lead is made with: the participants are those it names.
pub fn lead_conversation(id: &str, lead: &Doc) -> Doc {
    let members: Vec<&Value> = ["customer", "vendor", "manager"].iter().filter_map(|role| lead.get(*role)).collect();
    doc::fields(json!({ "lead": id, "kind": "lead", "participants": members, "status": "active", "seq": 0 }))
}

/// Experts see what is open to bids.
fn published(viewer: &Viewer) -> Filter {
    match viewer.policy.role() {
        Role::Expert => Filter::is("bid_pool", true),
        _ => Filter::Nothing,
    }
}

struct LeadRules;

impl Rules for LeadRules {
    /// A customer asks for themselves; a vendor brings the lead in.
    fn prepare(&self, doc: &mut Doc, moment: Moment<'_>) {
        let field = match moment.viewer.map(|viewer| viewer.policy.role()) {
            Some(Role::Customer) => "customer",
            Some(Role::Vendor) => "vendor",
            _ => return,
        };
        if let Some(viewer) = moment.viewer {
            doc.entry(field).or_insert_with(|| viewer.member.clone().into());
        }
    }

    /// Dates in documents are of one form, so they compare as text.
    fn check(&self, before: Option<&Doc>, after: &Doc, moment: Moment<'_>) -> Vec<Violation> {
        let mut violations = Vec::new();
        budget(after, &mut violations);
        if let (Some(start), Some(end)) = (doc::text(after, "start_date"), doc::text(after, "end_date"))
            && end < start
        {
            violations.push(Violation::on("end_date", "before-start", "The end cannot be before the start."));
        }
        deadline(before, after, moment, &mut violations);
        violations
    }
}

fn budget(lead: &Doc, violations: &mut Vec<Violation>) {
    let (Some(min), Some(max)) = (lead.get("budget_min"), lead.get("budget_max")) else { return };
    if min.get("currency") != max.get("currency") {
        violations.push(Violation::at(
            "/budget_max/currency".to_owned(),
            "currency-mismatch",
            "Both ends of a budget are of one currency.",
        ));
    } else if min.get("minor").and_then(Value::as_i64) > max.get("minor").and_then(Value::as_i64) {
        violations.push(Violation::on("budget_max", "below-minimum", "The upper end of a budget cannot be below the lower one."));
    }
}

/// While a lead is open to bids its deadline can be lengthened before it has passed, and never shortened: bidders rely on it.
fn deadline(before: Option<&Doc>, after: &Doc, moment: Moment<'_>, violations: &mut Vec<Violation>) {
    let was = before.and_then(|lead| doc::text(lead, "bid_deadline"));
    let is = doc::text(after, "bid_deadline");
    let ever_published = before.is_some_and(|lead| lead.contains_key("published_at"));
    if was == is || !ever_published {
        return;
    }
    let now = moment.now.to_string();
    let wrong = match (was, is) {
        (_, None) => Some(("required", "A lead that was open to bids keeps its deadline.")),
        (Some(was), _) if was <= now.as_str() => Some(("deadline-passed", "The deadline has passed and cannot be moved.")),
        (Some(was), Some(is)) if is < was => Some(("shortened", "A deadline can be lengthened, never shortened.")),
        _ => None,
    };
    violations.extend(wrong.map(|(code, detail)| Violation::on("bid_deadline", code, detail)));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Time, validate};

    fn doc(value: Value) -> Doc {
        value.as_object().unwrap().clone()
    }

    fn at(text: &str) -> Moment<'static> {
        Moment { now: Time::parse(text).unwrap(), viewer: None }
    }

    #[test]
    fn a_budget_has_one_currency_and_its_ends_in_order() {
        let lead =
            |max: Value| doc(json!({ "category": "roof", "budget_min": { "minor": 500, "currency": "EUR" }, "budget_max": max }));
        let codes =
            |max| validate::create(&LEAD, lead(max), at("2026-01-01T00:00:00Z")).map_err(|error| error.violations[0].code).err();
        assert_eq!(codes(json!({ "minor": 500, "currency": "EUR" })), None);
        assert_eq!(codes(json!({ "minor": 499, "currency": "EUR" })), Some("below-minimum"));
        assert_eq!(codes(json!({ "minor": 900, "currency": "USD" })), Some("currency-mismatch"));
    }

    #[test]
    fn a_deadline_is_lengthened_before_it_has_passed_and_never_shortened() {
        let lead = doc(
            json!({ "category": "roof", "published_at": "2026-01-01T00:00:00.000Z", "bid_deadline": "2026-01-05T00:00:00.000Z" }),
        );
        let moved = |to: &str, now: &str| {
            let patch = doc(json!({ "bid_deadline": to }));
            validate::update(&LEAD, &lead, patch, at(now)).map_err(|error| error.violations[0].code).err()
        };
        assert_eq!(moved("2026-01-06T00:00:00Z", "2026-01-02T00:00:00Z"), None);
        assert_eq!(moved("2026-01-04T00:00:00Z", "2026-01-02T00:00:00Z"), Some("shortened"));
        assert_eq!(moved("2026-01-09T00:00:00Z", "2026-01-05T00:00:00Z"), Some("deadline-passed"));
    }
}
