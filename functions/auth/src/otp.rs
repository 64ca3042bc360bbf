//! Codes that are mailed: to log in without the password, and to prove within a session that the mailbox is one's own.

use domain::entity::{Field, email, reference, text};
use domain::json::{object, of};
use domain::{Error, Filter, Time, id, validate};
use edge::{Call, Outcome, Reply};
use store::{Command, PlatformScope, Vault, constant_time_eq, login_code, login_code_expiry, seal_address};

use crate::attempts;
use crate::entrance::text as text_of;
use crate::places;
use crate::{device, identity, login, second_factor};

/// What `ask` takes.
pub const ASKED: &[Field] = &[email("email").required(), text("device", device::LEN_MAX)];
/// What `verify` takes.
pub const ANSWERED: &[Field] =
    &[text("challenge", 1_000).required(), text("code", second_factor::CODE_LEN_MAX).required(), reference("tenant", "tenant")];

/// What a code is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Logging in.
    Login,
    /// Proving again, within a session.
    StepUp,
}

/// A code that was asked for.
pub struct Challenge {
    /// Where it was mailed.
    pub email: String,
    /// What it is known by: it is good once.
    pub nonce: String,
    /// The device that asked for it, if it is known; or the login.
    pub device: Option<String>,
    /// Until when it is good.
    pub expires: Time,
}

/// Has a code mailed to an address, if somebody logs in with it: a job finds that out, so nobody learns it from the answer.
pub async fn ask(call: &Call) -> Outcome {
    let input = validate::input(ASKED, call.input()?)?;
    let email = text_of(&input, "email");
    let device = device::known(&call.config.vault, email, text_of(&input, "device"), call.now());
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(email);
    send(call, call.store.command(&platform), Purpose::Login, email, device).await
}

/// Has a code mailed, and answers with the challenge that it is for; the command is on the platform.
pub async fn send(call: &Call, mut command: Command<'_>, purpose: Purpose, email: &str, device: Option<String>) -> Outcome {
    let (now, vault) = (call.now(), &call.config.vault);
    let nonce = id::from_parts("otp", now.ms(), call.store.random());
    let challenge = Challenge { email: email.to_owned(), nonce, device, expires: login_code_expiry(now) };
    attempts::require(&mut command, attempts::of_code_mail(call, email, challenge.device.as_deref()), now);
    let payload = object(vec![
        ("email", seal_address(vault, email, call.store.random()).into()),
        ("nonce", challenge.nonce.as_str().into()),
        ("expires", challenge.expires.into()),
        ("purpose", purpose.word().into()),
    ]);
    command.job("login-code", "", payload, None);
    command.answer_secret(202, of("challenge", challenge.seal(vault, purpose, call.store.random())));
    Ok(Reply::answer(command.commit().await?))
}

/// Logs in with the code from the mail.
pub async fn verify(call: &Call) -> Outcome {
    let input = validate::input(ANSWERED, call.input()?)?;
    let (vault, now) = (&call.config.vault, call.now());
    let challenge = Challenge::open(call, Purpose::Login, text_of(&input, "challenge"))?;
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
    let is_right = challenge.is_answered(vault, text_of(&input, "code"));
    let (Some(mut identity), true) = (found.docs(step).pop(), is_right) else {
        return Err(second_factor::wrong_code().into());
    };
    let places = places::taken_from(&mut identity, call.now());
    let place = places::chosen(&places, input.get("tenant"), second_factor::wrong_code)?;
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

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Login => "login-challenge",
            Self::StepUp => "step-up-challenge",
        }
    }
}

impl Challenge {
    fn seal(&self, vault: &Vault, purpose: Purpose, random: [u8; 12]) -> String {
        let until = format!("{:x}", self.expires.ms());
        let device = self.device.as_deref().unwrap_or_default();
        // An address has no line breaks.
        let plain = [self.nonce.as_str(), device, &until, &self.email].join("\n");
        vault.seal(purpose.word(), PlatformScope::TENANT, &plain, random)
    }

    /// What a challenge says, which must be ours, for this purpose, and in time.
    pub fn open(call: &Call, purpose: Purpose, sealed: &str) -> Result<Self, Error> {
        let challenge = Self::read(&call.config.vault, purpose, sealed);
        challenge.filter(|challenge| challenge.expires > call.now()).ok_or_else(login::no_challenge)
    }

    /// Whether this is the code that was mailed.
    pub fn is_answered(&self, vault: &Vault, code: &str) -> bool {
        constant_time_eq(login_code(vault, &self.email, &self.nonce).as_bytes(), code.trim().as_bytes())
    }

    fn read(vault: &Vault, purpose: Purpose, sealed: &str) -> Option<Self> {
        let plain = vault.open(purpose.word(), PlatformScope::TENANT, sealed)?;
        let parts: Vec<&str> = plain.split('\n').collect();
        let [nonce, device, until, email] = <[&str; 4]>::try_from(parts).ok()?;
        let expires = Time::from_ms(i64::from_str_radix(until, 16).ok()?);
        let device = (!device.is_empty()).then(|| device.to_owned());
        Some(Self { email: email.to_owned(), nonce: nonce.to_owned(), device, expires })
    }
}
