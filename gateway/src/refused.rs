//! What no request may hold: code that runs in the database, and pipelines that write.

use bson::{Bson, Document};

/// Operators that carry JavaScript.
const CODE: [&str; 3] = ["$where", "$function", "$accumulator"];

/// The first operator in the value that runs code.
pub(crate) fn code_in(value: &Bson) -> Option<&'static str> {
    match value {
        Bson::Document(document) => code_in_document(document),
        Bson::Array(items) => items.iter().find_map(code_in),
        _ => None,
    }
}

/// The first operator in the document that runs code.
pub(crate) fn code_in_document(document: &Document) -> Option<&'static str> {
    document.iter().find_map(|(key, value)| {
        let refused = CODE.into_iter().find(|name| name == key);
        refused.or_else(|| code_in(value))
    })
}

/// The stage of the pipeline that writes to a collection.
pub(crate) fn writing_stage(pipeline: &[Document]) -> Option<&'static str> {
    let is_stage = |name: &str| pipeline.iter().any(|stage| stage.contains_key(name));
    ["$out", "$merge"].into_iter().find(|name| is_stage(name))
}
