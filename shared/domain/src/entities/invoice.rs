//! Invoices: one for each milestone of an accepted quote.

use crate::json;
use serde_json::Value;

use super::quote::{XERO, sent};
use crate::entity::{
    Access, CUSTOM, CUSTOM_PERSONAL, Entity, Field, date, flag, index, index_if_present, money, reference, status, teams, text,
    unique,
};
use crate::rules::{Moment, Rules};
use crate::validate::{Change, change};
use crate::{Doc, Error, Result, Time, Violation, doc};

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
        reference("customer", "membership").read_only().subject().keep(),
        reference("manager", "membership").read_only().keep(),
        reference("expert", "membership").read_only().keep(),
        reference("vendor", "membership").read_only().keep(),
        money("amount").read_only(),
        money("service_fee").read_only(),
        money("total").read_only(),
        status(&["draft", "approved", "paid", "void"]),
        flag("is_approved").read_only(),
        reference("approved_by", "membership").read_only().keep(),
        date("approved_at").read_only(),
        date("due_at").read_only(),
        flag("is_paid").read_only(),
        date("paid_at").read_only(),
        Field { kind: XERO, ..text("xero", 0) }.read_only(),
        teams(),
        CUSTOM,
        CUSTOM_PERSONAL,
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
        index(&["teams"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access { narrow: Some(sent), ..Access::shared(&["customer", "manager", "expert", "vendor"]) },
    rules: &InvoiceRules,
};

/// How long a customer has to pay an approved invoice.
const DAYS_TO_PAY: i64 = 14;

/// A draft that a member approves.
pub fn approved(invoice: &Doc, member: &str, now: Time) -> Result<Change> {
    if !is_status(invoice, "draft") {
        return Err(Error::conflict("invoice-not-draft", "Only a draft invoice can be approved."));
    }
    let fields = json!({
        "status": "approved", "is_approved": true, "approved_by": member, "approved_at": now, "due_at": now.plus_days(DAYS_TO_PAY),
    });
    Ok(with(invoice, fields))
}

/// What the end of an invoice changes: it is paid, or void.
#[derive(Debug)]
pub struct Settlement {
    /// The invoice.
    pub invoice: Change,
    /// Its project, which counts both: of two invoices that end at once, not both can miss that they were the last.
    pub project: Change,
    /// The lead, when nothing is open any more.
    pub lead: Option<Change>,
}

impl Settlement {
    /// Whether the project is completed by it.
    pub fn completes(&self) -> bool {
        self.project.set.contains_key("status")
    }
}

/// The payment of an approved invoice; `others` are those of the same project.
pub fn paid(invoice: &Doc, paid_at: Time, others: &[Doc], project: &Doc, lead: &Doc) -> Result<Settlement> {
    if !is_status(invoice, "approved") {
        return Err(Error::conflict("invoice-not-approved", "Only an approved invoice that is not paid yet can be paid."));
    }
    let invoice = with(invoice, json!({ "status": "paid", "is_paid": true, "paid_at": paid_at }));
    Ok(settled(invoice, paid_at, others, project, lead))
}

/// An invoice that will not be paid; `others` are those of the same project.
pub fn voided(invoice: &Doc, at: Time, others: &[Doc], project: &Doc, lead: &Doc) -> Settlement {
    settled(with(invoice, json!({ "status": "void" })), at, others, project, lead)
}

/// Project and lead are completed when every invoice is paid or void, and at least one is paid.
fn settled(invoice: Change, at: Time, others: &[Doc], project: &Doc, lead: &Doc) -> Settlement {
    let others = others.iter().filter(|other| other.get("_id") != invoice.after.get("_id"));
    let all: Vec<&Doc> = others.chain([&invoice.after]).collect();
    let count = |status: &str| all.iter().filter(|doc| is_status(doc, status)).count();
    let (paid, void) = (count("paid"), count("void"));
    let mut of_project = json!({ "invoices_paid": paid, "invoices_void": void });
    let completes = paid > 0 && paid + void == all.len();
    if let (true, Value::Object(of_project)) = (completes, &mut of_project) {
        of_project.insert("status".to_owned(), "completed".into());
        of_project.insert("completed_at".to_owned(), at.into());
    }
    let completed = json!({ "status": "completed", "is_active_project": false });
    let lead = (completes && is_status(lead, "active")).then(|| with(lead, completed));
    let project = with(project, of_project);
    Settlement { invoice, project, lead }
}

fn is_status(doc: &Doc, status: &str) -> bool {
    doc::text(doc, "status") == Some(status)
}

fn with(before: &Doc, fields: Value) -> Change {
    change(before, doc::with(before, fields))
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doc(value: Value) -> Doc {
        value.as_object().unwrap().clone()
    }

    fn invoice(id: &str, status: &str) -> Doc {
        doc(json!({ "_id": id, "status": status }))
    }

    fn pay(status: &str, others: &[Doc]) -> Result<Settlement> {
        let (project, lead) = (doc(json!({ "status": "active" })), doc(json!({ "status": "active" })));
        paid(&invoice("a", status), Time::from_ms(0), others, &project, &lead)
    }

    #[test]
    fn only_an_approved_invoice_can_be_paid() {
        for status in ["draft", "paid", "void"] {
            assert_eq!(pay(status, &[]).unwrap_err().code, "invoice-not-approved", "{status}");
        }
        let set = pay("approved", &[]).unwrap().invoice.set;
        assert_eq!((&set["is_paid"], &set["paid_at"]), (&json!(true), &json!("1970-01-01T00:00:00.000Z")));
    }

    #[test]
    fn the_last_payment_completes_project_and_lead() {
        let cases = [
            (vec![], true, 1),
            (vec![invoice("a", "approved"), invoice("b", "paid"), invoice("c", "void")], true, 2),
            (vec![invoice("b", "approved")], false, 1),
            (vec![invoice("b", "paid"), invoice("c", "draft")], false, 2),
        ];
        for (others, completes, count) in cases {
            let payment = pay("approved", &others).unwrap();
            assert_eq!(payment.lead.is_some(), completes, "{others:?}");
            assert_eq!(payment.project.set.contains_key("status"), completes, "{others:?}");
            assert_eq!(payment.project.set["invoices_paid"], count, "{others:?}");
        }
    }

    #[test]
    fn voiding_the_last_open_invoice_completes_project_and_lead_when_another_is_paid() {
        let cases = [
            (vec![], false),
            (vec![invoice("b", "void")], false),
            (vec![invoice("b", "paid"), invoice("c", "void")], true),
            (vec![invoice("b", "paid"), invoice("c", "approved")], false),
        ];
        for (others, completes) in cases {
            let active = doc(json!({ "status": "active" }));
            let settlement = voided(&invoice("a", "approved"), Time::from_ms(0), &others, &active, &active);
            assert_eq!((settlement.completes(), settlement.lead.is_some()), (completes, completes), "{others:?}");
            assert!(!settlement.project.is_empty(), "{others:?}");
        }
    }

    #[test]
    fn only_a_draft_can_be_approved_and_is_due_in_two_weeks() {
        let set = approved(&invoice("a", "draft"), "mem_1", Time::from_ms(0)).unwrap().set;
        assert_eq!(set["due_at"], "1970-01-15T00:00:00.000Z");
        assert_eq!(approved(&invoice("a", "approved"), "mem_1", Time::from_ms(0)).unwrap_err().code, "invoice-not-draft");
    }
}
