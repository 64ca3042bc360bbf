//! Stages from documents, and where each may stand.

use bson::{Bson, Document};

use super::{
    Stage, bucket, bucket_auto::BucketAuto, facet::Facet, graph_lookup::GraphLookup, group::Group, lookup::Lookup, merge_parse,
    redact, sample, union::Union, unwind::Unwind, window_parse,
};
use crate::{
    aggregate::pipeline::Place,
    error::{Error, Result},
    expression::{Expression, Variables},
    matcher::Matcher,
    number::Number,
    projection::{Projection, check_path},
    sort::SortOrder,
};

const KNOWN: [&str; 27] = [
    "$match",
    "$project",
    "$set",
    "$addFields",
    "$unset",
    "$replaceRoot",
    "$replaceWith",
    "$sort",
    "$skip",
    "$limit",
    "$count",
    "$documents",
    "$redact",
    "$sample",
    "$unwind",
    "$group",
    "$sortByCount",
    "$bucket",
    "$bucketAuto",
    "$facet",
    "$lookup",
    "$graphLookup",
    "$unionWith",
    "$setWindowFields",
    "$merge",
    "$out",
    "$geoNear",
];

/// Stages about the server, which have no meaning here.
const ADMINISTRATIVE: [&str; 8] = [
    "$collStats",
    "$indexStats",
    "$planCacheStats",
    "$currentOp",
    "$listSessions",
    "$listLocalSessions",
    "$changeStream",
    "$search",
];

/// Refuses a stage that stands where it must not.
pub fn check_place(stage: &Document, position: usize, length: usize, place: Place) -> Result<()> {
    let Some(name) = stage.keys().next().filter(|_| stage.len() == 1) else {
        return Err(Error::new(40323, "A pipeline stage specification object must contain exactly one field."));
    };
    let name = name.as_str();
    if !KNOWN.contains(&name) && !ADMINISTRATIVE.contains(&name) {
        return Err(Error::new(40324, format!("Unrecognized pipeline stage name: '{name}'")));
    }
    let only_first = ADMINISTRATIVE.contains(&name) || matches!(name, "$documents" | "$geoNear");
    let writes = matches!(name, "$merge" | "$out");
    let has_text = |operand: &Bson| operand.as_document().is_some_and(|filter| filter.contains_key("$text"));
    if name == "$match" && (position > 0 || place == Place::Facet) && stage.values().any(has_text) {
        return Err(Error::new(17313, "$match with $text is only allowed as the first pipeline stage"));
    }
    if place == Place::Facet && (only_first || writes || name == "$facet") {
        return Err(Error::new(40600, format!("{name} is not allowed to be used within a $facet stage")));
    }
    if place == Place::Nested && writes {
        return Err(Error::new(51047, format!("{name} is not allowed within a nested pipeline")));
    }
    if only_first && position > 0 {
        return Err(Error::new(40602, format!("{name} is only valid as the first stage in a pipeline")));
    }
    if writes && position + 1 < length {
        return Err(Error::new(40601, format!("{name} can only be the final stage in the pipeline")));
    }
    if ADMINISTRATIVE.contains(&name) || name == "$geoNear" {
        let code = if place == Place::Nested { 73 } else { 115 };
        return Err(Error::new(code, format!("{name} is not supported")));
    }
    Ok(())
}

/// One document can stand for more than one stage.
pub fn parse(document: &Document, variables: &Variables) -> Result<Vec<Stage>> {
    let Some((name, operand)) = document.iter().next() else {
        return Err(Error::new(40323, "A pipeline stage specification object must contain exactly one field."));
    };
    Ok(vec![match name.as_str() {
        "$match" => Stage::Match(parse_match(operand, variables)?),
        "$project" => Stage::Project(Projection::of_stage(object(operand, 15969, name)?, variables)?),
        "$set" | "$addFields" => Stage::Project(Projection::additions(object(operand, 40272, name)?, variables)?),
        "$unset" => Stage::Project(parse_unset(operand)?),
        "$replaceRoot" => parse_replace_root(operand, variables)?,
        "$replaceWith" => Stage::ReplaceRoot(Expression::parse_in(operand, variables)?),
        "$sort" => Stage::Sort(parse_sort(operand)?),
        "$skip" => Stage::Skip(whole(operand, 0).ok_or_else(|| bound("$skip", 5107200))?),
        "$limit" => parse_limit(operand)?,
        "$count" => Stage::Count(parse_count(operand)?),
        "$documents" => Stage::Documents(Expression::parse_in(operand, variables)?),
        "$redact" => Stage::Redact(Expression::parse_in(operand, &redact::verdicts(variables))?),
        "$sample" => sample::parse(operand)?,
        "$unwind" => Stage::Unwind(Unwind::parse(operand)?),
        "$group" => Stage::Group(Group::parse(operand, variables)?),
        "$sortByCount" => return parse_sort_by_count(operand, variables),
        "$bucket" => return bucket::parse(operand, variables),
        "$bucketAuto" => Stage::BucketAuto(BucketAuto::parse(operand, variables)?),
        "$facet" => Stage::Facet(Facet::parse(operand, variables)?),
        "$lookup" => Stage::Lookup(Box::new(Lookup::parse(operand, variables)?)),
        "$graphLookup" => Stage::GraphLookup(Box::new(GraphLookup::parse(operand, variables)?)),
        "$unionWith" => Stage::Union(Union::parse(operand, variables)?),
        "$setWindowFields" => Stage::Window(Box::new(window_parse::parse(operand, variables)?)),
        "$merge" => Stage::Merge(Box::new(merge_parse::parse(operand, variables)?)),
        "$out" => Stage::Merge(Box::new(merge_parse::parse_out(operand)?)),
        _ => return Err(Error::new(40324, format!("Unrecognized pipeline stage name: '{name}'"))),
    }])
}

