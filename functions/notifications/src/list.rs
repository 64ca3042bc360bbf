//! One's own notifications, with how many of them all are unread, in one trip.

use domain::entities::NOTIFICATION;
use domain::{Doc, Filter};
use edge::{Call, Outcome, Reply};
use store::Query;

/// A page of notifications.
pub async fn list(call: &Call) -> Outcome {
    let scope = call.scope()?;
    // Their ids follow from cause and recipient, not from time. A sort that the caller names comes later and counts.
    let query = Query::parse(&NOTIFICATION, &format!("sort=-created_at&{}", call.query()), scope.viewer())?;
    let mut reading = call.store.reading(scope);
    let page = reading.page(scope, &query);
    let unread = reading.count(&NOTIFICATION, &scope.reach(&NOTIFICATION, "read").and(Filter::is("is_read", false)));
    let mut found = reading.run().await?;
    let unread: Doc = [("unread".to_owned(), found.count(unread).into())].into_iter().collect();
    Ok(Reply::page_with(found.page(page, &query), unread))
}
