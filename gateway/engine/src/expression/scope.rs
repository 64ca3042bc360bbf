//! The variables an expression sees.

use bson::{Bson, Document};

use super::access;
use crate::error::{Error, Result};

/// Variables bound outside an expression, such as those of a `$lookup`'s `let`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    bound: Vec<(String, Bson)>,
}

/// What an expression is evaluated against: a document, outer variables, and those bound on the way.
#[derive(Clone, Copy)]
pub(crate) struct Env<'a> {
    pub root: &'a Document,
    variables: &'a Variables,
    inner: Option<&'a Binding<'a>>,
}

struct Binding<'a> {
    name: &'a str,
    value: &'a Bson,
    outer: Option<&'a Binding<'a>>,
}

impl Variables {
    pub fn new() -> Variables {
        Variables::default()
    }

    /// What every part of one command sees: the moment of its beginning.
    pub fn of_command() -> Variables {
        Variables::new().with("NOW", Bson::DateTime(bson::DateTime::now()))
    }

    pub fn names(&self) -> Vec<String> {
        self.bound.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn with(&self, name: &str, value: Bson) -> Variables {
        let mut all = self.clone();
        all.bound.push((name.to_owned(), value));
        all
    }

    fn get(&self, name: &str) -> Option<&Bson> {
        self.bound.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<'a> Env<'a> {
    pub fn new(root: &'a Document, variables: &'a Variables) -> Env<'a> {
        Env { root, variables, inner: None }
    }

    /// Runs `body` with one more variable.
    pub fn bind<T>(&self, name: &str, value: &Bson, body: impl FnOnce(&Env<'_>) -> T) -> T {
        let binding = Binding { name, value, outer: self.inner };
        body(&Env { root: self.root, variables: self.variables, inner: Some(&binding) })
    }

    pub fn variable(&self, name: &str, path: &[String]) -> Result<Bson> {
        let mut binding = self.inner;
        while let Some(bound) = binding {
            if bound.name == name {
                return Ok(access::value(bound.value, path));
            }
            binding = bound.outer;
        }
        if let Some(value) = self.variables.get(name) {
            return Ok(access::value(value, path));
        }
        match name {
            "ROOT" | "CURRENT" if path.is_empty() => Ok(Bson::Document(self.root.clone())),
            "ROOT" | "CURRENT" => Ok(access::field(self.root, path)),
            "REMOVE" => Ok(Bson::Undefined),
            "NOW" => Ok(Bson::DateTime(bson::DateTime::now())),
            "CLUSTER_TIME" => {
                let seconds = bson::DateTime::now().timestamp_millis() / 1000;
                let time = u32::try_from(seconds).unwrap_or(u32::MAX);
                Ok(Bson::Timestamp(bson::Timestamp { time, increment: 1 }))
            }
            _ => Err(Error::new(17276, format!("Use of undefined variable: {name}"))),
        }
    }
}
