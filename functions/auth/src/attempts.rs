//! Attempts to prove who one is: counted before they are made, so that many at once are no faster than one after another.

use data_api::{Action, Operation};
use domain::entities::ATTEMPT;
use domain::json::{list, object, of};
use domain::{Error, ErrorKind, Time, cidr, id};
use edge::Call;
use serde_json::Value;
use store::{Command, Found, PlatformScope, Reading, Step};

use crate::entrance::text as text_of;
use crate::login::no_challenge;
use crate::second_factor::Challenge;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How often one mailed code may be answered.
const CODE_TRIES: i64 = 5;

/// How long the next attempt must wait, in milliseconds, by how many there were beyond the free ones. What need not wait may
/// even have come before: requests at once arrive in any order.
const DELAYS_MS: [i64; 9] = [-HOUR_MS, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 900_000];

/// What attempts are counted by.
pub struct Counter {
    id: String,
    free: i64,
    kept_ms: i64,
    /// Whether a success clears it; else it takes back its own attempt alone.
    is_ones_own: bool,
    /// How many attempts there are at all.
    tries: i64,
}

/// Attempts that have been counted.
pub struct Counted(Vec<(Counter, Step)>);

/// Logging in: a device that has done so before is counted alone, so that nobody else can shut it out; all others by their
/// address, by the account, and by both.
pub fn of_login(call: &Call, email: &str, device: Option<&str>) -> Vec<Counter> {
    if let Some(device) = device {
        return vec![Counter::own(call, &["device", email, device], 5)];
    }
    let account = Counter::own(call, &["email", email], 10).shared(DAY_MS);
    let Some(ip) = network(call) else { return vec![account] };
    vec![Counter::own(call, &["pair", email, &ip], 5), account, Counter::own(call, &["ip", &ip], 50).shared(HOUR_MS)]
}

/// Asking for something without any proof, by the address it is asked from.
pub fn of_address(call: &Call, what: &str) -> Vec<Counter> {
    network(call).map(|ip| Counter::own(call, &[what, &ip], 20).shared(HOUR_MS)).into_iter().collect()
}

/// Asking for a code by mail: a known device alone, all others by their address, and by the account with it.
pub fn of_code_mail(call: &Call, email: &str, device: Option<&str>) -> Vec<Counter> {
    if let Some(device) = device {
        return vec![Counter::own(call, &["code-device", email, device], 3).shared(HOUR_MS)];
    }
    let mut counters = of_address(call, "code-mail");
    let ip = network(call).unwrap_or_default();
    counters.push(Counter::own(call, &["code-pair", email, &ip], 3).shared(HOUR_MS));
    counters.push(Counter::own(call, &["code-account", email], 10).shared(HOUR_MS));
    counters
}

/// Answering one code that was mailed.
pub fn of_code(call: &Call, nonce: &str) -> Counter {
    Counter { tries: CODE_TRIES, ..Counter::own(call, &["code", nonce], CODE_TRIES) }
}

/// The second factor of somebody whose password was right: known devices are counted alone, as at the first.
pub fn of_second_factor(call: &Call, challenge: &Challenge) -> Vec<Counter> {
    let device = challenge.device.as_deref().unwrap_or_default();
    vec![Counter::own(call, &["second-factor", &challenge.identity, device], 5)]
}

/// Proving again who one is, within a session or an invitation.
pub fn of_identity(call: &Call, what: &str, identity: &str) -> Vec<Counter> {
    vec![Counter::own(call, &[what, identity], 5)]
}

/// Uses something up that is good once and until a time; fails so if it was used before.
pub fn use_up(call: &Call, command: &mut Command<'_>, nonce: &str, until: Time, otherwise: Error) {
    let used = [("expires_at".to_owned(), until.into())].into_iter().collect();
    command.insert(&ATTEMPT, &id_of(call, &["used", nonce]), used, &[], otherwise);
}

/// Counts an attempt, unless it comes too early.
pub fn count(reading: &mut Reading<'_>, counters: Vec<Counter>, now: Time) -> Counted {
    let counted = |counter: Counter| {
        let step = reading.operation(counter.operation(now));
        (counter, step)
    };
    Counted(counters.into_iter().map(counted).collect())
}

/// Counts an attempt, or refuses all of the command if it comes too early.
pub fn require(command: &mut Command<'_>, counters: Vec<Counter>, now: Time) {
    for counter in counters {
        let operation = counter.operation(now).expecting("document", of("blocked", false));
        command.operation(operation, Some(too_many(DELAYS_MS.last().copied().unwrap_or_default())));
    }
}

