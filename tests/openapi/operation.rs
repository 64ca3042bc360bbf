//! What the document says of an operation beyond what its route says already.

use domain::{Entity, Field};
use edge::{Content, Route, Verb};
use serde_json::Value;

/// What an operation answers when all is well.
#[derive(Clone, Copy)]
pub enum Gives {
    /// What follows from the route.
    Usual,
    /// Nothing, with this status.
    Nothing(u16),
    /// A record.
    Record(u16, &'static Entity),
    /// A page of records.
    Page(&'static Entity),
    /// JSON of this schema.
    Json(u16, fn() -> Value),
    /// Server-sent events.
    Events,
}

/// What an operation takes.
#[derive(Clone, Copy)]
pub enum Takes {
    /// What follows from the route.
    Usual,
    /// These fields.
    Fields(&'static [Field]),
    /// JSON of this schema.
    Json(fn() -> Value),
    /// Whatever its sender writes.
    Raw,
}

/// An operation.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its route, as the function's table has it.
    pub route: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to know.
    pub about: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it answers.
    pub gives: Gives,
    /// What else it may answer when all is well.
    pub or: Option<(u16, fn() -> Value)>,
    /// What it may refuse besides what all of its method may.
    pub refuses: &'static [u16],
    /// What it refuses without a word.
    pub silent: &'static [u16],
    /// The parameters of its query, besides those of a list or a record.
    pub query: fn() -> Vec<Value>,
}

/// An operation of which all but the summary follows from its route.
pub const fn op(route: &'static str, summary: &'static str) -> Operation {
    Operation {
        route,
        summary,
        about: "",
        takes: Takes::Usual,
        gives: Gives::Usual,
        or: None,
        refuses: &[],
        silent: &[],
        query: Vec::new,
    }
}

impl Operation {
    /// The same with more to know.
    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// The same with another answer.
    pub const fn gives(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    /// The same with another body.
    pub const fn takes(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }

    /// The same that answers so as well.
    pub const fn or(self, status: u16, schema: fn() -> Value) -> Self {
        Self { or: Some((status, schema)), ..self }
    }

    /// The same that may refuse with these statuses as well.
    pub const fn refuses(self, refuses: &'static [u16]) -> Self {
        Self { refuses, ..self }
    }

    /// The same that refuses with these statuses and no body.
    pub const fn silent(self, silent: &'static [u16]) -> Self {
        Self { silent, ..self }
    }

    /// The same with parameters in its query.
    pub const fn query(self, query: fn() -> Vec<Value>) -> Self {
        Self { query, ..self }
    }

    /// What it answers, by its own word or by its route.
    pub fn answer(&self, route: &Route) -> Gives {
        let is_of_one = route.path.contains('{');
        match (self.gives, route.verb, route.entity) {
            (Gives::Usual, Verb::Delete, _) => Gives::Nothing(204),
            (Gives::Usual, Verb::Get, Some(entity)) if !is_of_one => Gives::Page(entity),
            (Gives::Usual, Verb::Post, Some(entity)) if !is_of_one => Gives::Record(201, entity),
            (Gives::Usual, _, Some(entity)) => Gives::Record(200, entity),
            (Gives::Usual, _, None) => panic!("{}: what it answers does not follow from its route", self.route),
            (gives, _, _) => gives,
        }
    }

    /// Its body's fields or schema, by its own word or by its route.
    pub fn body(&self, route: &Route) -> Option<Takes> {
        match (self.takes, route.content, route.takes) {
            (Takes::Usual, Content::Nothing, _) => None,
            (Takes::Usual, Content::Raw, _) => Some(Takes::Raw),
            (Takes::Usual, _, Some(fields)) => Some(Takes::Fields(fields)),
            (Takes::Usual, _, None) if route.verb == Verb::Get => None,
            (takes, _, _) => Some(takes),
        }
    }
}
