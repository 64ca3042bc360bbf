//! The path of an update operator: names, positions, `$`, `$[]`, `$[id]`; and changing what is there.

use std::cell::Cell;

use bson::{Bson, Document};

use super::{Occasion, filters::ArrayFilters, leaf::Change};
use crate::{
    depth,
    error::{Error, Result},
    path::position,
};

/// How far an array may be filled up with nulls to reach a position.
const PADDING_LIMIT: usize = 1_500_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    /// `$`: where the filter matched.
    Matched,
    /// `$[]`
    Every,
    /// `$[id]`
    Chosen(String),
}

/// What an operator makes of the value at the path.
pub(crate) type Changer<'c> = &'c dyn Fn(Option<&Bson>) -> Result<Change>;

/// One walk along a path.
struct Walk<'w> {
    text: &'w str,
    filters: &'w ArrayFilters,
    occasion: Occasion,
    creates: bool,
    change: Changer<'w>,
    /// The nulls that arrays were filled up with.
    padded: Cell<usize>,
}

impl Target {
    pub fn parse(text: &str) -> Result<Target> {
        if text.is_empty() {
            return Err(Error::new(56, "An empty update path is not valid."));
        }
        depth::check_path(text)?;
        let mut steps = Vec::new();
        for part in text.split('.') {
            steps.push(parse_step(part, text)?);
        }
        if !matches!(steps.first(), Some(Step::Name(_))) {
            return Err(Error::bad_value(format!(
                "Cannot have array filter or positional element in the first position in path '{text}'"
            )));
        }
        if steps.iter().filter(|step| **step == Step::Matched).count() > 1 {
            return Err(Error::bad_value(format!("Too many positional (i.e. '$') elements found in path '{text}'")));
        }
        Ok(Target { text: text.to_owned(), steps })
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_plain(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Name(_)))
    }

    /// Whether one is the other or lies below it.
    pub fn conflicts_with(&self, other: &Target) -> bool {
        self.steps.iter().zip(&other.steps).all(|(a, b)| a == b)
    }

    pub fn change(
        &self,
        root: &mut Bson,
        filters: &ArrayFilters,
        occasion: Occasion,
        creates: bool,
        change: Changer<'_>,
    ) -> Result<()> {
        let walk = Walk { text: &self.text, filters, occasion, creates, change, padded: Cell::new(0) };
        walk.descend(root, &self.steps)
    }

    /// The value at a path of names, as `$rename` takes it: not in an array.
    pub fn plain_value(&self, root: &Bson) -> Result<Option<Bson>> {
        let mut value = root;
        for (index, step) in self.steps.iter().enumerate() {
            let Step::Name(name) = step else {
                return Ok(None);
            };
            match value {
                Bson::Document(document) => match document.get(name) {
                    Some(inner) => value = inner,
                    None => return Ok(None),
                },
                Bson::Array(_) => {
                    return Err(Error::bad_value(format!("The field of $rename cannot be an array element: '{}'", self.text)));
                }
                _ if index > 0 => return Ok(None),
                _ => return Ok(None),
            }
        }
        Ok(Some(value.clone()))
    }
}

