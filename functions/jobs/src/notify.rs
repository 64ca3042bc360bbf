//! Fan-out: one notice for each recipient of a cause, on the channels they have not turned off.

use domain::entities::{BID, CHANNEL_FLAGS, MEMBERSHIP, NOTIFICATION, by_name};
use domain::entity::Fallback;
use domain::filter::Op;
use domain::json::{doc, object};
use domain::privacy::RESTRICTED_AT;
use domain::retention::NOTICE_DAYS;
use domain::{Doc, Filter, Time, id};
use runner::{Stop, Work, done, text};
use serde_json::Value;
use store::Command;

use crate::notice::Notice;

/// How many recipients one job serves: two operations each stay well below what a transaction holds.
const CHUNK: usize = 200;

/// Writes the notices of an event. When there are more recipients than one transaction serves, a next job goes on.
pub async fn work(work: &Work<'_>) -> Result<(), Stop> {
    let payload = work.lease.payload();
    let facts = payload.get("facts").cloned().unwrap_or_default();
    let notice = Notice::of(&facts);
    if !may_be_told(work, &notice).await? {
        return work.nothing_to_do().await;
    }
    let mut reading = work.store.reading(&work.scope);
    let step = reading.many(&MEMBERSHIP, &recipients(work), object(vec![("_id", 1.into())]), CHUNK as u32 + 1);
    let mut members = reading.run().await?.docs(step);
    let more = members.len() > CHUNK;
    members.truncate(CHUNK);
    let mut command = work.finishing();
    for member in &members {
        tell(&mut command, work, &notice, member);
    }
    if let (true, Some(last)) = (more, members.last()) {
        let mut rest = payload.as_object().cloned().unwrap_or_default();
        rest.insert("after".to_owned(), text(last, "_id").into());
        command.job_once("notify", &[work.text("cause"), text(last, "_id")], rest.into());
    }
    done(command).await
}

/// Of what is in the trash nothing is told, but that it went there. News of a bid waits until the bid is unsealed, which may be
/// later than it was; of one that is not offered there is none.
async fn may_be_told(work: &Work<'_>, notice: &Notice) -> Result<bool, Stop> {
    let Some(entity) = by_name(&notice.record_type).filter(|_| !notice.key.ends_with(".deleted")) else { return Ok(true) };
    let Some(bid) = work.find(entity, &notice.record_id).await? else { return Ok(false) };
    if entity.name != BID.name {
        return Ok(true);
    }
    let only_author = work.lease.payload().get("roles").and_then(Value::as_array).is_none_or(Vec::is_empty)
        && named(work).iter().all(|member| *member == text(&bid, "expert"));
    if only_author {
        return Ok(true);
    }
    let until = Time::parse(text(&bid, "sealed_until"));
    match until.filter(|until| *until > work.scope.now()) {
        Some(Time::NEVER) => Ok(false),
        Some(until) => Err(Stop::Early(until)),
        None => Ok(notice.key != "bid.submitted" || !matches!(text(&bid, "status"), "draft" | "withdrawn")),
    }
}

fn recipients(work: &Work<'_>) -> Filter {
    let roles = words(work.lease.payload().get("roles"));
    let one_of = Filter::one_of("_id", &named(work)).or(Filter::one_of("role", &roles));
    let filter = work.scope.live().and(Filter::is("status", "active")).and(Filter::is(RESTRICTED_AT, Value::Null)).and(one_of);
    let filter = filter.and(Filter::is_not("_id", work.text("except")));
    match work.text("after") {
        "" => filter,
        after => filter.and(Filter::Field("_id".into(), Op::Over, after.into())),
    }
}

/// The members that are named one by one.
fn named<'a>(work: &'a Work<'_>) -> Vec<&'a str> {
    let payload = work.lease.payload();
    let mut named = words(payload.get("members"));
    named.extend(words(payload.pointer("/facts/participants")));
    named
}

fn words(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn tell(command: &mut Command<'_>, work: &Work<'_>, notice: &Notice, member: &Doc) {
    let (cause, recipient, now) = (work.text("cause"), text(member, "_id"), work.scope.now());
    let mut deliveries = Vec::new();
    if wants(member, "browser") {
        deliveries.push(object(vec![("channel", "browser".into()), ("status", "sent".into()), ("at", now.into())]));
    }
    if wants(member, "email") {
        deliveries.push(object(vec![("channel", "email".into()), ("status", "queued".into())]));
    }
    if deliveries.is_empty() {
        return;
    }
    let is_expert = member.get("role").and_then(Value::as_str) == Some("expert");
    let notification_id = id::derived(NOTIFICATION.prefix, &[cause, recipient]);
    let text = |text: &str| Value::from(text);
    let record = vec![("type", text(&notice.record_type)), ("id", text(&notice.record_id))];
    let notification = vec![
        ("recipient", text(recipient)),
        ("cause", text(cause)),
        ("key", text(&notice.key)),
        ("title", text(&notice.title)),
        ("message", text(&notice.message)),
        ("type", text(notice.kind)),
        ("priority", text(notice.priority)),
        ("link", text(if is_expert { &notice.link_of_expert } else { &notice.link })),
        ("record", object(record)),
        ("deliveries", deliveries.into()),
        ("is_read", false.into()),
        ("expires_at", now.plus_days(NOTICE_DAYS).into()),
    ];
    command.insert_once(&NOTIFICATION, &notification_id, doc(notification));
    if wants(member, "email") {
        command.job_once("mail", &[cause, recipient], object(vec![("notification", notification_id.into())]));
    }
}

/// Whether a channel may be used: as the member chose, else by default.
fn wants(member: &Doc, channel: &str) -> bool {
    let chosen = member.get("preferences").and_then(|preferences| preferences.pointer(&format!("/notifications/{channel}")));
    let flag = CHANNEL_FLAGS.iter().find(|flag| flag.name == channel);
    let fallback = flag.is_some_and(|flag| matches!(flag.default, Some(Fallback::Flag(true))));
    chosen.and_then(Value::as_bool).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_channel_is_used_until_it_is_turned_off() {
        let cases = [
            (json!({}), true),
            (json!({ "preferences": { "notifications": {} } }), true),
            (json!({ "preferences": { "notifications": { "email": true } } }), true),
            (json!({ "preferences": { "notifications": { "email": false } } }), false),
        ];
        for (member, expected) in cases {
            assert_eq!(wants(member.as_object().unwrap(), "email"), expected, "{member}");
        }
    }
}