pub(super) fn object<'a>(operand: &'a Bson, code: i32, name: &str) -> Result<&'a Document> {
    operand.as_document().ok_or_else(|| Error::new(code, format!("the {name} specification must be an object")))
}

fn parse_match(operand: &Bson, variables: &Variables) -> Result<Matcher> {
    let filter = object(operand, 15959, "$match")?;
    let geo =
        |value: &Bson| value.as_document().is_some_and(|inner| inner.contains_key("$near") || inner.contains_key("$nearSphere"));
    if filter.values().any(geo) {
        return Err(Error::new(5626500, "$geoNear, $near, and $nearSphere are not allowed in this context"));
    }
    Matcher::parse_with(filter, variables)
}

fn parse_unset(operand: &Bson) -> Result<Projection> {
    let names: Vec<String> = match operand {
        Bson::String(name) => vec![name.clone()],
        Bson::Array(items) if items.is_empty() => {
            return Err(Error::new(31119, "$unset specification must be a string or an array with at least one field"));
        }
        Bson::Array(items) => {
            let name = |item: &Bson| {
                item.as_str().map(str::to_owned).ok_or_else(|| {
                    Error::new(31120, "$unset specification must be a string or an array containing only string values")
                })
            };
            items.iter().map(name).collect::<Result<_>>()?
        }
        _ => return Err(Error::new(31002, "$unset specification must be a string or an array")),
    };
    Projection::removals(&names)
}

fn parse_replace_root(operand: &Bson, variables: &Variables) -> Result<Stage> {
    let given = object(operand, 40229, "$replaceRoot")?;
    if let Some(unknown) = given.keys().find(|name| *name != "newRoot") {
        return Err(Error::new(40415, format!("BSON field '$replaceRoot.{unknown}' is an unknown field.")));
    }
    let root = given
        .get("newRoot")
        .ok_or_else(|| Error::new(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field"))?;
    Ok(Stage::ReplaceRoot(Expression::parse_in(root, variables)?))
}

fn parse_sort(operand: &Bson) -> Result<SortOrder> {
    let spec = object(operand, 15973, "$sort")?;
    if spec.is_empty() {
        return Err(Error::new(15976, "$sort stage must have at least one sort key"));
    }
    SortOrder::parse(spec)
}

fn bound(name: &str, code: i32) -> Error {
    Error::new(code, format!("invalid argument to {name} stage: expected a whole number within range"))
}

/// A whole number of 64 bits that is at least `least`.
pub(super) fn whole(operand: &Bson, least: usize) -> Option<usize> {
    Number::from_bson(operand)
        .and_then(Number::to_i64_exact)
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| *number >= least)
}

fn parse_limit(operand: &Bson) -> Result<Stage> {
    let is_zero = Number::from_bson(operand).is_some_and(Number::is_zero);
    if is_zero {
        return Err(Error::new(15958, "the limit must be positive"));
    }
    Ok(Stage::Limit(whole(operand, 1).ok_or_else(|| bound("$limit", 5107201))?))
}

fn parse_count(operand: &Bson) -> Result<String> {
    let Bson::String(name) = operand else {
        return Err(Error::new(40156, "the count field must be a non-empty string"));
    };
    if name.is_empty() {
        return Err(Error::new(40157, "the count field must be a non-empty string"));
    }
    if name.starts_with('$') {
        return Err(Error::new(40158, "the count field cannot be a $-prefixed path"));
    }
    if name.contains('\0') {
        return Err(Error::new(40159, "the count field cannot contain a null byte"));
    }
    if name.contains('.') {
        return Err(Error::new(40160, "the count field cannot contain '.'"));
    }
    if name == "_id" {
        return Err(Error::new(9039800, "the count field cannot be '_id'"));
    }
    Ok(name.clone())
}

fn parse_sort_by_count(operand: &Bson, variables: &Variables) -> Result<Vec<Stage>> {
    let is_expression = match operand {
        Bson::String(text) => {
            if !text.starts_with('$') {
                return Err(Error::new(
                    40148,
                    "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
                ));
            }
            true
        }
        Bson::Document(inner) => {
            if !inner.keys().next().is_some_and(|name| name.starts_with('$')) {
                return Err(Error::new(40147, "the sortByCount field must not be an object without an expression"));
            }
            true
        }
        _ => false,
    };
    if !is_expression {
        return Err(Error::new(40149, "the sortByCount field must be specified as a string or as an object"));
    }
    let order = SortOrder::parse(&bson::doc! {"count": -1})?;
    Ok(vec![Stage::Group(Group::counting(Expression::parse_in(operand, variables)?)), Stage::Sort(order)])
}

/// A field's name as a new top-level or dotted field.
pub(super) fn new_field(name: &str) -> Result<()> {
    check_path(name)
}
