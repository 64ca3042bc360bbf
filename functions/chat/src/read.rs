//! Read receipts: each member's mark in a conversation, which only moves forward.

use domain::entities::{CONVERSATION, READ_MARK};
use domain::entity::{Field, integer};
use domain::filter::Op;
use domain::json;
use domain::{Doc, Error, Filter, Violation, id, validate};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

/// What `read` takes.
pub const INPUT: &[Field] = &[integer("seq", 1, i64::MAX).required()];
/// As many as a conversation has participants.
const MARKS_MAX: u32 = 200;

/// Marks a conversation as read up to a message.
pub async fn read(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let conversation = call.id(&CONVERSATION)?;
    let input = validate::input(INPUT, call.input()?)?;
    let seq = input.get("seq").and_then(Value::as_i64).unwrap_or_default();
    let member = call.viewer()?.member.as_str();
    let visible = scope.reach(&CONVERSATION, "read").and(Filter::is("_id", conversation));
    let there = visible.clone().and(Filter::Field("seq".into(), Op::AtLeast, seq.into()));
    let beyond = Violation::on("seq", "beyond-the-end", "The conversation has no such message yet.");
    let mut command = call.store.command(scope);
    command.require(&CONVERSATION, visible, Error::not_found());
    command.require(&CONVERSATION, there, beyond.into());
    let mark_id = id::derived(READ_MARK.prefix, &[scope.tenant(), conversation, member]);
    let place: Doc = [("seq".to_owned(), seq.into()), ("read_at".to_owned(), scope.now().into())].into_iter().collect();
    let whose = [("conversation", conversation), ("member", member)].map(|(name, id)| (name.to_owned(), Value::from(id)));
    let mark: Doc = whose.into_iter().chain(place.clone()).collect();
    command.insert_once(&READ_MARK, &mark_id, mark);
    let own = scope.live().and(Filter::is("_id", mark_id));
    command.update_many(&READ_MARK, &own.clone().and(Filter::Field("seq".into(), Op::Under, seq.into())), &place);
    let mark = command.require(&READ_MARK, own, Error::internal("a read mark is gone"));
    command.answer_step(200, &READ_MARK, mark);
    Ok(Reply::answer(command.commit().await?))
}

/// Who has read how far.
pub async fn reads(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&CONVERSATION)?;
    let mut reading = call.store.reading(scope);
    reading.one(&CONVERSATION, &scope.reach(&CONVERSATION, "read").and(Filter::is("_id", id)), Error::not_found());
    let marks = scope.live().and(Filter::is("conversation", id));
    let step = reading.many(&READ_MARK, &marks, json!({ "member": 1 }), MARKS_MAX);
    let found = reading.run().await?.docs(step);
    let marks = found.into_iter().map(|mark| validate::render(&READ_MARK, mark, scope.viewer()));
    Ok(Reply::json(200, &json!({ "data": marks.collect::<Vec<_>>(), "has_more": false })))
}
