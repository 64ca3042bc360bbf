//! An index: which keys a document has in it.

use bson::{Bson, Document, doc};

use super::{index_spec, text};
use crate::{
    error::{Error, Result},
    key,
    matcher::Matcher,
    number::Number,
    path::Path,
    sort::SortField,
};

/// The most keys one document may have in one index.
const KEY_LIMIT: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Index {
    pub id: i64,
    pub name: String,
    /// As `listIndexes` shows it.
    pub spec: Document,
    pub fields: Vec<SortField>,
    pub unique: bool,
    pub sparse: bool,
    pub partial: Option<(Document, Matcher)>,
    pub expire_after_seconds: Option<i64>,
    /// Which fields some document has had an array at: bit 0 is the first field's.
    pub multikey: u32,
    /// It is an FTS5 table over the strings at these paths, or over all strings.
    pub text: Option<Option<Vec<Path>>>,
    /// It has no keys: its kind is only described.
    pub passive: bool,
    /// Writes keep it, but it does not hold every document yet.
    pub building: bool,
    usable: bool,
}

/// The keys of one document.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub keys: Vec<Vec<u8>>,
    /// Which fields crossed an array.
    pub crossed: u32,
}

impl Index {
    /// From a spec that `index_spec` has made canonical.
    pub fn new(id: i64, spec: Document, multikey: u32) -> Result<Index> {
        let partial = match spec.get("partialFilterExpression") {
            Some(Bson::Document(filter)) => Some((filter.clone(), Matcher::parse(filter)?)),
            _ => None,
        };
        let text = spec.get_document("key").ok().and_then(text::paths);
        let passive = text.is_none() && spec.get_document("key").is_ok_and(index_spec::is_passive);
        Ok(Index {
            id,
            name: spec.get_str("name").unwrap_or_default().to_owned(),
            fields: index_spec::fields(&spec),
            unique: spec.get_bool("unique").unwrap_or(false),
            sparse: spec.get_bool("sparse").unwrap_or(false),
            partial,
            expire_after_seconds: spec
                .get("expireAfterSeconds")
                .and_then(Number::from_bson)
                .map(|seconds| seconds.to_f64() as i64),
            multikey,
            building: false,
            usable: !passive && text.is_none() && !spec.contains_key("hidden") && !spec.contains_key("collation"),
            passive,
            text,
            spec,
        })
    }

    /// Queries may use it.
    pub fn serves(&self) -> bool {
        self.usable && !self.building
    }

    pub fn pattern(&self) -> Document {
        self.spec.get_document("key").cloned().unwrap_or_else(|_| doc! {})
    }

    /// Whether the index holds the document at all.
    pub fn covers(&self, document: &Document) -> Result<bool> {
        if let Some((_, filter)) = &self.partial
            && !filter.matches(document)?
        {
            return Ok(false);
        }
        Ok(!self.sparse || self.fields.iter().any(|field| field.path.exists(document)))
    }

    pub fn keys(&self, document: &Document) -> Result<Keys> {
        if self.passive || !self.covers(document)? {
            return Ok(Keys::default());
        }
        if let Some(paths) = &self.text {
            let content = text::content(paths.as_deref(), document).into_bytes();
            return Ok(Keys { keys: vec![content], crossed: 0 });
        }
        let mut keys = vec![Vec::new()];
        let mut array: Option<String> = None;
        let mut zipped = 0;
        let mut mask = 0;
        for (position, field) in self.fields.iter().enumerate() {
            let (values, crossed) = field.path.index_values(document);
            let parts: Vec<Vec<u8>> = values.iter().map(|value| key::directed(value, field.descending)).collect();
            mask |= u32::from(crossed.is_some()) << position.min(31);
            let together = crossed.is_some() && array == crossed && parts.len() == zipped;
            if let (Some(known), Some(other)) = (&array, &crossed)
                && known != other
            {
                return Err(Error::new(171, "cannot index parallel arrays"));
            }
            if array.is_none() && crossed.is_some() {
                zipped = parts.len();
                array = crossed;
            }
            keys = if together { zip(keys, &parts) } else { product(&keys, &parts) };
            if keys.len() > KEY_LIMIT {
                return Err(Error::new(67, "the document has too many keys for an index"));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(Keys { crossed: mask, keys })
    }
}

fn product(prefixes: &[Vec<u8>], parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    prefixes.iter().flat_map(|prefix| parts.iter().map(move |part| [prefix.as_slice(), part].concat())).collect()
}

/// Fields of the same array's elements stay together.
fn zip(prefixes: Vec<Vec<u8>>, parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    prefixes
        .into_iter()
        .enumerate()
        .map(|(index, mut prefix)| {
            prefix.extend(parts.get(index % parts.len().max(1)).into_iter().flatten());
            prefix
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(spec: Document, document: Document) -> usize {
        Index::new(1, spec, 0).unwrap().keys(&document).unwrap().keys.len()
    }

    #[test]
    fn a_document_has_a_key_per_array_element() {
        assert_eq!(keys(doc! {"key": {"a": 1}}, doc! {"a": [1, 2, 2]}), 2);
        assert_eq!(keys(doc! {"key": {"a": 1, "b": 1}}, doc! {"a": [1, 2], "b": 3}), 2);
        assert_eq!(keys(doc! {"key": {"a.b": 1, "a.c": 1}}, doc! {"a": [{"b": 1, "c": 2}, {"b": 3, "c": 4}]}), 2);
        assert_eq!(keys(doc! {"key": {"a": 1}}, doc! {}), 1);
        assert_eq!(keys(doc! {"key": {"a": 1}, "sparse": true}, doc! {}), 0);
    }

    #[test]
    fn parallel_arrays_are_refused() {
        let index = Index::new(1, doc! {"key": {"a": 1, "b": 1}}, 0).unwrap();
        assert_eq!(index.keys(&doc! {"a": [1], "b": [2]}).unwrap_err().code, 171);
    }
}
