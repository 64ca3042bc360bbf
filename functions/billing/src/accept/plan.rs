//! What an accepted quote consists of: a project, and for each planned milestone a document and a draft invoice.

use domain::json;
use domain::{Doc, Money, Result, doc};
use serde_json::Value;

/// A milestone and its invoice, but for ids and numbers.
pub struct Part {
    /// The milestone.
    pub milestone: Doc,
    /// Its invoice.
    pub invoice: Doc,
}

/// The project of an accepted quote.
pub fn project(quote: &Doc, lead: &Doc, bid: &Doc) -> Doc {
    let name = quote.get("title").or_else(|| lead.get("category"));
    let mut project = parties(quote, &["customer", "expert", "vendor", "manager", "lead"]);
    let more =
        [("name", name), ("quote", quote.get("_id")), ("start_date", bid.get("start_date")), ("end_date", bid.get("end_date"))];
    project.extend(more.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?.clone()))));
    project.insert("status".to_owned(), "active".into());
    project.insert("invoices_paid".to_owned(), 0.into());
    project.insert("invoices_void".to_owned(), 0.into());
    project
}

/// The milestones in their order. Amount and fee are each split over them, so that nothing is lost between the cents.
pub fn parts(quote: &Doc, bid: &Doc) -> Result<Vec<Part>> {
    let mut planned: Vec<&Doc> =
        bid.get("milestones").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect();
    planned.sort_by_key(|milestone| number(milestone, "order"));
    let weights: Vec<u32> =
        planned.iter().map(|milestone| u32::try_from(number(milestone, "percentage")).unwrap_or_default()).collect();
    let amounts = Money::of(quote, "amount")?.split(&weights);
    let fees = Money::of(quote, "service_fee")?.split(&weights);
    planned
        .into_iter()
        .zip(amounts.into_iter().zip(fees))
        .map(|(planned, (amount, fee))| part(quote, planned, amount, fee))
        .collect()
}

fn part(quote: &Doc, planned: &Doc, amount: Money, fee: Money) -> Result<Part> {
    let total = amount.plus(&fee)?;
    let mut milestone = parties(quote, &["lead", "bid", "customer", "expert", "vendor"]);
    milestone.extend(planned.clone());
    let mut invoice = parties(quote, &["lead", "customer", "expert", "vendor", "manager"]);
    invoice.extend(planned.get("name").map(|name| ("title".to_owned(), name.clone())));
    for doc in [&mut milestone, &mut invoice] {
        doc.extend(quote.get("_id").map(|id| ("quote".to_owned(), id.clone())));
        doc.insert("amount".to_owned(), amount.clone().into());
        doc.insert("service_fee".to_owned(), fee.clone().into());
    }
    let draft = json!({ "total": Value::from(total), "status": "draft", "is_approved": false, "is_paid": false });
    invoice.extend(doc::fields(draft));
    Ok(Part { milestone, invoice })
}

fn parties(quote: &Doc, fields: &[&str]) -> Doc {
    fields.iter().filter_map(|field| quote.get_key_value(*field)).map(|(field, value)| (field.clone(), value.clone())).collect()
}

fn number(doc: &Doc, field: &str) -> i64 {
    doc.get(field).and_then(Value::as_i64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doc(value: Value) -> Doc {
        value.as_object().unwrap().clone()
    }

    fn bid(percentages: &[i64]) -> Doc {
        let milestone =
            |(at, percentage): (usize, &i64)| json!({ "order": 50 - at, "name": format!("m{at}"), "percentage": percentage });
        let milestones: Vec<Value> = percentages.iter().enumerate().map(milestone).collect();
        doc(json!({ "_id": "bid_1", "milestones": milestones }))
    }

    fn quote(amount: i64, fee: i64) -> Doc {
        let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
        doc(json!({ "_id": "quo_1", "lead": "lead_1", "customer": "mem_1", "amount": money(amount), "service_fee": money(fee) }))
    }

    fn minor(doc: &Doc, field: &str) -> i64 {
        doc[field]["minor"].as_i64().unwrap()
    }

    /// Percentages that sum to 100, in up to 50 parts; and amounts of every size: all from one reproducible sequence.
    fn cases() -> impl Iterator<Item = (i64, i64, Vec<i64>)> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = move |below: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(state >> 33).unwrap() % below
        };
        (0..5_000).map(move |_| {
            let (parts, size) = (1 + next(50), 10_i64.pow(u32::try_from(next(13)).unwrap()));
            let mut percentages = vec![1; usize::try_from(parts).unwrap()];
            for _ in parts..100 {
                let at = usize::try_from(next(parts)).unwrap();
                percentages[at] += 1;
            }
            let amount = next(1_000) * size + next(1_000);
            (amount, Money::new(amount, "EUR").basis_points(next(10_001)).minor, percentages)
        })
    }

    #[test]
    fn invoices_sum_to_the_quote_to_the_cent_and_none_is_negative_or_a_unit_off_its_share() {
        for (amount, fee, percentages) in cases() {
            let parts = parts(&quote(amount, fee), &bid(&percentages)).unwrap();
            let sum = |field: &str| parts.iter().map(|part| minor(&part.invoice, field)).sum::<i64>();
            assert_eq!((sum("amount"), sum("service_fee"), sum("total")), (amount, fee, amount + fee), "{percentages:?}");
            for part in &parts {
                let percentage = i128::from(part.milestone["percentage"].as_i64().unwrap());
                let off = i128::from(minor(&part.invoice, "amount")) * 100 - i128::from(amount) * percentage;
                assert!(off.abs() < 100, "{amount} {percentages:?}");
                assert_eq!(
                    minor(&part.invoice, "total"),
                    minor(&part.milestone, "amount") + minor(&part.milestone, "service_fee")
                );
            }
        }
    }

    #[test]
    fn milestones_come_in_their_order() {
        let names: Vec<Value> =
            parts(&quote(100, 10), &bid(&[20, 30, 50])).unwrap().into_iter().map(|part| part.invoice["title"].clone()).collect();
        assert_eq!(names, ["m2", "m1", "m0"]);
    }

    #[test]
    fn a_project_is_named_after_its_quote_or_else_after_its_lead() {
        let lead = doc(json!({ "category": "Roof" }));
        let project = project(&quote(1, 1), &lead, &bid(&[100]));
        assert_eq!(
            (&project["name"], &project["customer"], &project["quote"]),
            (&json!("Roof"), &json!("mem_1"), &json!("quo_1"))
        );
    }
}
