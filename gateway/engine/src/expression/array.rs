//! Arrays as a whole: size, joining, slicing, ranges, zipping.

use bson::{Bson, Document};

use super::{
    Operator, is_nullish,
    named::Arguments,
    null_if_missing,
    operator::{ANY, argument},
    type_name,
};
use crate::{
    aggregate::{Kind, check_method, over_values, percentiles, quantiles},
    budget::Budget,
    error::{Error, Result},
    number::Number,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$size", 1, 1, size),
    Operator::new("$isArray", 1, 1, |arguments| Ok(Bson::Boolean(matches!(argument(arguments, 0), Bson::Array(_))))),
    Operator::new("$concatArrays", 0, ANY, concat),
    Operator::new("$reverseArray", 1, 1, reverse),
    Operator::new("$slice", 2, 3, slice),
    Operator::new("$range", 2, 3, range),
    Operator::named("$zip", &ZIP, zip),
    Operator::named("$firstN", &FIRST_N, |arguments| some(Kind::FirstN, arguments)),
    Operator::named("$lastN", &FIRST_N, |arguments| some(Kind::LastN, arguments)),
    Operator::named("$minN", &FIRST_N, |arguments| some(Kind::MinN, arguments)),
    Operator::named("$maxN", &FIRST_N, |arguments| some(Kind::MaxN, arguments)),
    Operator::named("$median", &MEDIAN, median),
    Operator::named("$percentile", &PERCENTILE, percentile),
];

const ZIP: Arguments = Arguments {
    required: &["inputs"],
    optional: &["useLongestLength", "defaults"],
    not_an_object: 34460,
    unknown: 34464,
    missing: 34465,
    alone: None,
};

const FIRST_N: Arguments = Arguments {
    required: &["n", "input"],
    optional: &[],
    not_an_object: 5787801,
    unknown: 5787901,
    missing: 5787906,
    alone: None,
};

const MEDIAN: Arguments = Arguments {
    required: &["input", "method"],
    optional: &[],
    not_an_object: 7436100,
    unknown: 40415,
    missing: 40414,
    alone: None,
};

const PERCENTILE: Arguments = Arguments { required: &["input", "p", "method"], ..MEDIAN };

fn size(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Array(items) => Ok(Bson::Int32(i32::try_from(items.len()).unwrap_or(i32::MAX))),
        other => Err(Error::new(17124, format!("The argument to $size must be an array, but was of type: {}", type_name(other)))),
    }
}

fn concat(arguments: &[Bson]) -> Result<Bson> {
    let mut joined = Vec::new();
    for argument in arguments {
        match argument {
            Bson::Array(items) => joined.extend(items.iter().cloned()),
            Bson::Null | Bson::Undefined => return Ok(Bson::Null),
            other => return Err(Error::new(28664, format!("$concatArrays only supports arrays, not {}", type_name(other)))),
        }
    }
    Ok(Bson::Array(joined))
}

fn reverse(arguments: &[Bson]) -> Result<Bson> {
    match argument(arguments, 0) {
        Bson::Array(items) => Ok(Bson::Array(items.iter().rev().cloned().collect())),
        Bson::Null | Bson::Undefined => Ok(Bson::Null),
        other => Err(Error::new(
            34435,
            format!("The argument to $reverseArray must be an array, but was of type: {}", type_name(other)),
        )),
    }
}

fn whole(value: &Bson, code_type: i32, code_whole: i32, message: &str) -> Result<i64> {
    let number = Number::from_bson(value).ok_or_else(|| Error::new(code_type, message))?;
    number.to_i64_exact().filter(|whole| i32::try_from(*whole).is_ok()).ok_or_else(|| Error::new(code_whole, message))
}

fn slice(arguments: &[Bson]) -> Result<Bson> {
    if arguments.iter().any(is_nullish) {
        return Ok(Bson::Null);
    }
    let Bson::Array(items) = argument(arguments, 0) else {
        return Err(Error::new(
            28724,
            format!("First argument to $slice must be an array, but is of type: {}", type_name(argument(arguments, 0))),
        ));
    };
    let second = whole(argument(arguments, 1), 28725, 28726, "Second argument to $slice must be a 32-bit integer")?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (start, count) = if arguments.len() == 3 {
        let count = whole(argument(arguments, 2), 28727, 28728, "Third argument to $slice must be a 32-bit integer")?;
        if count <= 0 {
            return Err(Error::new(28729, "Third argument to $slice must be positive"));
        }
        (if second < 0 { (length + second).max(0) } else { second }, count)
    } else if second < 0 {
        ((length + second).max(0), length)
    } else {
        (0, second)
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Bson::Array(items.iter().skip(start).take(count).cloned().collect()))
}

