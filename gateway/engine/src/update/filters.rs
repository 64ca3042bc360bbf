//! `arrayFilters`: which elements `$[id]` stands for.

use bson::{Bson, Document};

use super::target::{Step, Target};
use crate::{
    error::{Error, Result},
    matcher::Matcher,
};

#[derive(Debug, Default)]
pub(crate) struct ArrayFilters {
    filters: Vec<(String, Matcher)>,
}

impl ArrayFilters {
    pub fn parse(documents: &[Document]) -> Result<ArrayFilters> {
        let mut filters: Vec<(String, Matcher)> = Vec::new();
        for document in documents {
            if document.contains_key("$expr") {
                return Err(Error::new(224, "$expr is not allowed in the context of array filters"));
            }
            let matcher = Matcher::parse(document)?;
            let id = identifier(document)?
                .ok_or_else(|| Error::parse("Cannot use an expression without a top-level field name in arrayFilters"))?;
            check_identifier(&id)?;
            if filters.iter().any(|(known, _)| *known == id) {
                return Err(Error::parse(format!("Found multiple array filters with the same top-level field name {id}")));
            }
            filters.push((id, matcher));
        }
        Ok(ArrayFilters { filters })
    }

    /// Each filter is used, and each `$[id]` has one.
    pub fn check_use<'t>(&self, targets: impl Iterator<Item = &'t Target>) -> Result<()> {
        let mut used = Vec::new();
        for target in targets {
            for step in target.steps() {
                let Step::Chosen(id) = step else {
                    continue;
                };
                if !self.filters.iter().any(|(known, _)| known == id) {
                    return Err(Error::bad_value(format!(
                        "No array filter found for identifier '{id}' in path '{}'",
                        target.text()
                    )));
                }
                used.push(id.as_str());
            }
        }
        match self.filters.iter().find(|(id, _)| !used.contains(&id.as_str())) {
            Some((id, _)) => Err(Error::parse(format!("The array filter for identifier '{id}' was not used in the update"))),
            None => Ok(()),
        }
    }

    pub fn choose(&self, id: &str, item: &Bson) -> Result<bool> {
        let mut document = Document::new();
        document.insert(id, item.clone());
        match self.filters.iter().find(|(known, _)| known == id) {
            Some((_, matcher)) => matcher.matches(&document),
            None => Ok(false),
        }
    }
}

/// The one first part that all paths of the filter share.
fn identifier(document: &Document) -> Result<Option<String>> {
    let mut found: Option<String> = None;
    for (name, value) in document {
        let next = match (name.as_str(), value) {
            ("$and" | "$or" | "$nor", Bson::Array(branches)) => {
                let mut inner = None;
                for branch in branches.iter().filter_map(Bson::as_document) {
                    inner = same(inner, identifier(branch)?)?;
                }
                inner
            }
            (name, _) if name.starts_with('$') => None,
            (name, _) => name.split('.').next().map(str::to_owned),
        };
        found = same(found, next)?;
    }
    Ok(found)
}

fn same(a: Option<String>, b: Option<String>) -> Result<Option<String>> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err(Error::parse("Error parsing array filter: expected a single top-level field name")),
        (a, b) => Ok(a.or(b)),
    }
}

fn check_identifier(id: &str) -> Result<()> {
    let starts_well = id.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    if !starts_well || !id.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(Error::bad_value(format!(
            "The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '{id}'"
        )));
    }
    Ok(())
}
