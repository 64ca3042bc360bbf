//! How deep documents and paths go: what is deeper is refused before anything follows it down.

use bson::{Bson, Document, RawBsonRef, RawDocument};

use crate::error::{Error, Result};

/// The most levels of a document that is written, and the most parts of a path.
pub(crate) const LEVELS: usize = 200;
/// The most levels of a document that is read; the bodies of requests are a little deeper than what is written now.
const READ_LEVELS: usize = 256;
/// The bytes that a level of BSON takes at least: a type, an empty name, a length and an end.
const LEVEL_BYTES: usize = 7;
const OVERFLOW: i32 = 15;

/// Refuses a document that is nested too deeply to be kept.
pub(crate) fn check(document: &Document) -> Result<()> {
    refuse_unless(fits(document, LEVELS), LEVELS)
}

pub(crate) fn check_value(value: &Bson) -> Result<()> {
    refuse_unless(value_fits(value, LEVELS), LEVELS)
}

/// The same for stored bytes; most are too few to be nested deeply.
pub(crate) fn check_bytes(bytes: &[u8]) -> Result<()> {
    if bytes.len() < READ_LEVELS * LEVEL_BYTES {
        return Ok(());
    }
    refuse_unless(raw_fits(RawDocument::from_bytes(bytes)?, READ_LEVELS)?, READ_LEVELS)
}

/// Refuses a dotted path of too many parts.
pub(crate) fn check_path(path: &str) -> Result<()> {
    match path.bytes().filter(|byte| *byte == b'.').count() < LEVELS {
        true => Ok(()),
        false => Err(Error::new(OVERFLOW, "FieldPath is too long")),
    }
}

fn refuse_unless(fits: bool, levels: usize) -> Result<()> {
    match fits {
        true => Ok(()),
        false => Err(Error::new(OVERFLOW, format!("the document exceeds the maximum nesting depth of {levels}"))),
    }
}

fn fits(document: &Document, left: usize) -> bool {
    left > 0 && document.values().all(|value| value_fits(value, left - 1))
}

fn value_fits(value: &Bson, left: usize) -> bool {
    match value {
        Bson::Document(document) => fits(document, left),
        Bson::Array(items) => left > 0 && items.iter().all(|item| value_fits(item, left - 1)),
        Bson::JavaScriptCodeWithScope(code) => fits(&code.scope, left),
        _ => true,
    }
}

fn raw_fits(document: &RawDocument, left: usize) -> Result<bool> {
    if left == 0 {
        return Ok(false);
    }
    for element in document {
        let (_, value) = element?;
        let inner = match value {
            RawBsonRef::Document(inner) => inner,
            RawBsonRef::Array(items) => RawDocument::from_bytes(items.as_bytes())?,
            RawBsonRef::JavaScriptCodeWithScope(code) => code.scope,
            _ => continue,
        };
        if !raw_fits(inner, left - 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn nested(levels: usize) -> Document {
        (1..levels).fold(doc! {}, |inner, level| {
            if level % 2 == 0 {
                doc! {"": [inner]}
            } else {
                doc! {"": inner}
            }
        })
    }

    #[test]
    fn documents_are_refused_by_their_depth() {
        assert!(check(&nested(100)).is_ok());
        assert_eq!(check(&nested(201)).unwrap_err().code, 15);
        assert!(check_bytes(&nested(120).to_vec().unwrap()).is_ok());
        assert_eq!(check_bytes(&(0..256).fold(doc! {}, |inner, _| doc! {"": inner}).to_vec().unwrap()).unwrap_err().code, 15);
        assert!(check_bytes(&(0..255).fold(doc! {}, |inner, _| doc! {"": inner}).to_vec().unwrap()).is_ok());
    }

    #[test]
    fn paths_are_refused_by_their_parts() {
        assert!(check_path(&vec!["a"; 200].join(".")).is_ok());
        assert_eq!(check_path(&vec!["a"; 201].join(".")).unwrap_err().code, 15);
    }
}
