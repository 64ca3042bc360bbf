//! Values that an operation of a transaction takes from the results of earlier ones.

mod place;
mod reading;

use bson::{Bson, Document};
use place::place;

use crate::{
    ejson::{iso_date, least_length_of},
    failure::Failure,
    parameters::as_integer,
};

/// Puts each referred value in its place. A path that ends with `?` and leads nowhere puts nothing there.
pub(crate) fn resolve(body: &mut Document, refs: &Document, results: &[Document]) -> Result<(), Failure> {
    let mut left_bytes = TAKEN_BYTES;
    for (target, source) in refs {
        let Bson::String(source) = source else {
            return Err(Failure::mistyped(&format!("refs.{target}"), "a string"));
        };
        let value = if source.contains('{') {
            Bson::String(fill(source, results, &mut left_bytes)?)
        } else if let Some(path) = source.strip_suffix('?') {
            let Some(value) = look_up(path, results)? else { continue };
            taken(value, &mut left_bytes)?
        } else {
            taken(find(source, results)?, &mut left_bytes)?
        };
        place(body, target, value)?;
    }
    Ok(())
}

/// More than the largest write of MongoDB's takes: a short source may stand for a large value, and often.
const TAKEN_BYTES: usize = 64 * 1024 * 1024;

fn taken(value: &Bson, left_bytes: &mut usize) -> Result<Bson, Failure> {
    spend(least_length_of(value), left_bytes)?;
    Ok(value.clone())
}

fn spend(bytes: usize, left_bytes: &mut usize) -> Result<(), Failure> {
    let too_much = || Failure::invalid(format!("refs: an operation takes {TAKEN_BYTES} bytes at most from earlier results"));
    *left_bytes = left_bytes.checked_sub(bytes).ok_or_else(too_much)?;
    Ok(())
}

fn find<'r>(source: &str, results: &'r [Document]) -> Result<&'r Bson, Failure> {
    look_up(source, results)?.ok_or_else(|| missing(source))
}

/// Follows a path such as `0.document.value`; the operation must be there.
fn look_up<'r>(source: &str, results: &'r [Document]) -> Result<Option<&'r Bson>, Failure> {
    let (operation, path) = source.split_once('.').ok_or_else(|| missing(source))?;
    let result = operation.parse::<usize>().ok().and_then(|position| results.get(position));
    Ok(descend(result.ok_or_else(|| missing(source))?, path))
}

fn missing(source: &str) -> Failure {
    Failure::invalid(format!("refs: no earlier result has {source}"))
}

fn descend<'d>(document: &'d Document, path: &str) -> Option<&'d Bson> {
    // A field of that very name comes first: names of fields may hold dots.
    if let Some(value) = document.get(path) {
        return Some(value);
    }
    let (name, rest) = path.split_once('.')?;
    within(document.get(name)?, rest)
}

fn within<'d>(value: &'d Bson, path: &str) -> Option<&'d Bson> {
    match value {
        Bson::Document(document) => descend(document, path),
        Bson::Array(items) => {
            let (position, rest) = path.split_once('.').map_or((path, None), |(position, rest)| (position, Some(rest)));
            let item = items.get(position.parse::<usize>().ok()?)?;
            rest.map_or(Some(item), |rest| within(item, rest))
        }
        _ => None,
    }
}

