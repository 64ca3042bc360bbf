//! Invoices: one for each milestone of an accepted quote.

use serde_json::Value;

use super::quote::{XERO, sent};
use crate::entity::{Access, Entity, Field, date, flag, index, money, reference, status, text, unique};
use crate::rules::{Moment, Rules};
use crate::{Doc, Violation};

/// What is to be paid for a milestone.
pub static INVOICE: Entity = Entity {
    name: "invoice",
    collection: "invoices",
    prefix: "inv",
    fields: &[
        text("reference", 20).read_only().searchable(),
        text("title", 200).read_only().searchable(),
        reference("quote", "quote").read_only(),
        reference("milestone", "milestone").read_only(),
        reference("project", "project").read_only(),
        reference("lead", "lead").read_only(),
        reference("customer", "membership").read_only(),
        reference("manager", "membership").read_only(),
        reference("expert", "membership").read_only(),
        reference("vendor", "membership").read_only(),
        money("amount").read_only(),
        money("service_fee").read_only(),
        money("total").read_only(),
        status(&["draft", "approved", "paid", "void"]),
        flag("is_approved").read_only(),
        reference("approved_by", "membership").read_only(),
        date("approved_at").read_only(),
        date("due_at").read_only(),
        flag("is_paid").read_only(),
        date("paid_at").read_only(),
        Field { kind: XERO, ..text("xero", 0) }.read_only(),
    ],
    indexes: &[
        unique(&["reference"]),
        unique(&["milestone"]),
        index(&["quote"]),
        index(&["status", "-created_at"]),
        index(&["customer", "status"]),
        index(&["expert", "status"]),
        index(&["lead", "status"]),
        index(&["xero.id"]),
    ],
    access: Access { narrow: Some(sent), ..Access::own(&["customer", "expert", "vendor"]) },
    rules: &InvoiceRules,
};

struct InvoiceRules;

impl Rules for InvoiceRules {
    fn check(&self, _before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        let is_paid = after.get("is_paid").and_then(Value::as_bool).unwrap_or(false);
        if is_paid && !after.contains_key("paid_at") {
            return vec![Violation::on("paid_at", "required", "A paid invoice says when it was paid.")];
        }
        Vec::new()
    }
}
