//! `$group`, and what buckets share with it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use bson::{Bson, Document};

use super::{Context, Rows, parse::object};
use crate::{
    aggregate::{
        accumulator::{Accumulator, Kind, State},
        accumulator_parse,
    },
    budget::{Budget, released},
    error::{Error, Result},
    expression::{Expression, Variables, null_if_missing},
    fields::Fields,
    key,
    number::Number,
    order::compare,
    sort::SortOrder,
};

/// The most groups held in memory.
const GROUP_LIMIT: usize = 1_000_000;

#[derive(Debug, Clone)]
pub(crate) struct Group {
    id: Identity,
    fields: Vec<(String, Arc<Accumulator>)>,
}

/// What puts documents together.
#[derive(Debug, Clone)]
enum Identity {
    Value(Expression),
    Bucket { by: Expression, boundaries: Vec<Bson>, default: Option<Bson> },
}

struct Groups {
    positions: HashMap<Vec<u8>, usize>,
    groups: Vec<(Bson, Vec<State>)>,
    budget: Budget,
}

impl Group {
    pub fn parse(operand: &Bson, variables: &Variables) -> Result<Group> {
        let given = object(operand, 15947, "$group")?;
        let mut id = None;
        let mut fields = Vec::new();
        for (name, value) in given {
            if name == "_id" {
                id = Some(parse_id(value, variables)?);
                continue;
            }
            fields.push(parse_field(name, value, variables)?);
        }
        let id = id.ok_or_else(|| Error::new(15955, "a group specification must include an _id"))?;
        Ok(Group { id: Identity::Value(id), fields })
    }

    /// Documents per value.
    pub fn counting(by: Expression) -> Group {
        Group { id: Identity::Value(by), fields: vec![count_field()] }
    }

    pub fn buckets(
        by: Expression,
        boundaries: Vec<Bson>,
        default: Option<Bson>,
        fields: Vec<(String, Arc<Accumulator>)>,
    ) -> Group {
        Group { id: Identity::Bucket { by, boundaries, default }, fields }
    }

    pub fn run<'a>(&'a self, rows: Rows<'a>, context: &Context<'a>) -> Result<Rows<'a>> {
        let mut groups = Groups { positions: HashMap::new(), groups: Vec::new(), budget: Budget::operator("$group") };
        for row in rows {
            groups.add(self, &row?, &context.variables).map_err(as_group_error)?;
        }
        let mut documents = Vec::with_capacity(groups.groups.len());
        let mut budget = Budget::operator("$group");
        for (id, states) in groups.groups {
            let document = finish(&id, &self.fields, &states)?;
            drop(states);
            budget.take(&document)?;
            documents.push(document);
        }
        if matches!(self.id, Identity::Bucket { .. }) {
            documents = SortOrder::parse(&bson::doc! {"_id": 1})?.sort(documents);
        }
        Ok(Box::new(released(documents, budget)))
    }

    pub fn add_fields(&self, fields: &mut Fields) {
        match &self.id {
            Identity::Value(by) | Identity::Bucket { by, .. } => by.add_fields(fields),
        }
        for (_, accumulator) in &self.fields {
            accumulator.input.add_fields(fields);
            fields.add_order(&accumulator.order);
        }
    }

    fn identify(&self, document: &Document, variables: &Variables) -> Result<Bson> {
        match &self.id {
            Identity::Value(expression) => expression.evaluate(document, variables).map(null_if_missing),
            Identity::Bucket { by, boundaries, default } => {
                let value = by.evaluate(document, variables)?;
                let above = boundaries.iter().filter(|boundary| compare(boundary, &value).is_le()).count();
                let inside = above > 0 && above < boundaries.len();
                match (inside, boundaries.get(above.saturating_sub(1)), default) {
                    (true, Some(boundary), _) => Ok(boundary.clone()),
                    (_, _, Some(default)) => Ok(default.clone()),
                    _ => Err(Error::new(
                        40066,
                        "$switch could not find a matching branch for an input, and no default was specified.",
                    )),
                }
            }
        }
    }
}

impl Groups {
    fn add(&mut self, group: &Group, document: &Document, variables: &Variables) -> Result<()> {
        let id = group.identify(document, variables)?;
        let position = match self.positions.entry(key::of(&id)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                if self.groups.len() >= GROUP_LIMIT {
                    return Err(Error::new(292, "$group has too many groups"));
                }
                let states: Result<Vec<State>> =
                    group.fields.iter().map(|(_, accumulator)| accumulator.start(&id, variables)).collect();
                self.budget.take_item(&id)?;
                self.budget.charge(group.fields.len() * size_of::<State>())?;
                self.groups.push((id, states?));
                *place.insert(self.groups.len() - 1)
            }
        };
        if let Some((_, states)) = self.groups.get_mut(position) {
            for state in states {
                state.add(document, variables)?;
            }
        }
        Ok(())
    }
}

fn finish(id: &Bson, fields: &[(String, Arc<Accumulator>)], states: &[State]) -> Result<Document> {
    let mut document = Document::new();
    document.insert("_id", id.clone());
    for ((name, _), state) in fields.iter().zip(states) {
        document.insert(name.clone(), state.finish()?);
    }
    Ok(document)
}

/// The server's grouping has codes of its own for arithmetic.
fn as_group_error(error: Error) -> Error {
    let code = match (error.code, error.message.as_str()) {
        (2, "can't $divide by zero") => 4848401,
        (16610, _) => 4848403,
        (5787902 | 5787903 | 5787908, _) => 7548606,
        _ => return error,
    };
    Error::new(code, error.message)
}

pub(super) fn count_field() -> (String, Arc<Accumulator>) {
    let accumulator = Accumulator {
        kind: Kind::Sum,
        input: Expression::Constant(Bson::Int32(1)),
        n: None,
        order: SortOrder::default(),
        percentiles: Vec::new(),
    };
    ("count".to_owned(), Arc::new(accumulator))
}

pub(super) fn parse_field(name: &str, value: &Bson, variables: &Variables) -> Result<(String, Arc<Accumulator>)> {
    if name.contains('.') {
        return Err(Error::new(40235, format!("The field name '{name}' cannot contain '.'")));
    }
    if name.starts_with('$') {
        return Err(Error::new(40236, format!("The field name '{name}' cannot be an operator name")));
    }
    let accumulator = accumulator_parse::parse(name, value, variables)?;
    Ok((name.to_owned(), Arc::new(accumulator)))
}

fn parse_id(value: &Bson, variables: &Variables) -> Result<Expression> {
    if let Bson::Document(fields) = value {
        let inclusion = |value: &Bson| matches!(value, Bson::Boolean(_)) || Number::from_bson(value).is_some();
        let plain = !fields.keys().next().is_some_and(|name| name.starts_with('$'));
        if plain && fields.values().any(inclusion) {
            return Err(Error::new(17390, "$group does not support inclusion-style expressions"));
        }
    }
    Expression::parse_in(value, variables)
}
