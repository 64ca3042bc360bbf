//! What somebody new proves who they are with: a password that they choose, or what an outside provider says.

use domain::{Doc, Error, Result, Violation};
use edge::Call;
use serde_json::Value;
use store::Assertion;

use crate::entrance::text;
use crate::{credential, password};

/// What the identity is opened with from now on.
pub enum Proof {
    /// A password.
    Password,
    /// A login elsewhere.
    Outside(Assertion),
}

impl Proof {
    /// Either of the two, which must be good.
    pub fn read(call: &Call, input: &Doc) -> Result<Self> {
        match (input.get("password"), input.get("assertion")) {
            (Some(_), None) => {
                password::check(text(input, "password"))?;
                Ok(Self::Password)
            }
            (None, Some(_)) => credential::open(call, text(input, "assertion")).map(Self::Outside),
            (None, None) => Err(required("password")),
            (Some(_), Some(_)) => {
                Err(Violation::on("assertion", "one-of-two", "Expected a password or an assertion, not both.").into())
            }
        }
    }

    /// What the provider says, if one does.
    pub fn assertion(&self) -> Option<&Assertion> {
        match self {
            Self::Password => None,
            Self::Outside(assertion) => Some(assertion),
        }
    }

    /// The hash of the password, if there is one.
    pub fn hash(&self, call: &Call, input: &Doc) -> Result<Option<String>> {
        match self {
            Self::Password => password::hash(text(input, "password"), call.store.random()).map(Some),
            Self::Outside(_) => Ok(None),
        }
    }

    /// Their name: as they write it, or as the provider has it.
    pub fn name<'a>(&'a self, input: &'a Doc) -> Result<&'a str> {
        let said = self.assertion().and_then(|assertion| assertion.name.as_deref());
        input.get("name").and_then(Value::as_str).or(said).ok_or_else(|| required("name"))
    }

    /// Their address: as they write it, or as the provider has seen that it is theirs.
    pub fn email<'a>(&'a self, input: &'a Doc) -> Result<&'a str> {
        let Self::Outside(assertion) = self else {
            return input.get("email").and_then(Value::as_str).ok_or_else(|| required("email"));
        };
        if input.contains_key("email") {
            return Err(Violation::on("email", "one-of-two", "The e-mail address is that of the assertion.").into());
        }
        let unverified = || Violation::on("assertion", "email-unverified", "The provider has not verified an e-mail address.");
        assertion.email.as_deref().ok_or_else(|| unverified().into())
    }
}

fn required(field: &str) -> Error {
    Violation::on(field, "required", "This field is required.").into()
}