/// Fills a template such as `SU-{0.document.value:06}`; a doubled brace stands for itself.
fn fill(template: &str, results: &[Document], left_bytes: &mut usize) -> Result<String, Failure> {
    let malformed = || Failure::invalid("refs: a template has a brace without its partner");
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, tail) = rest.split_at_checked(at).ok_or_else(malformed)?;
        filled.push_str(text);
        if let Some(after) = tail.strip_prefix("{{") {
            filled.push('{');
            rest = after;
        } else if let Some(after) = tail.strip_prefix("}}") {
            filled.push('}');
            rest = after;
        } else {
            let (hole, after) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')).ok_or_else(malformed)?;
            let text = fill_hole(hole, results)?;
            spend(text.len(), left_bytes)?;
            filled.push_str(&text);
            rest = after;
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn fill_hole(hole: &str, results: &[Document]) -> Result<String, Failure> {
    let (source, format) = hole.split_once(':').unwrap_or((hole, ""));
    let value = find(source, results)?;
    let wrong = |what: &str| Failure::invalid(format!("refs: {source} {what}"));
    if format.is_empty() {
        return text_of(value).ok_or_else(|| wrong("is no text or number"));
    }
    let width = format
        .strip_prefix('0')
        .and_then(|width| width.parse::<usize>().ok())
        .filter(|width| (1..=WIDTH_LIMIT).contains(width))
        .ok_or_else(|| wrong("has a format other than zeros and a width"))?;
    let number = as_integer(value).ok_or_else(|| wrong("is no whole number"))?;
    Ok(format!("{number:0width$}"))
}

const WIDTH_LIMIT: usize = 40;

fn text_of(value: &Bson) -> Option<String> {
    match value {
        Bson::String(text) => Some(text.clone()),
        Bson::Boolean(flag) => Some(flag.to_string()),
        Bson::ObjectId(id) => Some(id.to_hex()),
        Bson::DateTime(date) => Some(iso_date(date.timestamp_millis())),
        Bson::Decimal128(number) => Some(number.to_string()),
        Bson::Double(number) if as_integer(value).is_none() => Some(number.to_string()),
        _ => as_integer(value).map(|number| number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    fn check(mut body: Document, refs: Document, expected: Result<Document, &str>) {
        let results = [
            doc! {"document": {"value": 42, "list": [{"id": "x"}], "day": bson::DateTime::from_millis(0)}},
            doc! {"insertedId": 7_i64},
        ];
        match (resolve(&mut body, &refs, &results), expected) {
            (Ok(()), Ok(expected)) => assert_eq!(body, expected),
            (Err(failure), Err(expected)) => assert!(failure.error.contains(expected), "{}", failure.error),
            (Ok(()), Err(expected)) => panic!("{body} instead of the error {expected}"),
            (Err(failure), Ok(_)) => panic!("{}", failure.error),
        }
    }

    #[test]
    fn a_path_keeps_the_type_of_its_value() {
        check(
            doc! {"document": {"a": 1}},
            doc! {"document.number": "0.document.value"},
            Ok(doc! {"document": {"a": 1, "number": 42}}),
        );
        check(doc! {}, doc! {"filter._id": "1.insertedId"}, Ok(doc! {"filter": {"_id": 7_i64}}));
        check(
            doc! {"documents": [{"a": 1}]},
            doc! {"documents.0.a": "0.document.list.0.id"},
            Ok(doc! {"documents": [{"a": "x"}]}),
        );
    }

    #[test]
    fn a_template_gives_a_string() {
        check(doc! {}, doc! {"document.r": "SU-{0.document.value:06}"}, Ok(doc! {"document": {"r": "SU-000042"}}));
        check(doc! {}, doc! {"document.r": "{{{0.document.day}}}"}, Ok(doc! {"document": {"r": "{1970-01-01T00:00:00.000Z}"}}));
        check(doc! {}, doc! {"document.r": "{0.document.value"}, Err("brace"));
        check(doc! {}, doc! {"document.r": "{0.document.list:06}"}, Err("0.document.list is no whole number"));
    }

    #[test]
    fn what_an_operation_takes_is_bounded() {
        let results = [doc! {"document": {"text": "x".repeat(TAKEN_BYTES / 8)}}];
        let template = "{0.document.text}".repeat(9);
        let many: Document = (0..9).map(|number| (format!("document.{number}"), "0.document.text".into())).collect();
        for refs in [doc! {"document.a": template}, many] {
            let failure = resolve(&mut Document::new(), &refs, &results).unwrap_err();
            assert!(failure.error.contains("bytes at most"), "{}", failure.error);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        check(doc! {}, doc! {"document.r": "0.document.absent"}, Err("0.document.absent"));
        check(doc! {}, doc! {"document.r": "2.document"}, Err("2.document"));
        check(doc! {}, doc! {"collection": "1.insertedId"}, Err("collection"));
        check(doc! {}, doc! {"expect.count": "1.insertedId"}, Err("expect.count"));
    }

    #[test]
    fn what_may_be_missing_is_left_out() {
        let refs = doc! {"document.r": "0.document.absent.deep?", "document.n": "0.document.value?"};
        check(doc! {"document": {"a": 1}}, refs, Ok(doc! {"document": {"a": 1, "n": 42}}));
        check(doc! {}, doc! {"document.r": "2.document?"}, Err("2.document"));
    }

    #[test]
    fn below_an_update_operator_a_path_stays_a_field_name() {
        check(
            doc! {"update": {"$set": {"x": 1}}},
            doc! {"update.$set.a.b": "1.insertedId"},
            Ok(doc! {"update": {"$set": {"x": 1, "a.b": 7_i64}}}),
        );
        check(doc! {"document": {}}, doc! {"document.a.b": "1.insertedId"}, Ok(doc! {"document": {"a": {"b": 7_i64}}}));
        check(
            doc! {"filter": {"a": {"$in": [1, 2]}}},
            doc! {"filter.a.$in.1": "1.insertedId"},
            Ok(doc! {"filter": {"a": {"$in": [1, 7_i64]}}}),
        );
    }
}
