//! Projects: a lead whose quote was accepted, and the milestones of the work.

use crate::entity::{
    Access, CUSTOM, CUSTOM_PERSONAL, Entity, Fallback, choice, date, index, index_if_present, integer, money, reference, status,
    teams, text, unique,
};
use crate::lifecycle::ARCHIVED_AT;
use crate::rules::{Moment, Plain, Rules};
use crate::{Doc, Violation, doc};

/// Work that was agreed on.
pub static PROJECT: Entity = Entity {
    name: "project",
    collection: "projects",
    prefix: "prj",
    fields: &[
        text("name", 200).required().searchable(),
        reference("lead", "lead").read_only(),
        reference("quote", "quote").read_only(),
        reference("customer", "membership").read_only().subject().keep(),
        reference("manager", "membership").read_only().keep(),
        reference("expert", "membership").read_only().keep(),
        reference("vendor", "membership").read_only().keep(),
        status(&["active", "completed", "cancelled"]),
        integer("invoices_paid", 0, 50).read_only().default(Fallback::Integer(0)),
        integer("invoices_void", 0, 50).read_only().default(Fallback::Integer(0)),
        date("start_date"),
        date("end_date"),
        date("completed_at").read_only(),
        teams(),
        date(ARCHIVED_AT).read_only(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["lead"]),
        index(&["status", "-created_at"]),
        index(&["customer", "status"]),
        index(&["expert", "status"]),
        index(&["teams"]),
        index(&["quote"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access::shared(&["customer", "manager", "expert", "vendor"]),
    rules: &ProjectRules,
};

struct ProjectRules;

impl Rules for ProjectRules {
    fn check(&self, _before: Option<&Doc>, after: &Doc, _moment: Moment<'_>) -> Vec<Violation> {
        match (doc::text(after, "start_date"), doc::text(after, "end_date")) {
            (Some(start), Some(end)) if end < start => {
                vec![Violation::on("end_date", "before-start", "The end cannot be before the start.")]
            }
            _ => Vec::new(),
        }
    }
}

/// A part of a project that is paid on its own.
pub static MILESTONE: Entity = Entity {
    name: "milestone",
    collection: "milestones",
    prefix: "mil",
    fields: &[
        reference("project", "project").read_only().cascade(),
        // Its project holds on to these.
        reference("lead", "lead").read_only().keep(),
        reference("bid", "bid").read_only().keep(),
        reference("quote", "quote").read_only().keep(),
        integer("order", 1, 50).read_only(),
        text("name", 200).read_only(),
        text("description", 2_000).read_only(),
        choice("type", &["time", "event"]).read_only(),
        integer("percentage", 1, 100).read_only(),
        money("amount").read_only(),
        money("service_fee").read_only(),
        reference("customer", "membership").read_only().subject().keep(),
        reference("expert", "membership").read_only().keep(),
        reference("vendor", "membership").read_only().keep(),
        teams(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique(&["bid", "order"]),
        index(&["project", "order"]),
        index(&["expert", "bid"]),
        index(&["customer"]),
        index(&["teams"]),
        index(&["search_words"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access::shared(&["customer", "expert", "vendor"]),
    rules: &Plain,
};
