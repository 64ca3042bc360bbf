//! The headers of a response, as much of `http::HeaderMap` as is used: its table of standard names weighs 7 kB after gzip.

use bytes::Bytes;
pub use http::HeaderValue;

/// Headers by name, whatever its case.
#[derive(Clone, Debug, Default)]
pub struct HeaderMap(Vec<(String, HeaderValue)>);

impl HeaderMap {
    pub(crate) fn new(entries: Vec<(String, Vec<u8>)>) -> Self {
        let entry = |(name, value): (String, Vec<u8>)| Some((name, HeaderValue::from_maybe_shared(Bytes::from(value)).ok()?));
        // What HTTP does not allow cannot be asked for either.
        Self(entries.into_iter().filter_map(entry).collect())
    }

    /// The first header of this name.
    pub fn get(&self, name: impl AsRef<str>) -> Option<&HeaderValue> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name.as_ref())).map(|(_, value)| value)
    }
}
