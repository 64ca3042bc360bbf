//! `$jsonSchema`: what a parsed schema allows.

use std::cmp::Ordering;

use bson::{Bson, Document};

use super::pattern::Pattern;
use crate::{
    number::Number,
    order::{compare, compare_numbers, equal},
};

/// A schema of draft 4 as MongoDB takes it: each part that is present must hold.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub types: Option<Vec<i32>>,
    pub choices: Option<Vec<Bson>>,
    pub minimum: Option<(Bson, bool)>,
    pub maximum: Option<(Bson, bool)>,
    pub multiple_of: Option<Bson>,
    pub min_length: Option<i64>,
    pub max_length: Option<i64>,
    pub pattern: Option<Pattern>,
    pub min_items: Option<i64>,
    pub max_items: Option<i64>,
    pub unique_items: bool,
    pub items: Option<Box<Schema>>,
    pub tuple: Option<Vec<Schema>>,
    pub additional_items: Additional,
    pub required: Vec<String>,
    pub properties: Vec<(String, Schema)>,
    pub pattern_properties: Vec<(Pattern, Schema)>,
    pub additional_properties: Additional,
    pub min_properties: Option<i64>,
    pub max_properties: Option<i64>,
    pub dependencies: Vec<(String, Dependency)>,
    pub all_of: Vec<Schema>,
    pub any_of: Vec<Schema>,
    pub one_of: Vec<Schema>,
    pub not: Option<Box<Schema>>,
}

/// What is not listed by name.
#[derive(Debug, Clone, Default)]
pub enum Additional {
    #[default]
    Allowed,
    Refused,
    Like(Box<Schema>),
}

/// What the presence of a property asks for.
#[derive(Debug, Clone)]
pub enum Dependency {
    Properties(Vec<String>),
    Schema(Box<Schema>),
}

impl Schema {
    pub fn allows_document(&self, document: &Document) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(&3))
            && self.allows_choice(&Bson::Document(document.clone()))
            && self.allows_properties(document)
            && self.allows_composition(&Bson::Document(document.clone()))
    }

    pub fn allows(&self, value: &Bson) -> bool {
        let code = i32::from(value.element_type() as i8);
        self.types.as_ref().is_none_or(|types| types.contains(&code))
            && self.allows_choice(value)
            && match value {
                Bson::Document(document) => self.allows_properties(document),
                Bson::Array(items) => self.allows_items(items),
                Bson::String(text) => self.allows_text(text),
                _ => Number::from_bson(value).is_none_or(|number| self.allows_number(number)),
            }
            && self.allows_composition(value)
    }

    fn allows_choice(&self, value: &Bson) -> bool {
        self.choices.as_ref().is_none_or(|choices| choices.iter().any(|choice| equal(choice, value)))
    }

    fn allows_number(&self, number: Number) -> bool {
        let beyond = |limit: &Option<(Bson, bool)>, wrong: Ordering| match limit {
            None => false,
            Some((limit, exclusive)) => Number::from_bson(limit).is_some_and(|limit| {
                let order = compare_numbers(number, limit);
                order == wrong || (*exclusive && order == Ordering::Equal)
            }),
        };
        !beyond(&self.minimum, Ordering::Less)
            && !beyond(&self.maximum, Ordering::Greater)
            && self.multiple_of.as_ref().is_none_or(|divisor| is_multiple(number, divisor))
    }

    fn allows_text(&self, text: &str) -> bool {
        within(text.chars().count(), self.min_length, self.max_length)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.regex().is_match(text))
    }

    fn allows_items(&self, items: &[Bson]) -> bool {
        let listed = self.tuple.as_ref().map_or(0, Vec::len);
        within(items.len(), self.min_items, self.max_items)
            && (!self.unique_items || all_different(items))
            && self.items.as_ref().is_none_or(|schema| items.iter().all(|item| schema.allows(item)))
            && self.tuple.as_ref().is_none_or(|tuple| tuple.iter().zip(items).all(|(schema, item)| schema.allows(item)))
            && (self.tuple.is_none() || items.iter().skip(listed).all(|item| self.additional_items.allows(item)))
    }

    fn allows_properties(&self, document: &Document) -> bool {
        within(document.len(), self.min_properties, self.max_properties)
            && self.required.iter().all(|name| document.contains_key(name))
            && self.properties.iter().all(|(name, schema)| document.get(name).is_none_or(|value| schema.allows(value)))
            && document.iter().all(|(name, value)| self.allows_unlisted(name, value))
            && self.dependencies.iter().all(|(name, dependency)| !document.contains_key(name) || dependency.holds(document))
    }

    fn allows_unlisted(&self, name: &str, value: &Bson) -> bool {
        let mut listed = self.properties.iter().any(|(known, _)| known == name);
        for (pattern, schema) in &self.pattern_properties {
            if pattern.regex().is_match(name) {
                listed = true;
                if !schema.allows(value) {
                    return false;
                }
            }
        }
        listed || self.additional_properties.allows(value)
    }

    fn allows_composition(&self, value: &Bson) -> bool {
        self.all_of.iter().all(|schema| schema.allows(value))
            && (self.any_of.is_empty() || self.any_of.iter().any(|schema| schema.allows(value)))
            && (self.one_of.is_empty() || self.one_of.iter().filter(|schema| schema.allows(value)).count() == 1)
            && self.not.as_ref().is_none_or(|schema| !schema.allows(value))
    }
}

impl Additional {
    fn allows(&self, value: &Bson) -> bool {
        match self {
            Additional::Allowed => true,
            Additional::Refused => false,
            Additional::Like(schema) => schema.allows(value),
        }
    }
}

impl Dependency {
    fn holds(&self, document: &Document) -> bool {
        match self {
            Dependency::Properties(names) => names.iter().all(|name| document.contains_key(name)),
            Dependency::Schema(schema) => schema.allows_document(document),
        }
    }
}

fn within(count: usize, least: Option<i64>, most: Option<i64>) -> bool {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most)
}

fn all_different(items: &[Bson]) -> bool {
    let mut sorted: Vec<&Bson> = items.iter().collect();
    sorted.sort_by(|a, b| compare(a, b));
    sorted.windows(2).all(|pair| match pair {
        [a, b] => !equal(a, b),
        _ => true,
    })
}

fn is_multiple(number: Number, divisor: &Bson) -> bool {
    let Some(divisor) = Number::from_bson(divisor) else {
        return false;
    };
    if let (Some(a), Some(b)) = (number.to_i64_exact(), divisor.to_i64_exact()) {
        return b != 0 && a.wrapping_rem(b) == 0;
    }
    crate::decimal::remainder(&number.to_decimal(), &divisor.to_decimal()).is_zero()
}
