//! Accumulators from documents.

use bson::{Bson, Document};

use super::accumulator::{Accumulator, Kind};
use crate::{
    error::{Error, Result},
    expression::{Expression, Variables},
    number::Number,
    sort::SortOrder,
};

/// `{"$sum": …}`
pub(crate) fn parse(field: &str, value: &Bson, variables: &Variables) -> Result<Accumulator> {
    let Bson::Document(document) = value else {
        return Err(Error::new(40234, format!("The field '{field}' must be an accumulator object")));
    };
    let mut entries = document.iter();
    match (entries.next(), entries.next()) {
        (Some((name, operand)), None) => parse_operator(name, operand, variables),
        (None, _) => Err(Error::new(40234, format!("The field '{field}' must be an accumulator object"))),
        _ => Err(Error::new(40238, format!("The field '{field}' must specify one accumulator"))),
    }
}

pub(crate) fn parse_operator(name: &str, operand: &Bson, variables: &Variables) -> Result<Accumulator> {
    let kind = match name {
        "$count" => return parse_count(operand),
        "$median" | "$percentile" => return parse_quantile(name, operand, variables),
        "$firstN" => return parse_n(name, Kind::FirstN, operand, variables),
        "$lastN" => return parse_n(name, Kind::LastN, operand, variables),
        "$minN" => return parse_n(name, Kind::MinN, operand, variables),
        "$maxN" => return parse_n(name, Kind::MaxN, operand, variables),
        "$top" => return parse_ranked(name, Kind::Top, operand, variables),
        "$topN" => return parse_ranked(name, Kind::TopN, operand, variables),
        "$bottom" => return parse_ranked(name, Kind::Bottom, operand, variables),
        "$bottomN" => return parse_ranked(name, Kind::BottomN, operand, variables),
        _ => unary(name).ok_or_else(|| Error::new(15952, format!("unknown group operator '{name}'")))?,
    };
    if let Bson::Array(items) = operand {
        let message = format!("The {name} accumulator is a unary operator, but {} arguments were given", items.len());
        return Err(Error::new(40237, message));
    }
    Ok(plain(kind, Expression::parse_in(operand, variables)?))
}

fn unary(name: &str) -> Option<Kind> {
    Some(match name {
        "$sum" => Kind::Sum,
        "$avg" => Kind::Avg,
        "$min" => Kind::Min,
        "$max" => Kind::Max,
        "$first" => Kind::First,
        "$last" => Kind::Last,
        "$push" => Kind::Push,
        "$addToSet" => Kind::AddToSet,
        "$mergeObjects" => Kind::MergeObjects,
        "$stdDevPop" => Kind::StdDevPop,
        "$stdDevSamp" => Kind::StdDevSamp,
        "$concatArrays" => Kind::ConcatArrays,
        "$setUnion" => Kind::SetUnion,
        _ => return None,
    })
}

fn plain(kind: Kind, input: Expression) -> Accumulator {
    Accumulator { kind, input, n: None, order: SortOrder::default(), percentiles: Vec::new() }
}

fn parse_count(operand: &Bson) -> Result<Accumulator> {
    match operand {
        Bson::Document(empty) if empty.is_empty() => Ok(plain(Kind::Sum, Expression::Constant(Bson::Int32(1)))),
        _ => Err(Error::type_mismatch("$count takes no arguments, i.e. $count:{}")),
    }
}

fn arguments<'a>(name: &str, operand: &'a Bson, known: &[&str], codes: (i32, i32)) -> Result<&'a Document> {
    let Bson::Document(given) = operand else {
        return Err(Error::new(codes.0, format!("specification must be an object; found {name}")));
    };
    match given.keys().find(|argument| !known.contains(&argument.as_str())) {
        Some(argument) => Err(Error::new(codes.1, format!("Unknown argument for {name} operator: {argument}"))),
        None => Ok(given),
    }
}

