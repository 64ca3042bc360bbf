//! Quotes in Xero: a draft at the award, then whatever became of ours.

use domain::entities::QUOTE;
use domain::{Doc, Error, Filter};
use integrations::xero::{self, NewQuote, Quote, QuoteStatus};
use runner::{Stop, Work, done, text};
use serde_json::Value;

use crate::bill::{Bill, date_ms, synced};
use crate::connection::{Connection, Refused};
use crate::contact;
use crate::outcome::{self, Subject};

const TITLE_LEN_MAX: usize = 100;

/// Our statuses and Xero's, in the order that Xero demands.
const STATUSES: &[(&str, QuoteStatus)] = &[
    ("draft", QuoteStatus::Draft),
    ("sent", QuoteStatus::Sent),
    ("accepted", QuoteStatus::Accepted),
    ("declined", QuoteStatus::Declined),
    ("withdrawn", QuoteStatus::Declined),
];

/// Brings a quote in Xero to the state of ours.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let Some(connection) = Connection::find(work).await? else { return work.nothing_to_do().await };
    let Some(quote) = work.find(&QUOTE, work.text("quote")).await? else { return work.nothing_to_do().await };
    match sync(work, &connection, &quote).await {
        Ok(None) => work.nothing_to_do().await,
        Ok(Some((id, status))) => {
            let mut command = work.finishing();
            let change = synced(&quote, &id, text(&quote, "reference"), status.word(), work.scope.now());
            let gone = Error::conflict("quote-gone", "The quote was removed at the same moment.");
            command.apply_when(&QUOTE, &quote, &change, "quote.synced", Filter::All, gone);
            outcome::note_success(&mut command, work, &connection);
            done(command).await
        }
        Err(refused) => Err(outcome::end(work, &connection, &Subject::of(&quote), refused).await),
    }
}

/// Xero's id of the quote, and the state it has there now; nothing while there is no customer to bill.
async fn sync(work: &Work<'_>, connection: &Connection<'_>, quote: &Doc) -> Result<Option<(String, QuoteStatus)>, Refused> {
    let Some(contact_id) = contact::of_customer(work, connection, quote).await? else { return Ok(None) };
    let (bill, number) = (Bill::of(quote), text(quote, "reference"));
    let title: String = bill.title.chars().take(TITLE_LEN_MAX).collect();
    let lines = bill.lines(connection);
    let draft = NewQuote {
        contact_id: &contact_id,
        number,
        reference: number,
        title: &title,
        status: QuoteStatus::Draft,
        tax: connection.tax(),
        currency: bill.currency,
        date_ms: date_ms(quote, "created_at").unwrap_or_default(),
        expiry_ms: date_ms(quote, "valid_until"),
        lines: &lines,
    };
    let there = match known(quote) {
        Some(there) => there,
        None => create(work, connection, &bill, &draft).await?,
    };
    let mut status = there.1;
    for next in steps(status, text(quote, "status")) {
        let key = format!("{}-{}", work.lease.id(), next.word());
        let moved = NewQuote { status: next, lines: &[], ..draft };
        connection.call(|api| api.update_quote(&there.0, &moved, &key), xero::quote).await?;
        status = next;
    }
    Ok(Some((there.0, status)))
}

/// The award and the sending may be worked at once, and an attempt may be cut off: what is there under our number already is ours.
async fn create(
    work: &Work<'_>,
    connection: &Connection<'_>,
    bill: &Bill<'_>,
    draft: &NewQuote<'_>,
) -> Result<(String, QuoteStatus), Refused> {
    let of = |there: Quote| (there.id, there.status);
    let key = format!("{}-create", work.lease.id());
    let taken = match connection.call(|api| api.create_quote(draft, &key), xero::quote).await {
        Err(Refused::ByXero(failure)) if failure.code == "xero-number-taken" => failure,
        other => return other.map(of),
    };
    let found = connection.call(|api| api.find_quotes(draft.number), xero::quotes).await?;
    let same = found.into_iter().find(|found| bill.is(&found.currency, &found.total));
    same.map(of).ok_or(Refused::ByXero(taken))
}

fn known(quote: &Doc) -> Option<(String, QuoteStatus)> {
    let known = |name: &str| quote.get("xero").and_then(|xero| xero.get(name)).and_then(Value::as_str);
    let status = STATUSES.iter().find(|(_, status)| known("status") == Some(status.word()));
    Some((known("id")?.to_owned(), status?.1))
}

/// The ways from a state in Xero to the one of ours: a draft is sent before it is accepted or declined.
fn steps(from: QuoteStatus, status: &str) -> Vec<QuoteStatus> {
    let to = STATUSES.iter().find(|(word, _)| *word == status).map_or(from, |(_, to)| *to);
    match (from, to) {
        (from, to) if from == to => Vec::new(),
        (QuoteStatus::Draft, QuoteStatus::Accepted | QuoteStatus::Declined) => vec![QuoteStatus::Sent, to],
        (QuoteStatus::Draft, QuoteStatus::Sent) | (QuoteStatus::Sent, QuoteStatus::Accepted | QuoteStatus::Declined) => vec![to],
        // What went further there stays as it is.
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_sent_before_it_is_decided() {
        use QuoteStatus::{Accepted, Declined, Draft, Invoiced, Sent};
        let cases: [(QuoteStatus, &str, &[QuoteStatus]); 8] = [
            (Draft, "draft", &[]),
            (Draft, "sent", &[Sent]),
            (Draft, "accepted", &[Sent, Accepted]),
            (Sent, "declined", &[Declined]),
            (Draft, "withdrawn", &[Sent, Declined]),
            (Sent, "draft", &[]),
            (Accepted, "accepted", &[]),
            (Invoiced, "accepted", &[]),
        ];
        for (from, status, expected) in cases {
            assert_eq!(steps(from, status), expected, "{from:?} {status}");
        }
    }
}
