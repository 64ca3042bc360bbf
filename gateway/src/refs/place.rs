//! Puts a value into its place in an operation, where it stays a value whatever it holds.

use bson::{Bson, Document, doc};

use super::reading::Reading;
use crate::failure::{BAD_VALUE, Failure, OVERFLOW};

/// As many levels as a document may have.
const PARTS_LIMIT: usize = 200;

/// Sets the value at the target. What is there is followed; what is missing is created, as nested
/// objects in documents and as one dotted field name in filters and updates, where MongoDB reads it as a path.
pub(super) fn place(body: &mut Document, target: &str, value: Bson) -> Result<(), Failure> {
    let unreachable = || Failure::invalid(format!("refs: {target} is no place in the operation"));
    let (parameter, path) = target.split_once('.').ok_or_else(unreachable)?;
    if path.split('.').any(str::is_empty) {
        return Err(unreachable());
    }
    if path.split('.').nth(PARTS_LIMIT).is_some() {
        return Err(Failure::invalid(format!("refs: a target has {PARTS_LIMIT} parts at most")).with_code(OVERFLOW));
    }
    let reading = Reading::of(parameter, body.get(parameter)).ok_or_else(unreachable)?;
    let root = body.entry(parameter.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
    match set(root, path, value, reading, parameter_is_data(parameter)) {
        Ok(()) => Ok(()),
        Err(Misfit::NoPlace) => Err(unreachable()),
        Err(Misfit::Operator) => {
            Err(Failure::invalid(format!("refs: the value for {target} would be read as an operator")).with_code(BAD_VALUE))
        }
    }
}

fn parameter_is_data(parameter: &str) -> bool {
    matches!(parameter, "document" | "documents" | "replacement")
}

enum Misfit {
    NoPlace,
    Operator,
}

fn set(parent: &mut Bson, path: &str, value: Bson, reading: Reading, is_nested: bool) -> Result<(), Misfit> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let below = reading.below(name);
    match parent {
        Bson::Array(items) => {
            let item = name.parse::<usize>().ok().and_then(|position| items.get_mut(position)).ok_or(Misfit::NoPlace)?;
            match rest {
                Some(rest) => set(item, rest, value, below, is_nested),
                None => {
                    *item = fitting(value, below)?;
                    Ok(())
                }
            }
        }
        Bson::Document(document) => match rest {
            Some(rest) if !document.contains_key(path) => {
                if document.get(name).is_none() {
                    // An operator of an update or a filter is a level of its own, a field name below it is a path.
                    if !is_nested && !name.starts_with('$') {
                        document.insert(path, fitting(value, below)?);
                        return Ok(());
                    }
                    document.insert(name, Document::new());
                }
                set(document.get_mut(name).ok_or(Misfit::NoPlace)?, rest, value, below, is_nested)
            }
            _ => {
                document.insert(path, fitting(value, below)?);
                Ok(())
            }
        },
        _ => Err(Misfit::NoPlace),
    }
}

/// The value as it has to be written for what is read there, if it can be.
fn fitting(value: Bson, reading: Reading) -> Result<Bson, Misfit> {
    let is_safe = match reading {
        Reading::Data => true,
        Reading::Condition if is_operator(&value) => return Ok(Bson::Document(doc! {"$eq": value})),
        Reading::Pushed if has_operator_name(&value) => return Ok(Bson::Document(doc! {"$each": [value]})),
        Reading::Condition | Reading::Pushed => true,
        Reading::Expression => is_plain(&value) && !has_path(&value),
        _ => is_plain(&value),
    };
    if is_safe { Ok(value) } else { Err(Misfit::Operator) }
}

fn is_operator(value: &Bson) -> bool {
    matches!(value, Bson::RegularExpression(_)) || has_operator_name(value)
}

fn has_operator_name(value: &Bson) -> bool {
    value.as_document().is_some_and(|document| document.keys().any(|name| name.starts_with('$')))
}

/// Whether nothing in the value, at any depth, could be an operator.
fn is_plain(value: &Bson) -> bool {
    match value {
        Bson::Document(document) => {
            let is_name = |name: &String| !name.starts_with('$') && !name.contains(".$");
            document.iter().all(|(name, value)| is_name(name) && is_plain(value))
        }
        Bson::Array(items) => items.iter().all(is_plain),
        Bson::RegularExpression(_) => false,
        _ => true,
    }
}

