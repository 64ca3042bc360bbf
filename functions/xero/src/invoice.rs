//! Invoices in Xero: an approved one is authorised there, once.

use domain::entities::INVOICE;
use domain::{Doc, Error, Filter};
use integrations::xero::{self, Invoice, InvoiceStatus, NewInvoice};
use runner::{Stop, Work, done, text};

use crate::bill::{Bill, date_ms, synced};
use crate::connection::{Connection, Refused};
use crate::contact;
use crate::outcome::{self, Subject};

const DAY_MS: i64 = 86_400_000;
const DAYS_TO_PAY: i64 = 14;

/// Creates the invoice in Xero.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let Some(connection) = Connection::find(work).await? else { return work.nothing_to_do().await };
    let invoice = work.find(&INVOICE, work.text("invoice")).await?;
    let wanted =
        |invoice: &Doc| text(invoice, "status") == "approved" && invoice.get("xero").and_then(|xero| xero.get("id")).is_none();
    let Some(invoice) = invoice.filter(wanted) else { return work.nothing_to_do().await };
    match create(work, &connection, &invoice).await {
        Ok(None) => work.nothing_to_do().await,
        Ok(Some(there)) => {
            let mut command = work.finishing();
            let change = synced(&invoice, &there.id, &there.number, there.status.word(), work.scope.now());
            let gone = Error::conflict("invoice-gone", "The invoice was removed at the same moment.");
            command.apply_when(&INVOICE, &invoice, &change, "invoice.synced", Filter::All, gone);
            outcome::note_success(&mut command, work, &connection);
            done(command).await
        }
        Err(refused) => Err(outcome::end(work, &connection, &Subject::of(&invoice), refused).await),
    }
}

/// An attempt may have been cut off after Xero had taken the invoice: what is there under our number already is ours.
async fn create(work: &Work<'_>, connection: &Connection<'_>, invoice: &Doc) -> Result<Option<Invoice>, Refused> {
    let Some(contact_id) = contact::of_customer(work, connection, invoice).await? else { return Ok(None) };
    let number = text(invoice, "reference");
    let bill = Bill::of(invoice);
    let lines = bill.lines(connection);
    let approved_ms = date_ms(invoice, "approved_at").unwrap_or_default();
    let new = NewInvoice {
        contact_id: &contact_id,
        number,
        reference: bill.title,
        status: InvoiceStatus::Authorised,
        tax: connection.tax(),
        currency: bill.currency,
        date_ms: approved_ms,
        due_ms: date_ms(invoice, "due_at").unwrap_or(approved_ms + DAYS_TO_PAY * DAY_MS),
        lines: &lines,
    };
    let key = format!("{}-create", work.lease.id());
    let taken = match connection.call(|api| api.create_invoice(&new, &key), xero::invoice).await {
        Err(Refused::ByXero(failure)) if failure.code == "xero-number-taken" => failure,
        other => return other.map(Some),
    };
    let found = connection.call(|api| api.find_invoices(number), xero::invoices).await?;
    let same = found.into_iter().find(|found| bill.is(&found.currency, &found.total));
    same.map(Some).ok_or(Refused::ByXero(taken))
}
