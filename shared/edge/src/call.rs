//! A call: a request whose sender has been checked, on its way through a handler.

use std::cell::Cell;
use std::rc::Rc;

use domain::validate::card;
use domain::{Doc, Entity, Error, ErrorKind, Policy, Time, Viewer, id, rules};
use platform::Host;
use serde_json::Value;
use store::proof::Session;
use store::{Scope, Store};

use crate::caller::Caller;
use crate::http::Request;
use crate::{Config, Halt, Payload, Route, paths};

/// A request on its way through a handler.
pub struct Call {
    /// The world outside.
    pub host: Host,
    /// The configuration.
    pub config: Rc<Config>,
    /// The way to the data; streams keep it beyond the call.
    pub store: Rc<Store>,
    pub(crate) request: Request,
    pub(crate) route: &'static Route,
    pub(crate) caller: Option<(Caller, Scope)>,
    /// Whether the definitions of custom fields are read though no values are given: that was found to be needed.
    pub(crate) reads_definitions: Cell<bool>,
}

impl Call {
    /// When the request came.
    pub fn now(&self) -> Time {
        self.store.now()
    }

    /// What the session lets its holder reach.
    pub fn scope(&self) -> Result<&Scope, Halt> {
        Ok(&self.authenticated()?.1)
    }

    /// The session: an API key has none.
    pub fn session(&self) -> Result<&Session, Halt> {
        match &self.authenticated()?.0 {
            Caller::Session(session) => Ok(session),
            Caller::Key(_) => Err(Error::internal("an API key got where only sessions get").into()),
        }
    }

    /// Until when what proved who calls is believed.
    pub fn expires(&self) -> Result<Time, Halt> {
        Ok(self.authenticated()?.0.expires(self.now()))
    }

    /// The member who calls.
    pub fn viewer(&self) -> Result<&Viewer, Halt> {
        Ok(self.authenticated()?.0.viewer())
    }

    /// Refuses whoever would change a member, or what gives a policy, that may do more than they.
    pub fn require_as_much(&self, policy: Option<&Policy>) -> Result<(), Halt> {
        let own = &self.viewer()?.policy;
        match policy.is_some_and(|policy| own.may_give(policy)) {
            true => Ok(()),
            false => Err(Error::forbidden("role-not-allowed", "Your role may not give or change what has so much.").into()),
        }
    }

    /// Who calls, and when, for the rules.
    pub fn moment(&self) -> rules::Moment<'_> {
        rules::Moment { now: self.now(), viewer: self.caller.as_ref().map(|(caller, _)| caller.viewer()) }
    }

    /// The entity of the route.
    pub fn entity(&self) -> Result<&'static Entity, Halt> {
        self.route.entity.ok_or_else(|| Error::internal("the route names no entity").into())
    }

    /// A parameter of the path.
    pub fn param(&self, name: &str) -> &str {
        paths::param(self.route.path, &self.request.path, name)
    }

    /// The `{id}` of the path, which must be one of the entity's.
    pub fn id(&self, entity: &Entity) -> Result<&str, Halt> {
        let text = self.param("id");
        if id::is(entity.prefix, text) {
            return Ok(text);
        }
        Err(Error::parameter("id", format!("Expected the id of a {}: {}_ and 26 characters.", entity.name, entity.prefix)).into())
    }

    /// The body as it came.
    pub fn body(&self) -> &str {
        match &self.request.body {
            Payload::Text(text) => text,
            Payload::TooLarge | Payload::NotText => "",
        }
    }

    /// The body as a JSON object without card data; no body is an empty one.
    pub fn input(&self) -> Result<Doc, Halt> {
        let body = self.body();
        if body.trim().is_empty() {
            return Ok(Doc::new());
        }
        match serde_json::from_str(body) {
            Ok(Value::Object(input)) => {
                card::refuse(&input)?;
                Ok(input)
            }
            Ok(_) => Err(Error::malformed("not-an-object", "Expected a JSON object.").into()),
            Err(error) => {
                let detail = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
                Err(Error::malformed("not-json", detail).into())
            }
        }
    }

    /// The raw query.
    pub fn query(&self) -> &str {
        &self.request.query
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<String> {
        self.request.headers.get(name)
    }

    /// The version that `If-Match` demands; none for `*`.
    pub fn if_match(&self) -> Result<Option<i64>, Halt> {
        let Some(header) = self.header("if-match").filter(|header| header.trim() != "*") else { return Ok(None) };
        let tag = header.trim().strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        let version = tag.and_then(|tag| tag.parse().ok());
        let unread =
            || Error::new(ErrorKind::Malformed, "bad-if-match", "Expected one strong entity tag in If-Match, such as \"3\".");
        version.map(Some).ok_or_else(|| unread().into())
    }

    fn authenticated(&self) -> Result<&(Caller, Scope), Halt> {
        let missing = || Error::unauthenticated("missing-token", "An access token is required.");
        self.caller.as_ref().ok_or_else(|| missing().into())
    }
}