fn parse_n(name: &str, kind: Kind, operand: &Bson, variables: &Variables) -> Result<Accumulator> {
    let given = arguments(name, operand, &["input", "n"], (5787900, 5787901))?;
    let n = given.get("n").ok_or_else(|| Error::new(5787906, format!("Missing value for 'n' in {name}")))?;
    let input = given.get("input").ok_or_else(|| Error::new(5787907, format!("Missing value for 'input' in {name}")))?;
    let mut accumulator = plain(kind, Expression::parse_in(input, variables)?);
    accumulator.n = Some(Expression::parse_in(n, variables)?);
    Ok(accumulator)
}

fn parse_ranked(name: &str, kind: Kind, operand: &Bson, variables: &Variables) -> Result<Accumulator> {
    let many = matches!(kind, Kind::TopN | Kind::BottomN);
    let known: &[&str] = if many { &["n", "sortBy", "output"] } else { &["sortBy", "output"] };
    let given = arguments(name, operand, known, (5788001, 5788002))?;
    let n = match given.get("n") {
        Some(n) => Some(Expression::parse_in(n, variables)?),
        None if many => return Err(Error::new(5788003, format!("Missing value for 'n' in {name}"))),
        None => None,
    };
    let output = given.get("output").ok_or_else(|| Error::new(5788004, format!("Missing value for 'output' in {name}")))?;
    let order = match given.get("sortBy") {
        Some(Bson::Document(spec)) => SortOrder::parse(spec)?,
        Some(_) => return Err(Error::new(5788604, "expected 'sortBy' to be an object")),
        None => return Err(Error::new(5788005, format!("Missing value for 'sortBy' in {name}"))),
    };
    let mut accumulator = plain(kind, Expression::parse_in(output, variables)?);
    accumulator.n = n;
    accumulator.order = order;
    Ok(accumulator)
}

fn parse_quantile(name: &str, operand: &Bson, variables: &Variables) -> Result<Accumulator> {
    let many = name == "$percentile";
    let known: &[&str] = if many { &["input", "p", "method"] } else { &["input", "method"] };
    let Bson::Document(given) = operand else {
        return Err(Error::new(7429703, format!("specification must be an object; found {name}")));
    };
    if let Some(unknown) = given.keys().find(|argument| !known.contains(&argument.as_str())) {
        return Err(Error::new(40415, format!("BSON field '{name}.{unknown}' is an unknown field.")));
    }
    for required in known {
        if !given.contains_key(required) {
            return Err(Error::new(40414, format!("BSON field '{name}.{required}' is missing but a required field")));
        }
    }
    check_method(given)?;
    let input = given.get("input").unwrap_or(&Bson::Null);
    let kind = if many { Kind::Percentile } else { Kind::Median };
    let mut accumulator = plain(kind, Expression::parse_in(input, variables)?);
    if many {
        let p = Expression::parse_in(given.get("p").unwrap_or(&Bson::Null), variables)?;
        accumulator.percentiles = percentiles(&p.evaluate(&Document::new(), variables)?)?;
    }
    Ok(accumulator)
}

pub(crate) fn check_method(given: &Document) -> Result<()> {
    match given.get("method") {
        Some(Bson::String(method)) if method == "approximate" => Ok(()),
        Some(Bson::String(_)) => Err(Error::bad_value("Currently only 'approximate' can be used as percentile 'method'.")),
        _ => Err(Error::type_mismatch("BSON field 'method' is the wrong type, expected type 'string'")),
    }
}

pub(crate) fn percentiles(value: &Bson) -> Result<Vec<f64>> {
    let refused = || Error::new(7750301, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
    let Bson::Array(items) = value else {
        return Err(refused());
    };
    let numbers: Option<Vec<f64>> =
        items.iter().map(|item| Number::from_bson(item).map(Number::to_f64).filter(|p| (0.0..=1.0).contains(p))).collect();
    numbers.filter(|numbers| !numbers.is_empty()).ok_or_else(refused)
}
