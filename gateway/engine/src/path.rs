//! Dotted paths: how a filter, a sort or an index key reaches values, through arrays.

use bson::{Bson, Document};

/// A dotted path, split once.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    text: String,
    parts: Vec<String>,
}

/// What happens when the last part of a path holds an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// Its elements, then the array itself.
    Elements,
    /// The array only.
    Whole,
}

/// A value that a path reaches, and the position in the outermost array that was crossed.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'a> {
    pub value: Option<&'a Bson>,
    pub position: Option<usize>,
}

impl Path {
    pub fn new(text: &str) -> Path {
        Path { text: text.to_owned(), parts: text.split('.').map(str::to_owned).collect() }
    }

    /// The path to the value at hand itself.
    pub fn here() -> Path {
        Path { text: String::new(), parts: Vec::new() }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_here(&self) -> bool {
        self.parts.is_empty()
    }

    /// The first part.
    pub fn root(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// Calls `found` for each value until it answers true; a path that ends nowhere is found once with no value, unless it was lost in an array.
    pub fn visit<'a>(&self, document: &'a Document, leaf: Leaf, found: &mut dyn FnMut(Reached<'a>) -> bool) -> bool {
        visit_document(document, &self.parts, leaf, None, found)
    }

    /// The values that sorting and indexing see: elements of arrays, `Undefined` for an empty array, null for what is missing.
    ///
    /// Also the path of the first array that was crossed.
    pub fn index_values(&self, document: &Document) -> (Vec<Bson>, Option<String>) {
        let mut values = Vec::new();
        let mut left = None;
        collect_keys(document, &self.parts, &mut values, &mut left);
        if values.is_empty() {
            values.push(Bson::Null);
        }
        let crossed = left.map(|left| self.parts.get(..self.parts.len() - left).unwrap_or_default().join("."));
        (values, crossed)
    }

    /// Whether a part can be a position in an array.
    pub fn has_position(&self) -> bool {
        self.parts.iter().any(|part| position(part).is_some())
    }

    /// Whether the path leads to a value in some way.
    pub fn exists(&self, document: &Document) -> bool {
        self.visit(document, Leaf::Whole, &mut |reached| reached.value.is_some())
    }
}

/// The value at a path that crosses documents only.
pub fn get<'a>(document: &'a Document, path: &str) -> Option<&'a Bson> {
    let mut parts = path.split('.');
    let mut value = document.get(parts.next()?)?;
    for part in parts {
        value = value.as_document()?.get(part)?;
    }
    Some(value)
}

/// A part that can be a position in an array.
pub fn position(part: &str) -> Option<usize> {
    let plain = part == "0" || !part.starts_with('0');
    (plain && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
}

fn visit_document<'a>(
    document: &'a Document,
    parts: &[String],
    leaf: Leaf,
    outer: Option<usize>,
    found: &mut dyn FnMut(Reached<'a>) -> bool,
) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    match document.get(first) {
        None => found(Reached { value: None, position: outer }),
        Some(value) => visit_value(value, rest, leaf, outer, found),
    }
}

fn visit_value<'a>(
    value: &'a Bson,
    rest: &[String],
    leaf: Leaf,
    outer: Option<usize>,
    found: &mut dyn FnMut(Reached<'a>) -> bool,
) -> bool {
    match value {
        Bson::Array(items) if rest.is_empty() => {
            let elements = leaf == Leaf::Elements
                && items
                    .iter()
                    .enumerate()
                    .any(|(index, item)| found(Reached { value: Some(item), position: outer.or(Some(index)) }));
            elements || found(Reached { value: Some(value), position: outer })
        }
        Bson::Array(items) => visit_items(items, rest, leaf, outer, found),
        _ if rest.is_empty() => found(Reached { value: Some(value), position: outer }),
        Bson::Document(inner) => visit_document(inner, rest, leaf, outer, found),
        _ => found(Reached { value: None, position: outer }),
    }
}

fn visit_items<'a>(
    items: &'a [Bson],
    rest: &[String],
    leaf: Leaf,
    outer: Option<usize>,
    found: &mut dyn FnMut(Reached<'a>) -> bool,
) -> bool {
    let wanted = rest.first().and_then(|part| position(part));
    items.iter().enumerate().any(|(index, item)| {
        let outer = outer.or(Some(index));
        if let Bson::Document(inner) = item
            && visit_document(inner, rest, leaf, outer, found)
        {
            return true;
        }
        wanted == Some(index) && visit_value(item, rest.get(1..).unwrap_or_default(), leaf, outer, found)
    })
}

fn collect_keys(document: &Document, parts: &[String], values: &mut Vec<Bson>, crossed: &mut Option<usize>) {
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    match document.get(first) {
        None => values.push(Bson::Null),
        Some(value) => collect_value(value, rest, values, crossed),
    }
}

fn collect_value(value: &Bson, rest: &[String], values: &mut Vec<Bson>, crossed: &mut Option<usize>) {
    match value {
        Bson::Array(items) if rest.is_empty() => {
            crossed.get_or_insert(rest.len());
            values.extend(items.iter().cloned());
            if items.is_empty() {
                values.push(Bson::Undefined);
            }
        }
        Bson::Array(items) => {
            crossed.get_or_insert(rest.len());
            collect_items(items, rest, values, crossed);
        }
        _ if rest.is_empty() => values.push(value.clone()),
        Bson::Document(inner) => collect_keys(inner, rest, values, crossed),
        _ => values.push(Bson::Null),
    }
}

/// As the matcher reads a part that can be a position: as that, and as a field of the elements where they have it.
fn collect_items(items: &[Bson], rest: &[String], values: &mut Vec<Bson>, crossed: &mut Option<usize>) {
    let name = rest.first();
    let wanted = name.and_then(|part| position(part)).and_then(|index| items.get(index));
    if let Some(item) = wanted {
        collect_value(item, rest.get(1..).unwrap_or_default(), values, crossed);
    }
    for item in items {
        match item {
            Bson::Document(inner) if wanted.is_none() || name.is_some_and(|name| inner.contains_key(name)) => {
                collect_keys(inner, rest, values, crossed);
            }
            _ if wanted.is_none() => values.push(Bson::Null),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn reached(document: &Document, path: &str) -> Vec<Option<Bson>> {
        let mut all = Vec::new();
        Path::new(path).visit(document, Leaf::Elements, &mut |reached| {
            all.push(reached.value.cloned());
            false
        });
        all
    }

    #[test]
    fn paths_cross_arrays_of_documents_and_positions() {
        let document = doc! {"a": [{"b": 1}, {"b": [2, 3]}, 4], "c": {"d": 5}, "e": []};
        assert_eq!(reached(&document, "a.b"), [Some(Bson::Int32(1)), Some(2.into()), Some(3.into()), Some(bson::bson!([2, 3]))]);
        assert_eq!(reached(&document, "a.0.b"), [None, Some(1.into()), None]);
        assert_eq!(reached(&document, "c.d"), [Some(5.into())]);
        assert_eq!(reached(&document, "c.x"), [None]);
        assert_eq!(reached(&document, "e.x"), []);
    }

    #[test]
    fn an_empty_array_sorts_as_undefined_and_a_missing_field_as_null() {
        let document = doc! {"e": []};
        assert_eq!(Path::new("e").index_values(&document).0, [Bson::Undefined]);
        assert_eq!(Path::new("x").index_values(&document).0, [Bson::Null]);
    }
}