fn range(arguments: &[Bson]) -> Result<Bson> {
    const LIMIT: i64 = 2_000_000;
    let start = whole(argument(arguments, 0), 34443, 34444, "$range requires a numeric starting value that is a 32-bit integer")?;
    let end = whole(argument(arguments, 1), 34445, 34446, "$range requires a numeric ending value that is a 32-bit integer")?;
    let step = match arguments.get(2) {
        None => 1,
        Some(step) => whole(step, 34447, 34448, "$range requires a numeric step value that is a 32-bit integer")?,
    };
    if step == 0 {
        return Err(Error::new(34449, "$range requires a non-zero step value"));
    }
    if (end - start) / step > LIMIT {
        return Err(Error::new(146, "$range would use too much memory"));
    }
    let mut budget = Budget::operator("$range");
    let mut values = Vec::new();
    let mut at = start;
    while (step > 0 && at < end) || (step < 0 && at > end) {
        let value = Bson::Int32(i32::try_from(at).unwrap_or_default());
        budget.take_item(&value)?;
        values.push(value);
        at += step;
    }
    Ok(Bson::Array(values))
}

fn zip(arguments: &[Bson]) -> Result<Bson> {
    let Bson::Array(inputs) = argument(arguments, 0) else {
        return Err(Error::new(34461, "inputs must be an array of expressions"));
    };
    if inputs.is_empty() {
        return Err(Error::new(34465, "$zip requires at least one input array"));
    }
    let longest = match argument(arguments, 1) {
        Bson::Boolean(longest) => *longest,
        Bson::Undefined => false,
        other => return Err(Error::new(34463, format!("useLongestLength must be a bool, found {}", type_name(other)))),
    };
    let defaults = match argument(arguments, 2) {
        Bson::Array(defaults) => defaults.clone(),
        Bson::Undefined => Vec::new(),
        _ => return Err(Error::new(34462, "defaults must be an array of expressions")),
    };
    if !defaults.is_empty() && !longest {
        return Err(Error::new(34466, "cannot specify defaults unless useLongestLength is true"));
    }
    if !defaults.is_empty() && defaults.len() != inputs.len() {
        return Err(Error::new(34467, "defaults and inputs must have the same length"));
    }
    let mut columns = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input {
            Bson::Array(items) => columns.push(items),
            Bson::Null | Bson::Undefined => return Ok(Bson::Null),
            other => return Err(Error::new(34468, format!("$zip found a non-array expression in input: {}", type_name(other)))),
        }
    }
    let lengths = columns.iter().map(|column| column.len());
    let length = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    let mut budget = Budget::operator("$zip");
    let row = |index: usize| {
        let cell =
            |(at, column): (usize, &&Vec<Bson>)| column.get(index).or_else(|| defaults.get(at)).cloned().unwrap_or(Bson::Null);
        let row = Bson::Array(columns.iter().enumerate().map(cell).collect());
        budget.take_item(&row)?;
        Ok(row)
    };
    (0..length).map(row).collect::<Result<Vec<Bson>>>().map(Bson::Array)
}

fn some(kind: Kind, arguments: &[Bson]) -> Result<Bson> {
    let n = Number::from_bson(argument(arguments, 0))
        .ok_or_else(|| Error::new(5787902, "Value for 'n' must be of integral type"))?
        .to_i64_exact()
        .ok_or_else(|| Error::new(5787903, "Value for 'n' must be of integral type"))?;
    let n = usize::try_from(n).ok().filter(|n| *n > 0).ok_or_else(|| Error::new(5787908, "'n' must be greater than 0"))?;
    let Bson::Array(items) = argument(arguments, 1) else {
        return Err(Error::new(5788200, "Input must be an array"));
    };
    over_values(kind, Some(n), items.clone())
}

fn inputs(value: &Bson) -> Vec<Bson> {
    match value {
        Bson::Array(items) => items.clone(),
        other => vec![null_if_missing(other.clone())],
    }
}

fn method(value: &Bson) -> Result<()> {
    let mut given = Document::new();
    given.insert("method", value.clone());
    check_method(&given)
}

fn median(arguments: &[Bson]) -> Result<Bson> {
    method(argument(arguments, 1))?;
    Ok(quantiles(&inputs(argument(arguments, 0)), &[0.5]).pop().unwrap_or(Bson::Null))
}

fn percentile(arguments: &[Bson]) -> Result<Bson> {
    method(argument(arguments, 2))?;
    let ps = percentiles(argument(arguments, 1))?;
    Ok(Bson::Array(quantiles(&inputs(argument(arguments, 0)), &ps)))
}
