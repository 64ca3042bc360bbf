//! What a text index holds of a document: its strings, for SQLite's FTS5 with Porter's stemming.

use bson::{Bson, Document};

use crate::path::{Leaf, Path};

/// The table's definition after `CREATE VIRTUAL TABLE name`.
pub const TABLE: &str = "USING fts5(key, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2')";

/// The paths of a key's text fields; `None` where all strings count. Nothing where it is no text index.
pub fn paths(key: &Document) -> Option<Option<Vec<Path>>> {
    let fields: Vec<&str> =
        key.iter().filter(|(_, kind)| **kind == Bson::String("text".to_owned())).map(|(name, _)| name.as_str()).collect();
    if fields.is_empty() {
        return None;
    }
    let all = fields.contains(&"$**");
    Some((!all).then(|| fields.into_iter().map(Path::new).collect()))
}

pub fn content(paths: Option<&[Path]>, document: &Document) -> String {
    let mut content = String::new();
    match paths {
        None => document.values().for_each(|value| add_all(value, &mut content)),
        Some(paths) => {
            for path in paths {
                path.visit(document, Leaf::Elements, &mut |reached| {
                    reached.value.into_iter().for_each(|value| add(value, &mut content));
                    false
                });
            }
        }
    }
    content
}

fn add(value: &Bson, content: &mut String) {
    if let Bson::String(text) = value {
        content.push_str(text);
        content.push('\n');
    }
}

fn add_all(value: &Bson, content: &mut String) {
    match value {
        Bson::Document(document) => document.values().for_each(|inner| add_all(inner, content)),
        Bson::Array(items) => items.iter().for_each(|inner| add_all(inner, content)),
        _ => add(value, content),
    }
}
