//! Money arrives at the bank: what makes an invoice paid, other than any call of ours.

use super::amount::Amount;
use super::documents::find;
use super::rules::INVOICE;
use crate::clock::{dotnet, midnight};
use crate::world::World;
use serde_json::{Value, json};

/// Pays an invoice, named by id or number, in whole or in part; gives the organisation and the invoice.
pub(crate) fn receive(world: &mut World, name: &str, amount: Option<&Value>) -> Result<(String, Value), String> {
    let now_ms = world.clock.now_ms();
    let xero = &mut world.xero;
    for books in &mut xero.books {
        let tenant_id = books.organisation.tenant_id.clone();
        if let Some(invoice) = find(books, &INVOICE, name) {
            let payment_id = xero.ids.guid();
            pay(invoice, amount, &payment_id, now_ms)?;
            return Ok((tenant_id, invoice.clone()));
        }
    }
    Err(format!("there is no invoice {name}"))
}

fn pay(invoice: &mut Value, amount: Option<&Value>, payment_id: &str, now_ms: i64) -> Result<(), String> {
    let field = |name: &str| invoice.get(name).and_then(Amount::read).unwrap_or_default();
    let (due, paid_before) = (field("AmountDue"), field("AmountPaid"));
    let status = invoice.get("Status").and_then(Value::as_str).unwrap_or("");
    if status != "AUTHORISED" {
        return Err(format!("an invoice that is {status} takes no payment"));
    }
    let amount = match amount {
        Some(value) => Amount::read(value).ok_or("the amount is not a number")?,
        None => due,
    };
    if amount <= Amount::ZERO || amount > due {
        return Err("the amount is not between nothing and what is due".into());
    }
    let Some(fields) = invoice.as_object_mut() else {
        return Ok(());
    };
    fields.insert("AmountPaid".into(), (paid_before + amount).to_json());
    fields.insert("AmountDue".into(), (due - amount).to_json());
    let payment = json!({"PaymentID": payment_id, "Date": dotnet(midnight(now_ms)), "Amount": amount.to_json()});
    if let Some(payments) = fields.get_mut("Payments").and_then(Value::as_array_mut) {
        payments.push(payment);
    }
    if amount == due {
        fields.insert("Status".into(), "PAID".into());
        fields.insert("FullyPaidOnDate".into(), dotnet(midnight(now_ms)).into());
    }
    fields.insert("UpdatedDateUTC".into(), dotnet(now_ms).into());
    Ok(())
}
