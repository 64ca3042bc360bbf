//! The draft quote of an awarded bid: its price and the service fee, to the cent.

use domain::entities::QUOTE;
use domain::{Doc, Money, Result, search};

/// The draft for the bid on the lead, but for its number.
pub fn draft(bid: &Doc, lead: &Doc, fee_points: i64) -> Result<Doc> {
    let amount = Money::of(bid, "price")?;
    let fee = amount.basis_points(fee_points);
    let total = amount.plus(&fee)?;
    let parties = [
        ("title", bid.get("title")),
        ("lead", lead.get("_id")),
        ("bid", bid.get("_id")),
        ("expert", bid.get("expert")),
        ("manager", lead.get("manager")),
        ("customer", lead.get("customer")),
        ("vendor", lead.get("vendor")),
    ];
    let mut quote: Doc = parties.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone()))).collect();
    quote.extend(
        [("amount", amount), ("service_fee", fee), ("total", total)].map(|(name, money)| (name.to_owned(), money.into())),
    );
    quote.insert("status".to_owned(), "draft".into());
    search::index(&QUOTE, None, &mut quote);
    Ok(quote)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn doc(value: Value) -> Doc {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_total_is_the_price_and_the_fee() {
        let cases = [(12_345, 1_000, 1_235, 13_580), (10_000, 0, 0, 10_000), (1, 10_000, 1, 2), (0, 1_000, 0, 0)];
        for (price, points, fee, total) in cases {
            let bid = doc(json!({ "_id": "bid_1", "title": "Roof", "price": { "minor": price, "currency": "EUR" } }));
            let quote = draft(&bid, &doc(json!({ "_id": "lead_1", "customer": "mem_1" })), points).unwrap();
            assert_eq!(quote["service_fee"], json!({ "minor": fee, "currency": "EUR" }));
            assert_eq!(quote["total"], json!({ "minor": total, "currency": "EUR" }));
            assert_eq!((&quote["lead"], &quote["customer"]), (&json!("lead_1"), &json!("mem_1")));
            assert!(!quote.contains_key("vendor"));
        }
    }

    #[test]
    fn a_total_that_no_reader_could_hold_is_refused() {
        let bid = doc(json!({ "price": { "minor": domain::money::MINOR_MAX, "currency": "EUR" } }));
        assert_eq!(draft(&bid, &Doc::new(), 1_000).unwrap_err().code, "amount-too-large");
    }
}
