//! Leads, bids, people, conversations, notifications, events, privacy, and the jobs behind them.

use domain::entities::{CONVERSATION, MESSAGE, NOTIFICATION, READ_MARK};
use serde_json::{Value, json};

use crate::operation::Gives::{Events, Json, Page, Record};
use crate::operation::{Operation, Takes, op};
use crate::parameters::query;
use crate::schema::{all_of, made_of, named, patch_of};

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    op("GET /v1/leads", "List leads"),
    op("POST /v1/leads", "Make a lead"),
    op("GET /v1/leads/{id}", "Read a lead"),
    op("PATCH /v1/leads/{id}", "Change a lead"),
    op("DELETE /v1/leads/{id}", "Delete a lead").about("Its conversation, bids and quotes go along."),
    op("POST /v1/leads/{id}/restore", "Restore a lead and what went with it"),
    op("POST /v1/leads/{id}/archive", "Archive a lead"),
    op("POST /v1/leads/{id}/unarchive", "Take a lead out of the archive"),
    op("POST /v1/leads/{id}/publish", "Open a lead to bids"),
    op("POST /v1/leads/{id}/assign", "Say who takes care of a lead"),
    op("GET /v1/bids", "List bids"),
    op("POST /v1/bids", "Make a bid"),
    op("GET /v1/bids/{id}", "Read a bid"),
    op("PATCH /v1/bids/{id}", "Change a bid"),
    op("DELETE /v1/bids/{id}", "Delete a draft bid"),
    op("POST /v1/bids/{id}/restore", "Restore a draft bid"),
    op("POST /v1/bids/{id}/submit", "Submit a bid"),
    op("POST /v1/bids/{id}/withdraw", "Withdraw a bid"),
    op("POST /v1/bids/{id}/award", "Award the lead to a bid").about("After the deadline, once; makes a draft quote."),
    // people
    op("GET /v1/people", "List people"),
    op("POST /v1/people", "Make a person"),
    op("GET /v1/people/{id}", "Read a person"),
    op("PATCH /v1/people/{id}", "Change a person"),
    op("DELETE /v1/people/{id}", "Delete a person"),
    op("POST /v1/people/{id}/archive", "Archive a person"),
    op("POST /v1/people/{id}/unarchive", "Take a person out of the archive"),
    op("POST /v1/people/{id}/restore", "Restore a person"),
    // conversations
    op("GET /v1/conversations", "List conversations"),
    op("GET /v1/conversations/{id}", "Read a conversation"),
    op("POST /v1/conversations/{id}/archive", "Archive a conversation").gives(Record(200, &CONVERSATION)),
    op("POST /v1/conversations/{id}/unarchive", "Take a conversation out of the archive").gives(Record(200, &CONVERSATION)),
    op("GET /v1/conversations/{id}/messages", "List messages, the oldest first").query(follow).gives(Page(&MESSAGE)),
    op("POST /v1/conversations/{id}/messages", "Send a message").takes(Takes::Json(message)).gives(Record(201, &MESSAGE)),
    op("GET /v1/conversations/{id}/stream", "Messages as server-sent events")
        .about("Resumes after `Last-Event-ID`.")
        .query(after)
        .gives(Events),
    op("POST /v1/conversations/{id}/read", "Say how far one has read").gives(Record(200, &READ_MARK)),
    op("GET /v1/conversations/{id}/reads", "Who has read how far").gives(Json(200, reads)),
    // notifications
    op("GET /v1/notifications", "List one's notifications").gives(Page(&NOTIFICATION)),
    op("GET /v1/notifications/{id}", "Read a notification"),
    op("POST /v1/notifications/{id}/read", "Mark a notification as read").gives(Record(200, &NOTIFICATION)),
    op("POST /v1/notifications/read-all", "Mark all notifications as read").gives(Json(200, unread)),
    op("GET /v1/notifications/preferences", "On which channels one is told").gives(Json(200, channels)),
    op("PATCH /v1/notifications/preferences", "Choose on which channels one is told")
        .takes(Takes::Json(|| patch_of(domain::entities::CHANNEL_FLAGS)))
        .gives(Json(200, channels)),
    op("GET /v1/events", "List events: what happened, by whom, with what it changed"),
    op("GET /v1/events/{id}", "Read an event"),
    // privacy
    op("GET /v1/privacy/requests", "List what people asked about themselves"),
    op("POST /v1/privacy/requests", "Ask for the export or the erasure of a person"),
    op("GET /v1/privacy/requests/{id}", "Read such a request"),
    op("GET /v1/privacy/requests/{id}/export", "What is about the person, and what names them")
        .refuses(&[409])
        .query(cursor)
        .gives(Json(200, export)),
    op("POST /v1/privacy/requests/{id}/lift", "Lift the restriction of a person"),
    // jobs
    op("POST /v1/jobs/run", "Work due jobs").query(limit).takes(Takes::Json(nothing)).gives(Json(200, report)),
    op("POST /v1/privacy/run", "Work due jobs of privacy").query(limit).takes(Takes::Json(nothing)).gives(Json(200, report)),
    op("POST /v1/tenants/run", "Work due jobs of tenants").query(limit).takes(Takes::Json(nothing)).gives(Json(200, report)),
    op("POST /v1/xero/run", "Work due jobs of Xero").query(limit).takes(Takes::Json(nothing)).gives(Json(200, report)),
];

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn nothing() -> Value {
    json!({ "type": "object" })
}

fn after() -> Vec<Value> {
    vec![query("after", number(), "The `seq` of the last message that one has.")]
}

fn follow() -> Vec<Value> {
    let wait = json!({ "type": "integer", "minimum": 0, "maximum": 25 });
    let mut found = after();
    found.push(query("wait", wait, "How many seconds to wait for something new."));
    found
}

fn message() -> Value {
    made_of(&MESSAGE)
}

fn reads() -> Value {
    all_of(json!({ "data": { "type": "array", "items": named("ReadMark") }, "has_more": { "const": false } }))
}

fn unread() -> Value {
    all_of(json!({ "unread": number() }))
}

fn channels() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "boolean" } })
}

fn cursor() -> Vec<Value> {
    vec![query("cursor", json!({ "type": "string" }), "The `next` of the page before.")]
}

fn export() -> Value {
    let pair = all_of(json!({ "entity": { "type": "string" }, "record": { "type": "object" } }));
    let next = json!({ "type": ["string", "null"] });
    all_of(json!({ "data": { "type": "array", "items": pair }, "has_more": { "type": "boolean" }, "next": next }))
}

fn limit() -> Vec<Value> {
    vec![query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }), "How many jobs at most.")]
}

fn report() -> Value {
    all_of(json!({ "taken": number(), "done": number(), "failed": number() }))
}
