//! The providers that are believed, as the operator lists them.

use domain::{Doc, Error, doc};
use platform::Host;
use serde_json::Value;

const VARIABLE: &str = "OIDC_PROVIDERS";

/// A provider, and for whom its tokens must have been made to be believed.
pub struct Provider {
    /// Its name in paths and credentials.
    pub name: String,
    /// Where its keys are.
    pub jwks_url: String,
    /// What it calls itself.
    pub issuers: Vec<String>,
    /// Our names at the provider: one of them must be the audience, if any are given.
    pub audiences: Vec<String>,
    /// Origins or clients: one of them must be the authorised party, if any are given.
    pub authorized_parties: Vec<String>,
    /// Workspaces: one of them must be named, if any are given.
    pub hosted_domains: Vec<String>,
    /// Which of its verified e-mail addresses are taken for somebody's own today.
    pub authority: Authority,
}

/// For which e-mail addresses a provider can tell whose they are today.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// None.
    Nobody,
    /// Those it hosts itself, as Google says it: of gmail.com, and of the workspace that is named.
    Hosted,
    /// All that it has verified.
    Verified,
}

impl Provider {
    /// The provider of this name: nothing when there is none.
    pub fn find(host: &Host, name: &str) -> Result<Option<Self>, Error> {
        let wrong = || Error::internal("configuration: OIDC_PROVIDERS is not a list of providers");
        let text = host.var(VARIABLE).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let Ok(Value::Array(providers)) = serde_json::from_str(&text) else { return Err(wrong()) };
        let provider = providers.into_iter().filter_map(doc::object).find(|provider| doc::text(provider, "name") == Some(name));
        provider.map(|provider| Self::read(&provider).ok_or_else(wrong)).transpose()
    }

    fn read(provider: &Doc) -> Option<Self> {
        let authority = match doc::text(provider, "email_authority") {
            None | Some("none") => Authority::Nobody,
            Some("hosted") => Authority::Hosted,
            Some("verified") => Authority::Verified,
            Some(_) => return None,
        };
        let read = Self {
            name: doc::text(provider, "name")?.to_owned(),
            jwks_url: doc::text(provider, "jwks_url")?.to_owned(),
            issuers: words(provider, "issuers")?,
            audiences: words(provider, "audiences")?,
            authorized_parties: words(provider, "authorized_parties")?,
            hosted_domains: words(provider, "hosted_domains")?,
            authority,
        };
        // Without either, a token made for anybody else's app would open ours.
        let is_for_us = !read.audiences.is_empty() || !read.authorized_parties.is_empty();
        (!read.issuers.is_empty() && is_for_us).then_some(read)
    }
}

fn words(provider: &Doc, name: &str) -> Option<Vec<String>> {
    match provider.get(name) {
        None => Some(Vec::new()),
        Some(Value::Array(words)) => words.iter().map(|word| word.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use platform::native::Native;

    use super::*;

    fn find(providers: &str, name: &str) -> Result<Option<Provider>, Error> {
        let host: Host = Rc::new(Native::new([(VARIABLE, providers)]));
        Provider::find(&host, name)
    }

    #[test]
    fn a_provider_is_found_by_its_name() {
        let google = r#"[{"name":"google","jwks_url":"https://k","issuers":["i"],"audiences":["a"],"email_authority":"hosted"}]"#;
        let found = find(google, "google").unwrap().unwrap();
        assert!((found.authority, found.audiences) == (Authority::Hosted, vec!["a".to_owned()]));
        assert!(find(google, "clerk").unwrap().is_none() && find("", "google").unwrap().is_none());
    }

    #[test]
    fn a_provider_that_would_believe_tokens_for_others_is_not_taken() {
        let nobody = r#"[{"name":"p","jwks_url":"https://k","issuers":["i"]}]"#;
        let no_issuer = r#"[{"name":"p","jwks_url":"https://k","audiences":["a"]}]"#;
        let typing_error = r#"[{"name":"p","jwks_url":"https://k","issuers":["i"],"audiences":"a"}]"#;
        let unknown = r#"[{"name":"p","jwks_url":"https://k","issuers":["i"],"audiences":["a"],"email_authority":"all"}]"#;
        for providers in [nobody, no_issuer, typing_error, unknown, "{}", "["] {
            assert!(find(providers, "p").is_err(), "{providers}");
        }
    }
}
