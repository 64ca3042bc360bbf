//! Values that an operation of a transaction takes from the results of earlier ones.

use bson::{Bson, Document};

use crate::{ejson::iso_date, failure::Failure, parameters::as_integer};

/// The parameters of an operation that a reference may reach; never the collection or the expectation.
const TARGETS: [&str; 8] = ["filter", "update", "document", "documents", "replacement", "pipeline", "arrayFilters", "projection"];

/// Puts each referred value in its place.
pub(crate) fn resolve(body: &mut Document, refs: &Document, results: &[Document]) -> Result<(), Failure> {
    for (target, source) in refs {
        let Bson::String(source) = source else {
            return Err(Failure::mistyped(&format!("refs.{target}"), "a string"));
        };
        let value = if source.contains('{') { Bson::String(fill(source, results)?) } else { find(source, results)? };
        place(body, target, value)?;
    }
    Ok(())
}

/// Follows a path such as `0.document.value`.
fn find(source: &str, results: &[Document]) -> Result<Bson, Failure> {
    let missing = || Failure::invalid(format!("refs: no earlier result has {source}"));
    let (operation, path) = source.split_once('.').ok_or_else(missing)?;
    let result = operation.parse::<usize>().ok().and_then(|position| results.get(position)).ok_or_else(missing)?;
    descend(result, path).cloned().ok_or_else(missing)
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
fn fill(template: &str, results: &[Document]) -> Result<String, Failure> {
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
            filled.push_str(&fill_hole(hole, results)?);
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
        return text_of(&value).ok_or_else(|| wrong("is no text or number"));
    }
    let width = format
        .strip_prefix('0')
        .and_then(|width| width.parse::<usize>().ok())
        .filter(|width| (1..=WIDTH_LIMIT).contains(width))
        .ok_or_else(|| wrong("has a format other than zeros and a width"))?;
    let number = as_integer(&value).ok_or_else(|| wrong("is no whole number"))?;
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

/// Sets the value at the target. What is there is followed; what is missing is created, as nested
/// objects in documents and as one dotted field name in filters and updates, where MongoDB reads it as a path.
fn place(body: &mut Document, target: &str, value: Bson) -> Result<(), Failure> {
    let unreachable = || Failure::invalid(format!("refs: {target} is no place in the operation"));
    let (parameter, path) = target.split_once('.').ok_or_else(unreachable)?;
    if path.split('.').any(str::is_empty) {
        return Err(unreachable());
    }
    if !TARGETS.contains(&parameter) {
        return Err(unreachable());
    }
    let is_nested = matches!(parameter, "document" | "documents" | "replacement");
    let root = body.entry(parameter.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
    set(root, path, value, is_nested).ok_or_else(unreachable)
}

fn set(parent: &mut Bson, path: &str, value: Bson, is_nested: bool) -> Option<()> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    match parent {
        Bson::Array(items) => {
            let item = items.get_mut(name.parse::<usize>().ok()?)?;
            match rest {
                Some(rest) => set(item, rest, value, is_nested),
                None => {
                    *item = value;
                    Some(())
                }
            }
        }
        Bson::Document(document) => match rest {
            Some(rest) if !document.contains_key(path) => {
                if document.get(name).is_none() {
                    // An operator of an update or a filter is a level of its own, a field name below it is a path.
                    if !is_nested && !name.starts_with('$') {
                        document.insert(path, value);
                        return Some(());
                    }
                    document.insert(name, Document::new());
                }
                set(document.get_mut(name)?, rest, value, is_nested)
            }
            _ => {
                document.insert(path, value);
                Some(())
            }
        },
        _ => None,
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
    fn what_is_missing_is_named() {
        check(doc! {}, doc! {"document.r": "0.document.absent"}, Err("0.document.absent"));
        check(doc! {}, doc! {"document.r": "2.document"}, Err("2.document"));
        check(doc! {}, doc! {"collection": "1.insertedId"}, Err("collection"));
        check(doc! {}, doc! {"expect.count": "1.insertedId"}, Err("expect.count"));
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
