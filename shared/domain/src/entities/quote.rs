//! Quotes: what the customer is asked to accept: the awarded bid's price and the service fee.

use serde_json::Value;

use crate::entity::{
    Access, CUSTOM, CUSTOM_PERSONAL, Entity, Field, Kind, date, index, index_if_present, money, reference, status, teams, text,
    unique,
};
use crate::rules::{Moment, Rules};
use crate::{Doc, Filter, Time, Viewer, Violation};

/// A formal offer to the customer.
pub static QUOTE: Entity = Entity {
    name: "quote",
    collection: "quotes",
    prefix: "quo",
    fields: &[
        text("reference", 20).read_only().searchable(),
        text("title", 200).searchable(),
        text("notes", 4_000),
        reference("lead", "lead").read_only().cascade(),
        reference("bid", "bid").read_only(),
        reference("expert", "membership").read_only().keep(),
        reference("manager", "membership").read_only().keep(),
        reference("customer", "membership").read_only().subject().keep(),
        reference("vendor", "membership").read_only().keep(),
        money("amount").read_only(),
        money("service_fee").read_only(),
        money("total").read_only(),
        status(&["draft", "sent", "accepted", "declined", "withdrawn"]),
        date("valid_until"),
        date("sent_at").read_only(),
        date("accepted_at").read_only(),
        date("declined_at").read_only(),
        date("withdrawn_at").read_only(),
        text("decline_reason", 1_000).read_only(),
        Field { kind: XERO, ..text("xero", 0) }.read_only(),
        teams(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["reference"]),
        unique(&["lead", "bid"]),
        index(&["status", "-created_at"]),
        index(&["customer", "status"]),
        index(&["expert", "status"]),
        index(&["teams"]),
        index(&["bid"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access { narrow: Some(ever_sent), ..Access::shared(&["customer", "manager", "expert", "vendor"]) },
    rules: &QuoteRules,
};

/// What Xero knows of a document.
pub const XERO: Kind = Kind::Object(&[text("id", 64), text("number", 255), text("status", 32), date("synced_at")]);

/// The setting that says the service fee.
pub const SERVICE_FEE_KEY: &str = "billing.service_fee";

/// What the fee is where no setting says: 10 %.
const SERVICE_FEE_POINTS: i64 = 1_000;

/// The service fee in hundredths of a percent, from the setting's value `{"basis_points": n}`.
pub fn service_fee_points(setting: Option<&Value>) -> i64 {
    let points = setting.and_then(|value| value.get("basis_points")).and_then(Value::as_i64);
    points.filter(|points| (0..=10_000).contains(points)).unwrap_or(SERVICE_FEE_POINTS)
}

struct QuoteRules;

impl Rules for QuoteRules {
    fn check(&self, before: Option<&Doc>, after: &Doc, moment: Moment<'_>) -> Vec<Violation> {
        let until = after.get("valid_until").and_then(Value::as_str).and_then(Time::parse);
        let is_new = before.is_none_or(|quote| quote.get("valid_until") != after.get("valid_until"));
        if is_new && until.is_some_and(|until| until <= moment.now) {
            return vec![Violation::on("valid_until", "in-the-past", "A quote is valid until a time in the future.")];
        }
        Vec::new()
    }
}

/// A draft is seen by those only who write it.
pub(super) fn sent(viewer: &Viewer, _now: Time) -> Filter {
    if viewer.policy.role().is_staff() { Filter::All } else { Filter::is_not("status", "draft") }
}

/// Nor does anybody else see a quote that was withdrawn while it was a draft.
fn ever_sent(viewer: &Viewer, now: Time) -> Filter {
    let was_sent = Filter::is_not("status", "withdrawn").or(Filter::is_not("sent_at", Value::Null));
    if viewer.policy.role().is_staff() { Filter::All } else { sent(viewer, now).and(was_sent) }
}