/// Whether the value holds a text that an expression takes for the path of a field.
fn has_path(value: &Bson) -> bool {
    match value {
        Bson::Document(document) => document.values().any(has_path),
        Bson::Array(items) => items.iter().any(has_path),
        Bson::String(text) => text.starts_with('$'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut body: Document, target: &str, value: impl Into<Bson>, expected: Result<Document, &str>) {
        match (place(&mut body, target, value.into()), expected) {
            (Ok(()), Ok(expected)) => assert_eq!(body, expected, "{target}"),
            (Err(failure), Err(part)) => assert!(failure.error.contains(part), "{target}: {}", failure.error),
            (Ok(()), Err(_)) => panic!("{target} was placed: {body}"),
            (Err(failure), Ok(_)) => panic!("{target}: {}", failure.error),
        }
    }

    fn operator() -> Document {
        doc! {"$gt": 0}
    }

    fn pattern() -> Bson {
        Bson::RegularExpression(bson::Regex { pattern: "x".try_into().unwrap(), options: "".try_into().unwrap() })
    }

    #[test]
    fn a_stored_operator_is_compared_with_in_a_filter() {
        let literal = doc! {"$eq": operator()};
        for (filter, target, expected) in [
            (doc! {}, "filter.a", doc! {"a": literal.clone()}),
            (doc! {"a": 1}, "filter.a", doc! {"a": literal.clone()}),
            (doc! {}, "filter.a.b", doc! {"a.b": literal.clone()}),
            (doc! {"$and": [{}]}, "filter.$and.0.a", doc! {"$and": [{"a": literal.clone()}]}),
            (doc! {"a": {"$eq": 1}}, "filter.a.$eq", doc! {"a": literal.clone()}),
            (doc! {"a": {"$not": 1}}, "filter.a.$not", doc! {"a": {"$not": literal.clone()}}),
            (doc! {"a": {"$elemMatch": {}}}, "filter.a.$elemMatch.b", doc! {"a": {"$elemMatch": {"b": literal.clone()}}}),
        ] {
            check(doc! {"filter": filter}, target, operator(), Ok(doc! {"filter": expected}));
        }
        check(doc! {}, "filter.a", pattern(), Ok(doc! {"filter": {"a": {"$eq": pattern()}}}));
        check(doc! {}, "filter.a", doc! {"b": operator()}, Ok(doc! {"filter": {"a": {"b": operator()}}}));
        check(doc! {"arrayFilters": [{}]}, "arrayFilters.0.x", operator(), Ok(doc! {"arrayFilters": [{"x": literal}]}));
    }

    #[test]
    fn where_a_filter_reads_nothing_but_operators_none_is_let_in() {
        let body = doc! {"filter": {"$or": [{}], "a": {"$in": [1], "$elemMatch": {}}, "$expr": {"$eq": [1, 2]}}};
        for value in [Bson::from(operator()), doc! {"b": operator()}.into(), doc! {"b": pattern()}.into()] {
            for target in ["filter.$or", "filter.$or.0", "filter.a.$in.0", "filter.a.$elemMatch", "filter.$expr.$eq.0"] {
                check(body.clone(), target, value.clone(), Err(target));
            }
        }
        check(body, "filter.$expr.$eq.0", "$secret", Err("$expr"));
    }

    #[test]
    fn an_update_keeps_what_it_sets_and_reads_no_modifier() {
        check(doc! {}, "update.$set.a", operator(), Ok(doc! {"update": {"$set": {"a": operator()}}}));
        check(doc! {}, "update.$push.a", operator(), Ok(doc! {"update": {"$push": {"a": {"$each": [operator()]}}}}));
        check(doc! {}, "update.$push.a", "$5", Ok(doc! {"update": {"$push": {"a": "$5"}}}));
        for target in ["update.$pull.a", "update.$set", "update.$currentDate.a", "update.$bit.a"] {
            check(doc! {}, target, operator(), Err(target));
        }
    }

    #[test]
    fn a_pipeline_takes_neither_operators_nor_paths() {
        let body = doc! {"pipeline": [{"$match": {}}, {"$set": {"a": 1}}], "update": [{"$set": {"a": 1}}]};
        for value in [Bson::from(operator()), "$secret".into(), doc! {"b": ["$secret"]}.into()] {
            for target in ["pipeline.1.$set.a", "update.0.$set.a", "projection.a"] {
                check(body.clone(), target, value.clone(), Err(target));
            }
        }
        let mut expected = body.clone();
        place(&mut expected, "pipeline.0.$match.a", "$5".into()).unwrap();
        assert_eq!(expected.get_array("pipeline").unwrap()[0], doc! {"$match": {"a": "$5"}}.into());
        check(doc! {"pipeline": [{"$out": "a"}]}, "pipeline.0", doc! {"$out": "b"}, Err("pipeline.0"));
    }

    #[test]
    fn a_document_takes_everything() {
        check(doc! {}, "document.a", operator(), Ok(doc! {"document": {"a": operator()}}));
        check(doc! {"documents": [{}]}, "documents.0.a", pattern(), Ok(doc! {"documents": [{"a": pattern()}]}));
        check(doc! {}, "replacement.a", "$5", Ok(doc! {"replacement": {"a": "$5"}}));
    }

    #[test]
    fn a_target_has_as_many_parts_as_a_document_has_levels() {
        for (parameter, part) in [("document", "a"), ("filter", "$a")] {
            let target = |parts: usize| format!("{parameter}.{}", vec![part; parts].join("."));
            place(&mut Document::new(), &target(PARTS_LIMIT), 1.into()).unwrap();
            let failure = place(&mut Document::new(), &target(30_000), 1.into()).unwrap_err();
            assert_eq!(failure.code, Some(OVERFLOW));
        }
    }
}