impl Walk<'_> {
    fn descend(&self, value: &mut Bson, steps: &[Step]) -> Result<()> {
        let Some((step, rest)) = steps.split_first() else {
            return Ok(());
        };
        match (value, step) {
            (Bson::Array(items), Step::Every) => self.each(items, rest, |_| Ok(true)),
            (Bson::Array(items), Step::Chosen(id)) => self.each(items, rest, |item| self.filters.choose(id, item)),
            (_, Step::Every | Step::Chosen(_)) => {
                Err(Error::bad_value(format!("Cannot apply array updates to non-array element in path '{}'", self.text)))
            }
            (container, Step::Matched) => {
                let Some(index) = self.occasion.position else {
                    return Err(Error::bad_value("The positional operator did not find the match needed from the query."));
                };
                self.enter(container, &index.to_string(), rest)
            }
            (container, Step::Name(name)) => self.enter(container, name, rest),
        }
    }

    fn each(&self, items: &mut [Bson], rest: &[Step], chosen: impl Fn(&Bson) -> Result<bool>) -> Result<()> {
        for item in items {
            if !chosen(item)? {
                continue;
            }
            if rest.is_empty() {
                match (self.change)(Some(item))? {
                    Change::Keep => {}
                    Change::Set(new) => *item = new,
                    Change::Remove => *item = Bson::Null,
                }
            } else {
                self.descend(item, rest)?;
            }
        }
        Ok(())
    }

    fn enter(&self, container: &mut Bson, name: &str, rest: &[Step]) -> Result<()> {
        match container {
            Bson::Document(document) => self.enter_document(document, name, rest),
            Bson::Array(items) => match position(name) {
                Some(index) => self.enter_array(items, index, rest),
                None => self.not_viable(name),
            },
            _ => self.not_viable(name),
        }
    }

    fn not_viable(&self, name: &str) -> Result<()> {
        if !self.creates {
            return Ok(());
        }
        Err(Error::new(28, format!("Cannot create field '{name}' of path '{}' in an element that is no document", self.text)))
    }

    fn enter_document(&self, document: &mut Document, name: &str, rest: &[Step]) -> Result<()> {
        if let Some(value) = document.get_mut(name) {
            if !rest.is_empty() {
                return self.descend(value, rest);
            }
            match (self.change)(Some(value))? {
                Change::Keep => {}
                Change::Set(new) => *value = new,
                Change::Remove => {
                    document.remove(name);
                }
            }
        } else if let Some(new) = self.build(rest)? {
            document.insert(name, new);
        }
        Ok(())
    }

    fn enter_array(&self, items: &mut Vec<Bson>, index: usize, rest: &[Step]) -> Result<()> {
        if let Some(item) = items.get_mut(index) {
            if !rest.is_empty() {
                return self.descend(item, rest);
            }
            match (self.change)(Some(item))? {
                Change::Keep => {}
                Change::Set(new) => *item = new,
                Change::Remove => *item = Bson::Null,
            }
        } else if let Some(new) = self.build(rest)? {
            self.padded.update(|padded| padded.saturating_add(index - items.len()));
            if self.padded.get() > PADDING_LIMIT {
                return Err(Error::bad_value(format!("the position in path '{}' is too far beyond the array", self.text)));
            }
            items.resize(index, Bson::Null);
            items.push(new);
        }
        Ok(())
    }

    /// What is made where the path ends before its last step.
    fn build(&self, rest: &[Step]) -> Result<Option<Bson>> {
        let Some((step, rest)) = rest.split_first() else {
            return Ok(match (self.change)(None)? {
                Change::Set(new) => Some(new),
                Change::Keep | Change::Remove => None,
            });
        };
        match step {
            Step::Name(name) => {
                let inner = self.build(rest)?;
                Ok(inner.map(|inner| {
                    let mut document = Document::new();
                    document.insert(name.clone(), inner);
                    Bson::Document(document)
                }))
            }
            Step::Matched => match self.occasion.position {
                None => Err(Error::bad_value("The positional operator did not find the match needed from the query.")),
                Some(index) => {
                    let mut steps = vec![Step::Name(index.to_string())];
                    steps.extend_from_slice(rest);
                    self.build(&steps)
                }
            },
            Step::Every | Step::Chosen(_) => Err(Error::bad_value(format!(
                "The path '{}' must exist in the document in order to apply array updates.",
                self.text
            ))),
        }
    }
}

fn parse_step(part: &str, text: &str) -> Result<Step> {
    if part.is_empty() {
        return Err(Error::new(56, format!("The update path '{text}' contains an empty field name, which is not allowed.")));
    }
    if part == "$" {
        return Ok(Step::Matched);
    }
    if let Some(id) = part.strip_prefix("$[").and_then(|rest| rest.strip_suffix(']')) {
        return Ok(if id.is_empty() { Step::Every } else { Step::Chosen(id.to_owned()) });
    }
    if part.starts_with('$') && !matches!(part, "$ref" | "$id" | "$db") {
        return Err(Error::new(
            52,
            format!("The dollar ($) prefixed field '{part}' in '{text}' is not allowed in the context of an update"),
        ));
    }
    Ok(Step::Name(part.to_owned()))
}
