//! Finding parts of strings, by text and by regular expression.

use bson::{Bson, doc};

use super::{Operator, is_nullish, lookup::bound, named::Arguments, operator::argument, type_name};
use crate::{
    budget::Budget,
    error::{Error, Result},
    interrupt,
    matcher::Pattern,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$indexOfBytes", 2, 4, |arguments| index_of("$indexOfBytes", arguments, false)),
    Operator::new("$indexOfCP", 2, 4, |arguments| index_of("$indexOfCP", arguments, true)),
    Operator::named("$regexMatch", &REGEX, regex_match),
    Operator::named("$regexFind", &REGEX, regex_find),
    Operator::named("$regexFindAll", &REGEX, regex_find_all),
];

const REGEX: Arguments = Arguments {
    required: &["input", "regex"],
    optional: &["options"],
    not_an_object: 51103,
    unknown: 31024,
    missing: 31022,
    alone: None,
};

fn index_of(name: &str, arguments: &[Bson], by_points: bool) -> Result<Bson> {
    let codes = if by_points { (40093, 40094) } else { (40091, 40092) };
    let input = match argument(arguments, 0) {
        Bson::String(input) => input,
        value if is_nullish(value) => return Ok(Bson::Null),
        other => {
            return Err(Error::new(
                codes.0,
                format!("{name} requires a string as the first argument, found: {}", type_name(other)),
            ));
        }
    };
    let Bson::String(wanted) = argument(arguments, 1) else {
        return Err(Error::new(
            codes.1,
            format!("{name} requires a string as the second argument, found: {}", type_name(argument(arguments, 1))),
        ));
    };
    let limit = |index: usize, default: usize| arguments.get(index).map_or(Ok(default), |value| bound(name, value));
    let (start, end) = (limit(2, 0)?, limit(3, usize::MAX)?);
    let byte_of = |position: usize| {
        if by_points {
            input.char_indices().nth(position).map_or(input.len(), |(byte, _)| byte)
        } else {
            position.min(input.len())
        }
    };
    let (from, to) = (byte_of(start), byte_of(end));
    let found =
        input.get(from..to).and_then(|part| part.find(wanted.as_str())).map(|byte| from + byte).filter(|_| start <= input.len());
    let position = found.map(|byte| if by_points { points_before(input, byte) } else { byte });
    Ok(Bson::Int32(position.and_then(|position| i32::try_from(position).ok()).unwrap_or(-1)))
}

fn points_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < byte).count()
}

/// `None` where something is null.
fn operands(arguments: &[Bson]) -> Result<Option<(String, Pattern)>> {
    let options = match argument(arguments, 2) {
        Bson::String(options) => Some(options.as_str()),
        value if is_nullish(value) => None,
        _ => return Err(Error::new(51106, "regex operators need 'options' to be of type string")),
    };
    let pattern = match argument(arguments, 1) {
        Bson::String(source) => Some(pattern(source, options.unwrap_or_default())?),
        Bson::RegularExpression(regex) => {
            let own = regex.options.as_str();
            if options.is_some() && !own.is_empty() {
                return Err(Error::new(51107, "found regex options specified in both 'regex' and 'options' fields"));
            }
            Some(pattern(regex.pattern.as_str(), options.unwrap_or(own))?)
        }
        value if is_nullish(value) => None,
        _ => return Err(Error::new(51105, "regex operators need 'regex' to be of type string or regex")),
    };
    let input = match argument(arguments, 0) {
        Bson::String(input) => Some(input.clone()),
        value if is_nullish(value) => None,
        _ => return Err(Error::new(51104, "regex operators need 'input' to be of type string")),
    };
    Ok(input.zip(pattern))
}

/// What a search refuses with 51091 is refused with 51111 here.
fn pattern(source: &str, options: &str) -> Result<Pattern> {
    Pattern::new(source, options).map_err(|error| match error.code {
        51091 => Error::new(51111, "Invalid Regex"),
        _ => error,
    })
}

fn regex_match(arguments: &[Bson]) -> Result<Bson> {
    let found = operands(arguments)?.is_some_and(|(input, pattern)| pattern.regex().is_match(&input));
    Ok(Bson::Boolean(found))
}

fn describe(input: &str, captures: &regex::Captures<'_>) -> Bson {
    let whole = captures.get(0);
    let text = whole.map_or("", |found| found.as_str());
    let start = whole.map_or(0, |found| found.start());
    let groups: Vec<Bson> =
        captures.iter().skip(1).map(|group| group.map_or(Bson::Null, |group| Bson::String(group.as_str().to_owned()))).collect();
    let position = i32::try_from(points_before(input, start)).unwrap_or(i32::MAX);
    Bson::Document(doc! {"match": text, "idx": position, "captures": groups})
}

fn regex_find(arguments: &[Bson]) -> Result<Bson> {
    let Some((input, pattern)) = operands(arguments)? else {
        return Ok(Bson::Null);
    };
    Ok(pattern.regex().captures(&input).map_or(Bson::Null, |captures| describe(&input, &captures)))
}

fn regex_find_all(arguments: &[Bson]) -> Result<Bson> {
    let Some((input, pattern)) = operands(arguments)? else {
        return Ok(Bson::Array(Vec::new()));
    };
    let mut budget = Budget::operator("$regexFindAll");
    let one = |captures| {
        interrupt::check()?;
        let found = describe(&input, &captures);
        budget.take_item(&found)?;
        Ok(found)
    };
    pattern.regex().captures_iter(&input).map(one).collect::<Result<Vec<Bson>>>().map(Bson::Array)
}
