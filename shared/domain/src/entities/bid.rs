//! Bids: what an expert offers on a lead, sealed until the lead's deadline.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::entity::{
    Access, CUSTOM, CUSTOM_PERSONAL, Entity, Fallback, Kind, choice, date, flag, index, index_if_present, integer, list, money,
    reference, status, teams, text, unique,
};
use crate::rules::{Moment, Rules};
use crate::{Doc, Filter, Time, Viewer, Violation};

/// An expert's offer on a lead.
pub static BID: Entity = Entity {
    name: "bid",
    collection: "bids",
    prefix: "bid",
    fields: &[
        reference("lead", "lead").required().on_create().cascade(),
        text("title", 200),
        money("price"),
        date("start_date"),
        date("end_date"),
        text("summary", 5_000),
        text("remarks", 1_000),
        list("milestones", &MILESTONE_PLAN, 50),
        reference("expert", "membership").read_only().keep(),
        status(&["draft", "submitted", "withdrawn", "awarded", "declined_pending", "declined"]),
        flag("is_complete").read_only(),
        date("sealed_until").read_only(),
        date("submitted_at").read_only(),
        date("awarded_at").read_only(),
        text("decline_reason", 1_000).read_only(),
        reference("quote", "quote").read_only(),
        teams(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["lead", "expert"]),
        index(&["lead", "status"]),
        index(&["expert", "status"]),
        index(&["status", "-created_at"]),
        index(&["teams"]),
        index_if_present(&["quote"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access { narrow: Some(unsealed), ..Access::shared(&["expert"]) },
    rules: &BidRules,
};

/// A milestone as it is planned in a bid.
const MILESTONE_PLAN: Kind = Kind::Object(&[
    integer("order", 1, 50).required(),
    text("name", 200).required(),
    text("description", 2_000),
    choice("type", &["time", "event"]).default(Fallback::Word("event")),
    integer("percentage", 1, 100).required(),
]);

/// What a bid still lacks before it can be submitted.
pub fn incomplete(bid: &Doc) -> Vec<Violation> {
    let missing = ["title", "price", "start_date", "end_date"].into_iter().filter(|field| !bid.contains_key(*field));
    let mut violations: Vec<Violation> =
        missing.map(|field| Violation::on(field, "required", "This field is required before a bid can be submitted.")).collect();
    let sum: i64 = milestones(bid).filter_map(|milestone| milestone.get("percentage")?.as_i64()).sum();
    if sum != 100 {
        violations.push(Violation::on("milestones", "percentages-sum", format!("The percentages sum to {sum}, not to 100.")));
    }
    violations
}

/// Until the deadline nobody but its author sees a bid; drafts and withdrawn bids stay with their author for good.
fn unsealed(viewer: &Viewer, now: Time) -> Filter {
    let mine = Filter::is("expert", viewer.member.as_str());
    let offered = Filter::one_of("status", &["submitted", "awarded", "declined_pending", "declined"]);
    mine.or(offered.and(Filter::by("sealed_until", now)))
}

struct BidRules;

impl Rules for BidRules {
    fn prepare(&self, doc: &mut Doc, moment: Moment<'_>) {
        if let Some(viewer) = moment.viewer {
            doc.entry("expert").or_insert_with(|| viewer.member.clone().into());
        }
        for milestone in doc.get_mut("milestones").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::Object(milestone) = milestone {
                milestone.entry("type").or_insert_with(|| "event".into());
            }
        }
        let is_complete = incomplete(doc).is_empty();
        doc.insert("is_complete".to_owned(), is_complete.into());
    }

    fn check(&self, _before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let date = |field: &str| after.get(field).and_then(Value::as_str);
        if let (Some(start), Some(end)) = (date("start_date"), date("end_date"))
            && end < start
        {
            violations.push(Violation::on("end_date", "before-start", "The end cannot be before the start."));
        }
        let mut orders = BTreeSet::new();
        for (at, milestone) in milestones(after).enumerate() {
            if !orders.insert(milestone.get("order").and_then(Value::as_i64)) {
                let pointer = format!("/milestones/{at}/order");
                violations.push(Violation::at(pointer, "repeated", "Another milestone of this bid has the same order."));
            }
        }
        violations
    }
}

fn milestones(bid: &Doc) -> impl Iterator<Item = &Value> {
    bid.get("milestones").and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{id, validate};

    fn bid(milestones: Value) -> Doc {
        let money = json!({ "minor": 100, "currency": "EUR" });
        let bid = json!({
            "lead": id::derived("lead", &["a"]), "title": "New roof", "price": money,
            "start_date": "2026-01-01T00:00:00Z", "end_date": "2026-02-01T00:00:00Z", "milestones": milestones,
        });
        bid.as_object().unwrap().clone()
    }

    fn create(bid: Doc) -> crate::Result<Doc> {
        validate::create(&BID, bid, Moment { now: Time::from_ms(0), viewer: None })
    }

    #[test]
    fn a_bid_is_complete_when_its_percentages_sum_to_100() {
        let cases = [
            (json!([{ "order": 1, "name": "all", "percentage": 100 }]), true),
            (json!([{ "order": 1, "name": "a", "percentage": 30 }, { "order": 2, "name": "b", "percentage": 69 }]), false),
            (json!([]), false),
        ];
        for (milestones, complete) in cases {
            assert_eq!(create(bid(milestones)).unwrap()["is_complete"], complete);
        }
    }

    #[test]
    fn a_milestone_is_an_event_when_nobody_says() {
        let bid = create(bid(
            json!([{ "order": 1, "name": "a", "percentage": 5 }, { "order": 2, "name": "b", "percentage": 5, "type": "time" }]),
        ));
        let types: Vec<Value> =
            bid.unwrap()["milestones"].as_array().unwrap().iter().map(|planned| planned["type"].clone()).collect();
        assert_eq!(types, ["event", "time"]);
    }

    #[test]
    fn two_milestones_cannot_share_an_order() {
        let twice = json!([{ "order": 1, "name": "a", "percentage": 50 }, { "order": 1, "name": "b", "percentage": 50 }]);
        let error = create(bid(twice)).unwrap_err();
        assert_eq!(error.violations[0].place, crate::error::Place::Pointer("/milestones/1/order".to_owned()));
    }

    #[test]
    fn a_percentage_is_whole() {
        let error = create(bid(json!([{ "order": 1, "name": "a", "percentage": 99.5 }]))).unwrap_err();
        assert_eq!(error.violations[0].code, "out-of-range");
    }
}
