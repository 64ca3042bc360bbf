//! Reading: one record, or a page of them, in one trip.

use store::Query;

use crate::{Call, Outcome, Reply};

/// One record.
pub async fn get(call: &Call) -> Outcome {
    let entity = call.entity()?;
    let id = call.id(entity)?;
    if call.query().is_empty() {
        let doc = call.store.get(call.scope()?, entity, id).await?;
        return Ok(unless_known(call, Reply::record(200, entity, doc)));
    }
    let query = Query::parse_of_one(entity, call.query(), Some(call.viewer()?))?;
    let doc = call.store.get_expanded(call.scope()?, &query, id).await?;
    Ok(Reply::json(200, &doc.into()))
}

/// A page of records.
pub async fn list(call: &Call) -> Outcome {
    let query = Query::parse(call.entity()?, call.query(), Some(call.viewer()?))?;
    Ok(Reply::page(call.store.list(call.scope()?, &query).await?))
}

/// 304 for a caller who has this version already.
fn unless_known(call: &Call, reply: Reply) -> Reply {
    let tag = reply.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.clone());
    let (Some(tag), Some(known)) = (tag, call.header("if-none-match")) else { return reply };
    // A proxy that compresses makes the tag a weak one, which is as good here (RFC 9110, 13.1.2).
    let is_same = |known: &str| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag;
    match known.split(',').map(str::trim).any(is_same) {
        true => Reply::empty(304).with("etag", tag),
        false => reply,
    }
}
