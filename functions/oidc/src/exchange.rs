//! An ID token for an assertion of ours.

use domain::entity::{Field, email, text};
use domain::json;
use domain::{Error, ErrorKind, doc, id, validate};
use edge::{Call, Outcome, Reply};
use store::{Assertion, assertion_expiry};

use crate::keys;
use crate::provider::Provider;
use crate::token::{self, Token};

/// What `exchange` takes.
pub const INPUT: &[Field] = &[text("token", token::LEN_MAX).required(), text("nonce", 200)];
const EMAIL: &[Field] = &[email("email").required()];
const NAME_LEN_MAX: usize = 200;
const AVATAR_LEN_MAX: usize = 1_000;

/// Checks a provider's token, and says what it says in an assertion that `auth` believes.
pub async fn exchange(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let provider = Provider::find(&call.host, call.param("provider"))?;
    let provider = provider.ok_or_else(|| Error::new(ErrorKind::NotFound, "no-provider", "There is no such provider."))?;
    let token = Token::read(doc::text(&input, "token").unwrap_or_default()).map_err(refused)?;
    token.check(&provider, doc::text(&input, "nonce"), call.now()).map_err(refused)?;
    let key = keys::find(call, &provider.jwks_url, &token.kid).await?.ok_or_else(|| refused("unknown key"))?;
    if !token.is_signed_by(&key.modulus, &key.exponent, call.now()) {
        return Err(refused("not signed by the key").into());
    }
    let assertion = assertion(call, &provider, &token);
    let avatar = doc::text(&token.claims, "picture");
    let body = json!({
        "assertion": assertion.seal(&call.config.vault, call.store.random()),
        "expires_at": assertion.expires,
        "email": assertion.email,
        "name": assertion.name,
        "avatar": avatar.filter(|url| url.starts_with("https://") && url.len() <= AVATAR_LEN_MAX),
    });
    Ok(Reply::json(200, &body))
}

fn assertion(call: &Call, provider: &Provider, token: &Token<'_>) -> Assertion {
    let claim = |name: &str| doc::text(&token.claims, name);
    let said = claim("email").filter(|_| token.has_verified_email());
    let email = said.and_then(|email| validate::input(EMAIL, doc::fields(json!({ "email": email }))).ok());
    let email = email.as_ref().and_then(|checked| doc::text(checked, "email")).map(str::to_owned);
    let name = claim("name").map(|name| name.chars().take(NAME_LEN_MAX).collect::<String>());
    Assertion {
        nonce: id::from_parts("asr", call.now().ms(), call.store.random()),
        provider: provider.name.clone(),
        subject: claim("sub").unwrap_or_default().to_owned(),
        is_authoritative: email.as_deref().is_some_and(|email| token.is_authoritative(provider.authority, email)),
        email,
        name: name.filter(|name| !name.trim().is_empty()),
        expires: assertion_expiry(call.now()),
    }
}

/// One answer for every token that is not believed; which check it failed is for the log.
fn refused(reason: &'static str) -> Error {
    Error::unauthenticated("invalid-token", "The provider's token is not valid, or not for this service.").because(reason)
}
