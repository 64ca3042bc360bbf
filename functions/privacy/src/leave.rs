//! Whoever left is forgotten a while later, without anybody's asking: who they were, and what was shown to verify it.

use domain::entities::MEMBERSHIP;
use domain::{Entity, Filter};
use runner::{Stop, Work, done};
use serde_json::Value;

use crate::erase::erase;
use crate::proof::Proof;
use crate::walk::{Place, walk};

/// Erases the membership of somebody who was removed, batch by batch: what is erased already is no change.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let member = work.text("membership");
    let gone = work.scope.dead().and(Filter::is("_id", member));
    if work.store.find(&work.scope, &MEMBERSHIP, gone).await?.is_none() {
        return work.nothing_to_do().await;
    }
    let which = |entity: &Entity| match entity.name {
        "membership" => Filter::is("_id", member),
        "verification" => Filter::is("member", member),
        _ => Filter::Nothing,
    };
    let (mut from, mut proof) = (Place::default(), Proof::of(&Value::Null));
    loop {
        let (batch, next) = walk(work.store, &work.scope, &from, which).await?;
        let mut command = if next.is_some() { work.store.command(&work.scope) } else { work.finishing() };
        for records in &batch {
            erase(&mut command, work, records, &mut proof);
        }
        done(command).await?;
        match next {
            Some(next) => from = next,
            None => return Ok(()),
        }
    }
}