/// Forgets the failures of an account, and those from the caller's address with it.
pub fn forget(call: &Call, command: &mut Command<'_>, email: &str) {
    let ip = network(call).unwrap_or_default();
    for parts in [["email", email].as_slice(), &["pair", email, &ip]] {
        command.operation(addressed(Action::DeleteOne, &id_of(call, parts)), None);
    }
}

impl Counted {
    /// Refuses an attempt that came too early, or after too many.
    pub fn check(&self, found: &mut Found, now: Time) -> Result<(), Error> {
        let mut until = None;
        for (counter, step) in &self.0 {
            let counted = found.doc(*step);
            if counted.get("count").and_then(Value::as_i64).is_none_or(|count| count > counter.tries) {
                return Err(no_challenge());
            }
            let is_early = counted.get("blocked").and_then(Value::as_bool) == Some(true);
            until = until.max(Time::parse(text_of(&counted, "blocked_until")).filter(|_| is_early));
        }
        match until {
            Some(until) => Err(too_many(until.ms() - now.ms())),
            None => Ok(()),
        }
    }

    /// Takes the attempt back: it was a right one.
    pub fn forgive(&self, command: &mut Command<'_>) {
        for (counter, _) in &self.0 {
            let operation = match counter.is_ones_own {
                true => addressed(Action::DeleteOne, &counter.id),
                false => addressed(Action::UpdateOne, &counter.id)
                    .with("update", object(vec![("$inc", of("count", -1)), ("$unset", of("blocked_until", ""))])),
            };
            command.operation(operation, None);
        }
    }
}

impl Counter {
    /// What nobody but one can run up, which a success clears.
    fn own(call: &Call, parts: &[&str], free: i64) -> Self {
        Self { id: id_of(call, parts), free, kept_ms: DAY_MS, is_ones_own: true, tries: i64::MAX }
    }

    /// What many run up together.
    fn shared(self, kept_ms: i64) -> Self {
        Self { kept_ms, is_ones_own: false, ..self }
    }

    /// One more, and when the next may come; what comes too early changes nothing, so that no stranger can prolong a wait.
    fn operation(&self, now: Time) -> Operation {
        let at = || now.ejson();
        let last = i64::try_from(DELAYS_MS.len()).unwrap_or(1) - 1;
        let if_else = |condition: Value, then: &str, otherwise: Value| of("$cond", list(vec![condition, then.into(), otherwise]));
        let is_after_now = |field: &str| of("$gt", list(vec![field.into(), at()]));
        let before = if_else(is_after_now("$expires_at"), "$count", 0.into());
        let beyond = of("$min", list(vec![last.into(), of("$subtract", list(vec!["$count".into(), self.free.into()]))]));
        let delays = list(DELAYS_MS.iter().copied().map(Value::from).collect());
        let delay = of("$arrayElemAt", list(vec![delays, of("$max", list(vec![0.into(), beyond]))]));
        let counted = object(vec![
            ("blocked", is_after_now("$blocked_until")),
            ("count", if_else(is_after_now("$blocked_until"), "$count", of("$add", list(vec![before, 1.into()])))),
            ("created_at", of("$ifNull", list(vec!["$created_at".into(), at()]))),
        ]);
        let waiting = object(vec![
            ("blocked_until", if_else("$blocked".into(), "$blocked_until", of("$add", list(vec![at(), delay])))),
            ("expires_at", if_else("$blocked".into(), "$expires_at", now.plus_ms(self.kept_ms).ejson())),
        ]);
        addressed(Action::FindOneAndUpdate, &self.id)
            .with("update", list(vec![of("$set", counted), of("$set", waiting)]))
            .with("upsert", true)
            .with("returnDocument", "after")
    }
}

/// Whoever has one address of version 6 has billions.
fn network(call: &Call) -> Option<String> {
    call.store.origin().ip.as_deref().map(cidr::network)
}

fn addressed(action: Action, counter: &str) -> Operation {
    let filter = object(vec![("_id", counter.into()), ("tenant_id", PlatformScope::TENANT.into())]);
    Operation::new(action, ATTEMPT.collection).with("filter", filter)
}

/// The id of a counter tells nothing of whom it counts without our key.
fn id_of(call: &Call, parts: &[&str]) -> String {
    id::derived(ATTEMPT.prefix, &[&call.config.vault.sign("attempt", parts)])
}

fn too_many(wait_ms: i64) -> Error {
    let seconds = u32::try_from(wait_ms.max(0).saturating_add(999) / 1_000).unwrap_or(u32::MAX);
    let error = Error::new(ErrorKind::Limited, "too-many-attempts", "There were too many failed attempts. Try again later.");
    Error { retry_after_s: Some(seconds.max(1)), ..error }
}
