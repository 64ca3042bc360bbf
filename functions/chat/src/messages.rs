//! The messages of a conversation, oldest first; a caller who has them all may wait for the next.

use domain::entities::{CONVERSATION, MESSAGE};
use domain::filter::Op;
use domain::{Error, Filter};
use edge::{Call, Halt, Outcome, Reply};
use store::{Page, Query, Scope, Store};

use crate::follow::{Follow, POLL_MS};

/// A page of messages.
pub async fn list(call: &Call) -> Outcome {
    let id = call.id(&CONVERSATION)?;
    let follow = Follow::parse(call.query())?;
    let scope = call.scope()?;
    let end = call.expires()?.ms();
    let mut waited_s = 0;
    loop {
        let page = page(&call.store, scope, id, query(scope, id, follow.after, &follow.rest)?).await?;
        if !page.data.is_empty() || waited_s >= follow.wait_s || call.host.now_ms() >= end {
            return Ok(Reply::page(page));
        }
        call.host.sleep_ms(POLL_MS).await;
        waited_s += 1;
    }
}

/// The messages behind a number, as the rest of the query narrows them; oldest first unless it says otherwise.
pub fn query(scope: &Scope, id: &str, after: Option<i64>, rest: &str) -> Result<Query, Error> {
    let behind = after.map_or(Filter::All, |after| Filter::Field("seq".into(), Op::Over, after.into()));
    // The last one named counts, so this is the order only where the caller names none.
    let query = Query::parse(&MESSAGE, &format!("sort=seq&{rest}"), scope.viewer())?;
    Ok(query.belonging(scope, Filter::is("conversation", id).and(behind)))
}

/// A page, if the conversation is visible.
async fn page(store: &Store, scope: &Scope, id: &str, query: Query) -> Result<Page, Halt> {
    let mut reading = store.reading(scope);
    reading.one(&CONVERSATION, &scope.reach(&CONVERSATION, "read").and(Filter::is("_id", id)), Error::not_found());
    let step = reading.page(scope, &query);
    Ok(reading.run().await?.page(step, &query))
}
