//! Logging in with what an outside provider says of somebody.

use domain::entity::{Field, reference};
use domain::{Error, Filter, validate};
use edge::{Call, Outcome};
use store::PlatformScope;

use crate::entrance::text as text_of;
use crate::{attempts, credential, identity, login, places, second_factor};

/// What `login` takes.
pub const INPUT: &[Field] = &[credential::ASSERTION.required(), reference("tenant", "tenant")];

/// Exchanges an assertion for a session of the identity that it is linked to, or may be linked to now.
pub async fn login(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let assertion = credential::open(call, text_of(&input, "assertion"))?;
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(&assertion.nonce);
    let mut reading = call.store.reading(&platform);
    // Nobody guesses an assertion, so nothing is counted.
    let counted = attempts::count(&mut reading, Vec::new(), call.now());
    reading.keys_of_credential(&credential::asserted(&platform, &assertion));
    let linked = reading.operation(places::with_credential(&assertion.provider, &assertion.subject));
    let named = assertion.email.as_deref().map(|email| {
        reading.keys_of_identity(platform.live().and(Filter::is("email", email)));
        reading.operation(places::with_identity("email", email))
    });
    let mut found = reading.run().await?;
    let (linked, named) = (found.docs(linked).pop(), named.and_then(|step| found.docs(step).pop()));
    let is_linked = linked.is_some();
    let mut identity = linked.or(named).ok_or_else(unknown)?;
    if !is_linked {
        credential::may_open(&assertion, &identity)?;
    }
    let places = places::taken_from(&mut identity, call.now());
    let place = places::chosen(&places, input.get("tenant"), login::refused)?;
    let asks = second_factor::is_on(&identity);
    // Nobody remembers the question for the second factor.
    let scope = if asks { PlatformScope::of_auth().identities(call.now()) } else { platform.clone() };
    let mut command = call.store.command(&scope);
    credential::use_up(call, command.on(&platform), &assertion);
    if asks {
        return login::ask(call, command, &counted, &identity, place, None).await;
    }
    if !is_linked {
        credential::link(&mut command, text_of(&identity, "_id"), &assertion);
        credential::tell(&mut command, text_of(&identity, "_id"), true);
    }
    identity::require_unchanged(&mut command, &platform, &identity);
    login::enter(call, command, &counted, place, &places, None).await
}

fn unknown() -> Error {
    Error::unauthenticated("not-registered", "Nobody logs in with this yet. Sign up, or accept an invitation.")
}
