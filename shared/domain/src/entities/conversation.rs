//! Conversations and their messages, which are documents of their own: a chat has no end.

use crate::entity::{
    ATTACHMENT, Access, Entity, Fallback, Kind, choice, date, index, integer, list, reference, status, teams, text, unique,
};
use crate::lifecycle::ARCHIVED_AT;
use crate::rules::Plain;

/// A conversation about a lead.
pub static CONVERSATION: Entity = Entity {
    name: "conversation",
    collection: "conversations",
    prefix: "con",
    fields: &[
        reference("lead", "lead").required().read_only().cascade(),
        choice("kind", &["lead", "internal", "ai"]).read_only().default(Fallback::Word("lead")),
        text("title", 200),
        list("participants", &Kind::Reference("membership"), 200).read_only().keep(),
        status(&["active", "archived"]),
        integer("seq", 0, i64::MAX).read_only().default(Fallback::Integer(0)),
        date("last_message_at").read_only(),
        teams(),
        date(ARCHIVED_AT).read_only(),
    ],
    indexes: &[index(&["lead"]), index(&["participants", "-last_message_at"]), index(&["-last_message_at"]), index(&["teams"])],
    access: Access::shared(&["participants"]),
    rules: &Plain,
};

/// One message. `seq` counts within its conversation, without gaps.
pub static MESSAGE: Entity = Entity {
    name: "message",
    collection: "messages",
    prefix: "msg",
    fields: &[
        reference("conversation", "conversation").read_only().cascade(),
        integer("seq", 1, i64::MAX).read_only(),
        reference("sender", "membership").read_only().keep(),
        choice("kind", &["human", "ai", "system"]).read_only().default(Fallback::Word("human")),
        text("content", 10_000).required().encrypted(),
        list("attachments", &ATTACHMENT, 20).encrypted(),
    ],
    indexes: &[unique(&["conversation", "seq"]), index(&["sender"])],
    access: Access::own(&["sender"]),
    rules: &Plain,
};

/// How far a member has read a conversation.
pub static READ_MARK: Entity = Entity {
    name: "read_mark",
    collection: "read_marks",
    prefix: "rmk",
    fields: &[
        reference("conversation", "conversation").read_only().cascade(),
        reference("member", "membership").read_only().keep(),
        integer("seq", 0, i64::MAX).read_only(),
        date("read_at").read_only(),
    ],
    indexes: &[unique(&["conversation", "member"])],
    access: Access::own(&["member"]),
    rules: &Plain,
};
