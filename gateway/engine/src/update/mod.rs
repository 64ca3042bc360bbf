//! The one update engine: what an update makes of a document.

mod array;
mod filters;
mod leaf;
mod number;
mod parse;
mod push;
mod target;
mod upsert;

use bson::{Bson, Document};

pub(crate) use self::upsert::{from_filter, with_id};
use self::{filters::ArrayFilters, leaf::Leaf, target::Target};
use crate::{
    aggregate::{self, Pipeline},
    command::Update,
    error::{Error, Result},
    order::equal,
};

/// A parsed update.
#[derive(Debug)]
pub(crate) enum Updater {
    Modifiers { modifiers: Vec<Modifier>, filters: ArrayFilters },
    Pipeline(Pipeline),
    Replacement(Document),
}

/// One operator on one path.
#[derive(Debug)]
pub(crate) struct Modifier {
    target: Target,
    leaf: Leaf,
}

/// The circumstances of one application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion {
    /// Where the filter matched in an array.
    pub position: Option<usize>,
    /// The document is being inserted by an upsert.
    pub inserting: bool,
    pub now: bson::DateTime,
}

impl Updater {
    pub fn parse(update: &Update, array_filters: &[Document]) -> Result<Updater> {
        match update {
            Update::Document(operators) => {
                let filters = ArrayFilters::parse(array_filters)?;
                let modifiers = parse::modifiers(operators)?;
                filters.check_use(modifiers.iter().map(|modifier| &modifier.target))?;
                Ok(Updater::Modifiers { modifiers, filters })
            }
            Update::Pipeline(_) if !array_filters.is_empty() => {
                Err(Error::parse("arrayFilters may not be specified for pipeline-style updates"))
            }
            Update::Pipeline(stages) => Ok(Updater::Pipeline(aggregate::update_pipeline(stages)?)),
        }
    }

    pub fn replacement(replacement: &Document) -> Result<Updater> {
        if let Some(name) = replacement.keys().next().filter(|name| name.starts_with('$')) {
            return Err(Error::new(52, format!("The dollar ($) prefixed field '{name}' is not allowed in a replacement")));
        }
        Ok(Updater::Replacement(replacement.clone()))
    }

    /// The document after the update.
    pub fn apply(&self, document: &Document, occasion: Occasion) -> Result<Document> {
        let updated = match self {
            Updater::Modifiers { modifiers, filters } => {
                let mut root = Bson::Document(document.clone());
                for modifier in modifiers {
                    modifier.apply(&mut root, filters, occasion)?;
                }
                match root {
                    Bson::Document(updated) => updated,
                    _ => return Err(Error::bad_value("the update left no document")),
                }
            }
            Updater::Pipeline(pipeline) => aggregate::transform(pipeline, document.clone())?,
            Updater::Replacement(replacement) => replacement.clone(),
        };
        keep_id(document, updated)
    }
}

impl Modifier {
    fn apply(&self, root: &mut Bson, filters: &ArrayFilters, occasion: Occasion) -> Result<()> {
        if let Leaf::Rename(destination) = &self.leaf {
            return rename(root, &self.target, destination, filters, occasion);
        }
        self.target.change(root, filters, occasion, self.leaf.creates(occasion), &|old| self.leaf.change(old, occasion))
    }
}

fn rename(root: &mut Bson, source: &Target, destination: &Target, filters: &ArrayFilters, occasion: Occasion) -> Result<()> {
    let Some(value) = source.plain_value(root)? else {
        return Ok(());
    };
    destination.plain_value(root)?;
    source.change(root, filters, occasion, false, &|_| Ok(leaf::Change::Remove))?;
    destination.change(root, filters, occasion, true, &|_| Ok(leaf::Change::Set(value.clone())))
}

/// `_id` cannot change; where the update leaves it out it stays, first.
fn keep_id(before: &Document, after: Document) -> Result<Document> {
    match (before.get("_id"), after.get("_id")) {
        (Some(old), Some(new)) if !equal(old, new) => {
            Err(Error::new(66, "Performing an update on the path '_id' would modify the immutable field '_id'"))
        }
        (Some(old), None) => {
            let mut whole = Document::new();
            whole.insert("_id", old.clone());
            whole.extend(after);
            Ok(whole)
        }
        _ => Ok(after),
    }
}

#[cfg(test)]
mod tests;
