//! Update operators from documents.

use bson::{Bson, Document};

use super::{
    Modifier, array,
    leaf::{Leaf, Moment},
    number, push,
    target::{Step, Target},
};
use crate::{
    error::{Error, Result},
    path::position,
};

/// In the order in which new fields are added: by name, positions by number.
pub fn modifiers(update: &Document) -> Result<Vec<Modifier>> {
    if !update.keys().next().is_some_and(|name| name.starts_with('$')) {
        return Err(Error::parse("the update operation document must contain atomic operators"));
    }
    let mut modifiers = Vec::new();
    for (operator, operand) in update {
        check_known(operator)?;
        let Bson::Document(fields) = operand else {
            return Err(Error::parse(format!("Modifiers operate on fields but {operator} was given no document")));
        };
        for (path, value) in fields {
            modifiers.push(Modifier { target: Target::parse(path)?, leaf: leaf(operator, path, value)? });
        }
    }
    check_conflicts(&modifiers)?;
    modifiers.sort_by(|a, b| step_keys(&a.target).cmp(&step_keys(&b.target)));
    Ok(modifiers)
}

fn check_known(operator: &str) -> Result<()> {
    match operator {
        "$set" | "$unset" | "$setOnInsert" | "$inc" | "$mul" | "$min" | "$max" | "$rename" | "$currentDate" | "$push"
        | "$addToSet" | "$pull" | "$pullAll" | "$pop" | "$bit" => Ok(()),
        _ => Err(Error::parse(format!(
            "Unknown modifier: {operator}. Expected a valid update modifier or pipeline-style update specified as an array"
        ))),
    }
}

fn leaf(operator: &str, path: &str, value: &Bson) -> Result<Leaf> {
    Ok(match operator {
        "$set" => Leaf::Set(value.clone()),
        "$setOnInsert" => Leaf::SetOnInsert(value.clone()),
        "$unset" => Leaf::Unset,
        "$min" => Leaf::Min(value.clone()),
        "$max" => Leaf::Max(value.clone()),
        "$inc" | "$mul" => Leaf::Arithmetic(number::parse(operator, value)?),
        "$bit" => Leaf::Bits(number::parse_bits(value)?),
        "$currentDate" => Leaf::CurrentDate(moment(value)?),
        "$rename" => Leaf::Rename(rename(path, value)?),
        "$push" => Leaf::Push(Box::new(push::parse(value)?)),
        "$addToSet" => Leaf::AddToSet(array::parse_add_to_set(value)?),
        "$pull" => Leaf::Pull(Box::new(array::parse_pull(value)?)),
        "$pullAll" => Leaf::PullAll(array::parse_pull_all(value)?),
        _ => Leaf::Pop { first: array::parse_pop(value)? },
    })
}

fn moment(value: &Bson) -> Result<Moment> {
    let refused = || Error::bad_value("$currentDate takes a boolean or {$type: 'date' | 'timestamp'}");
    match value {
        Bson::Boolean(_) => Ok(Moment::Date),
        Bson::Document(document) => match (document.len(), document.get("$type")) {
            (1, Some(Bson::String(kind))) if kind == "date" => Ok(Moment::Date),
            (1, Some(Bson::String(kind))) if kind == "timestamp" => Ok(Moment::Timestamp),
            _ => Err(refused()),
        },
        _ => Err(refused()),
    }
}

fn rename(path: &str, value: &Bson) -> Result<Target> {
    let Bson::String(destination) = value else {
        return Err(Error::bad_value(format!("The 'to' field for $rename must be a string: {path}")));
    };
    if destination.contains('\0') {
        return Err(Error::bad_value("The 'to' field for $rename cannot contain an embedded null byte"));
    }
    let source = Target::parse(path)?;
    let target = Target::parse(destination)?;
    if !source.is_plain() || !target.is_plain() {
        return Err(Error::bad_value("The fields of $rename may not be dynamic"));
    }
    if source.conflicts_with(&target) {
        return Err(Error::bad_value("The source and target field for $rename must differ and not lie on one path"));
    }
    Ok(target)
}

fn check_conflicts(modifiers: &[Modifier]) -> Result<()> {
    let mut targets: Vec<&Target> = Vec::new();
    for modifier in modifiers {
        let renamed = match &modifier.leaf {
            Leaf::Rename(target) => Some(target),
            _ => None,
        };
        for target in std::iter::once(&modifier.target).chain(renamed) {
            if targets.iter().any(|other| other.conflicts_with(target)) {
                return Err(Error::new(40, format!("Updating the path '{}' would create a conflict", target.text())));
            }
            targets.push(target);
        }
    }
    Ok(())
}

fn step_keys(target: &Target) -> Vec<(usize, &str)> {
    target.steps().iter().map(step_key).collect()
}

fn step_key(step: &Step) -> (usize, &str) {
    match step {
        Step::Name(name) => (position(name).unwrap_or(usize::MAX), name.as_str()),
        Step::Matched => (usize::MAX, "$"),
        Step::Every => (usize::MAX, "$[]"),
        Step::Chosen(id) => (usize::MAX, id.as_str()),
    }
}
