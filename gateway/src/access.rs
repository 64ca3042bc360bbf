//! Who asks: API keys in the order of the protocol, compared in constant time.

use std::sync::Arc;

use data_api::Grant;
use engine::Command;
use hyper::HeaderMap;

use crate::{config::Key, failure::Failure, touched};

/// Finds the key that the headers carry: `Authorization: Bearer`, then `apiKey`, then `api-key`.
pub(crate) fn authenticate<'k>(keys: &'k [Arc<Key>], headers: &HeaderMap) -> Result<&'k Arc<Key>, Failure> {
    let presented = presented(headers).ok_or_else(|| Failure::unauthorised("no authentication methods were specified"))?;
    let hash = hmac_sha256::Hash::hash(presented);
    let mut found = None;
    // Every key is compared, and each over its whole length, so that the time tells nothing.
    for key in keys {
        if is_equal(&key.hash, &hash) {
            found = Some(key);
        }
    }
    found.ok_or_else(|| Failure::unauthorised("invalid session: error finding user for endpoint"))
}

/// Refuses what the key was not given for.
pub(crate) fn authorise(key: &Key, database: &str, grants: &[Grant]) -> Result<(), Failure> {
    if !key.is_for(database) {
        return Err(Failure::unauthorised("the key is not for this database"));
    }
    allow(key, grants)
}

/// Refuses a pipeline that writes without the right to, or reaches a database that the key is not for.
pub(crate) fn authorise_stages(key: &Key, command: &Command) -> Result<(), Failure> {
    for touched in touched::by_command(command) {
        let grants: &[Grant] = if touched.writes { &[Grant::Write, Grant::Admin] } else { &[Grant::Read] };
        match touched.database {
            Some(database) => authorise(key, database, grants)?,
            None => allow(key, grants)?,
        }
    }
    Ok(())
}

/// Refuses what the key may not do in any database.
pub(crate) fn allow(key: &Key, grants: &[Grant]) -> Result<(), Failure> {
    if let Some(grant) = grants.iter().find(|grant| !key.allows(**grant)) {
        let what = match grant {
            Grant::Read => "read",
            Grant::Write => "write",
            Grant::Admin => "administer",
        };
        return Err(Failure::unauthorised(format!("the key may not {what}")));
    }
    Ok(())
}

fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get("authorization").and_then(|value| strip_scheme(value.as_bytes()));
    // Header names know no case: `apiKey` arrives as `apikey`.
    bearer
        .or_else(|| headers.get("apikey").map(|value| value.as_bytes()))
        .or_else(|| headers.get("api-key").map(|value| value.as_bytes()))
}

fn strip_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

fn is_equal(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let difference = one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_may_write_into_another_database_of_the_key_alone() {
        let check = |key: &Key, database: &str| {
            let pipeline = vec![bson::doc! {"$match": {"db": "c"}}, bson::doc! {"$out": {"db": database, "coll": "x"}}];
            authorise_stages(key, &Command::Aggregate { collection: "x".into(), pipeline }).is_ok()
        };
        let key = Key::new("one").for_databases(["a", "b"]);
        assert_eq!((check(&key, "b"), check(&key, "c")), (true, false));
        assert!(!check(&key.without_admin(), "b"));
        assert!(check(&Key::new("one"), "c"));
    }

    #[test]
    fn bearer_comes_before_the_key_headers() {
        let keys = [Key::new("one"), Key::new("two").read_only()].map(Arc::new);
        let with = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            authenticate(&keys, &headers).map(|key| key.write).map_err(|failure| failure.status)
        };
        assert_eq!(with(&[("authorization", "Bearer one"), ("apikey", "two")]), Ok(true));
        assert_eq!(with(&[("authorization", "bearer wrong"), ("apikey", "one")]), Err(401));
        assert_eq!(with(&[("apikey", "two"), ("api-key", "one")]), Ok(false));
        assert_eq!(with(&[("api-key", "one")]), Ok(true));
        assert_eq!(with(&[]), Err(401));
    }
}
