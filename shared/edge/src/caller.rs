//! Who calls: somebody in a session, by its access token, or a program, by its API key.

use std::rc::Rc;

use domain::{Error, Time, Viewer};
use platform::Host;
use store::proof::{ACCESS_TOKEN_TTL_S, ApiKey, KEY_PREFIX, Session, VerifiedKey, invalid_key};
use store::{Halt, Scope, Store};

use crate::{Access, Config, Request, Route};

/// An IPv6 address with an embedded IPv4 address.
const IP_LEN_MAX: usize = 45;

/// Who calls, once that has been checked.
pub(crate) enum Caller {
    /// Somebody.
    Session(Session),
    /// A program.
    Key(VerifiedKey),
}

impl Caller {
    /// The tenant.
    pub fn tenant(&self) -> &str {
        match self {
            Self::Session(session) => session.tenant(),
            Self::Key(key) => key.tenant(),
        }
    }

    /// The member who acts.
    pub fn viewer(&self) -> &Viewer {
        match self {
            Self::Session(session) => session.viewer(),
            Self::Key(key) => key.viewer(),
        }
    }

    /// Until when what was checked is believed.
    pub fn expires(&self, now: Time) -> Time {
        match self {
            Self::Session(session) => session.expires(),
            Self::Key(key) => {
                let soon = now.plus_ms(ACCESS_TOKEN_TTL_S * 1_000);
                key.expires().map_or(soon, |expires| expires.min(soon))
            }
        }
    }

    fn scope(&self, now: Time) -> Scope {
        match self {
            Self::Session(session) => Scope::of_session(session, now),
            Self::Key(key) => Scope::of_key(key, now),
        }
    }
}

/// Who calls, if the route wants to know: 401 without a proof, 403 without the permission. A key costs a trip.
pub(crate) async fn check(
    route: &Route,
    config: &Config,
    request: &Request,
    host: &Host,
    store: &Rc<Store>,
) -> Result<Option<(Caller, Scope)>, Halt> {
    if route.access == Access::Public {
        return Ok(None);
    }
    let header = request.headers.get("authorization");
    let token = header.as_deref().and_then(|header| header.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let token = token.ok_or_else(|| Error::unauthenticated("missing-token", "An access token is required."))?;
    let caller = match token.starts_with(KEY_PREFIX) {
        true => Caller::Key(key(token, config, request, host, store).await?),
        false => Caller::Session(session(token, config, store)?),
    };
    match (route.access, &caller) {
        (Access::Member, Caller::Key(_)) => {
            Err(Error::forbidden("session-required", "This is for people who have logged in, not for API keys.").into())
        }
        (Access::May(permission), _) if caller.viewer().policy.reach(permission).is_none() => {
            let whose = if matches!(caller, Caller::Key(_)) { "The API key" } else { "Your role" };
            Err(Error::forbidden("forbidden", format!("{whose} lacks the permission {permission}.")).into())
        }
        _ => {
            let scope = caller.scope(store.now());
            Ok(Some((caller, scope)))
        }
    }
}

fn session(token: &str, config: &Config, store: &Store) -> Result<Session, Error> {
    let session = config.keys.verify(token, store.now())?;
    if let Some(keys) = session.keys() {
        store.learn_keys(session.tenant(), keys);
    }
    Ok(session)
}

async fn key(token: &str, config: &Config, request: &Request, host: &Host, store: &Rc<Store>) -> Result<VerifiedKey, Halt> {
    let key = ApiKey::parse(&config.vault, token).ok_or_else(invalid_key)?;
    let key = key.verify(store, || client_ip(config, request)).await?;
    if !key.is_use_known() {
        let (key, store) = (key.clone(), store.clone());
        host.after_response(Box::pin(async move { key.note_use(&store).await }));
    }
    Ok(key)
}

/// The address of the caller, where something tells it that can be trusted.
pub(crate) fn client_ip(config: &Config, request: &Request) -> Option<String> {
    let header = config.client_ip_header.as_deref()?;
    request.headers.get(header).filter(|ip| ip.len() <= IP_LEN_MAX)
}
