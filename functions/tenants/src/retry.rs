//! Putting back the jobs of a tenant that were laid aside, once what stopped them is mended.

use domain::entities::JOB;
use domain::entity::{Field, reference, text};
use domain::json;
use domain::{Filter, doc, validate};
use edge::{Call, Outcome, Reply};
use store::laid_aside;

use crate::operator::scope;

/// What `retry` takes.
pub const WHICH: &[Field] = &[reference("job", "job"), text("kind", 100)];

/// Has one job, those of a kind, or all of them tried again, and says how many. What is not laid aside is left as it is.
pub async fn retry(call: &Call) -> Outcome {
    let scope = scope(call)?;
    let which = validate::input(WHICH, call.input()?)?;
    let only = |field: &'static str, input: &str| doc::text(&which, input).map_or(Filter::All, |value| Filter::is(field, value));
    let which = only("_id", "job").and(only("kind", "kind"));
    let mut reading = call.store.reading(&scope);
    let step = reading.count(&JOB, &laid_aside(&scope).and(which.clone()));
    let retried = reading.run().await?.count(step);
    let mut command = call.store.command(&scope);
    command.retry_jobs(which);
    command.answer_body(200, json!({ "retried": retried }));
    Ok(Reply::answer(command.commit().await?))
}
