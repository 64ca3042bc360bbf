//! Logging in by a code that is mailed, in the place of the password.

use domain::entity::{Field, email, reference, text};
use domain::json::{object, of};
use domain::{Filter, Time, id, validate};
use edge::{Call, Outcome, Reply};
use store::{PlatformScope, Vault, constant_time_eq, login_code, login_code_expiry, seal_address};

use crate::attempts;
use crate::entrance::text as text_of;
use crate::places;
use crate::{device, identity, login, second_factor};

const ASKED: &[Field] = &[email("email").required(), text("device", device::LEN_MAX)];
const ANSWERED: &[Field] =
    &[text("challenge", 1_000).required(), text("code", second_factor::CODE_LEN_MAX).required(), reference("tenant", "tenant")];
const PURPOSE: &str = "login-challenge";

/// A code that was asked for.
struct Challenge {
    email: String,
    nonce: String,
    device: Option<String>,
    expires: Time,
}

/// Has a code mailed to an address, if somebody logs in with it: a job finds that out, so nobody learns it from the answer.
pub async fn ask(call: &Call) -> Outcome {
    let input = validate::input(ASKED, call.input()?)?;
    let (email, now, vault) = (text_of(&input, "email"), call.now(), &call.config.vault);
    let challenge = Challenge {
        email: email.to_owned(),
        nonce: id::from_parts("otp", now.ms(), call.store.random()),
        device: device::known(vault, email, text_of(&input, "device"), now),
        expires: login_code_expiry(now),
    };
    let platform = PlatformScope::of_auth().identities(now).repeated_by(email);
    let mut command = call.store.command(&platform);
    attempts::require(&mut command, attempts::of_code_mail(call, email, challenge.device.as_deref()), now);
    let payload = object(vec![
        ("email", seal_address(vault, email, call.store.random()).into()),
        ("nonce", challenge.nonce.as_str().into()),
        ("expires", challenge.expires.into()),
    ]);
    command.job("login-code", "", payload, None);
    command.answer_secret(202, of("challenge", challenge.seal(vault, call.store.random())));
    Ok(Reply::answer(command.commit().await?))
}

/// Logs in with the code from the mail.
pub async fn verify(call: &Call) -> Outcome {
    let input = validate::input(ANSWERED, call.input()?)?;
    let (vault, now) = (&call.config.vault, call.now());
    let challenge = Challenge::open(vault, text_of(&input, "challenge"));
    let challenge = challenge.filter(|challenge| challenge.expires > now).ok_or_else(login::no_challenge)?;
    let email = challenge.email.as_str();
    let platform = PlatformScope::of_auth().identities(now).repeated_by(email);
    let mut reading = call.store.reading(&platform);
    let mut counters = attempts::of_login(call, email, challenge.device.as_deref());
    counters.push(attempts::of_code(call, &challenge.nonce));
    let counted = attempts::count(&mut reading, counters, now);
    reading.keys_of_identity(platform.live().and(Filter::is("email", email)));
    let step = reading.operation(places::with_identity("email", email));
    let mut found = reading.run().await?;
    counted.check(&mut found, now)?;
    let code = login_code(vault, email, &challenge.nonce);
    let is_right = constant_time_eq(code.as_bytes(), text_of(&input, "code").trim().as_bytes());
    let (Some(mut identity), true) = (found.docs(step).pop(), is_right) else {
        return Err(second_factor::wrong_code().into());
    };
    let places = places::taken_from(&mut identity, call.now());
    let place = places::chosen(&places, input.get("tenant")).ok_or_else(second_factor::wrong_code)?;
    let asks = second_factor::is_on(&identity);
    let scope = if asks { PlatformScope::of_auth().identities(now) } else { platform.clone() };
    let mut command = call.store.command(&scope);
    attempts::use_up(call, command.on(&platform), &challenge.nonce, challenge.expires, second_factor::wrong_code());
    if asks {
        return login::ask(call, command, &counted, &identity, place, challenge.device.as_deref()).await;
    }
    identity::require_unchanged(&mut command, &platform, &identity);
    login::enter(call, command, &counted, place, &places, challenge.device).await
}

impl Challenge {
    fn seal(&self, vault: &Vault, random: [u8; 12]) -> String {
        let until = format!("{:x}", self.expires.ms());
        let device = self.device.as_deref().unwrap_or_default();
        // An address has no line breaks.
        let plain = [self.nonce.as_str(), device, &until, &self.email].join("\n");
        vault.seal(PURPOSE, PlatformScope::TENANT, &plain, random)
    }

    fn open(vault: &Vault, sealed: &str) -> Option<Self> {
        let plain = vault.open(PURPOSE, PlatformScope::TENANT, sealed)?;
        let parts: Vec<&str> = plain.split('\n').collect();
        let [nonce, device, until, email] = <[&str; 4]>::try_from(parts).ok()?;
        let expires = Time::from_ms(i64::from_str_radix(until, 16).ok()?);
        let device = (!device.is_empty()).then(|| device.to_owned());
        Some(Self { email: email.to_owned(), nonce: nonce.to_owned(), device, expires })
    }
}
