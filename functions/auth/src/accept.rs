//! Accepting an invitation: whoever got the mail joins, with the password they have or a new one.

use domain::entities::{IDENTITY, MEMBERSHIP, TENANT};
use domain::entity::{Field, text};
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Violation, event, json};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{Command, EventOf, Invite, PlatformScope, Scope, open_invite};

use crate::attempts::{self, Counted};
use crate::entrance::{self, text as text_of};
use crate::second_factor::{self, Used};
use crate::{identity, login, password};

const INPUT: &[Field] = &[
    text("token", 500).required(),
    text("name", 200),
    text("password", password::LEN_MAX).required(),
    text("code", second_factor::CODE_LEN_MAX),
];

/// Makes an invited membership an active one, whose member is logged in at once.
pub async fn accept(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    password::check(text_of(&input, "password"))?;
    let invite = open(call, text_of(&input, "token"))?;
    let scope = PlatformScope::of_auth().tenant(&invite.tenant, call.now()).repeated_by(&invite.membership);
    let platform = PlatformScope::of_auth().identities(call.now());
    let Invited { tenant, member, identity, counted } = read(call, &scope, &platform, &invite).await?;
    let name = input.get("name").or_else(|| member.get("name")).and_then(Value::as_str);
    let name = name.ok_or_else(|| Violation::on("name", "required", "This field is required."))?;
    let proof = prove(call, &input, identity)?;
    let mut command = call.store.command(&scope);
    entrance::require_open_tenant(&mut command, &scope);
    let member = activate(&mut command, &scope, &member, proof.identity(), name);
    command.on(&platform);
    counted.forgive(&mut command);
    match &proof {
        Proof::Known(identity, None) => identity::require_unchanged(&mut command, &platform, identity),
        Proof::Known(identity, Some(used)) => second_factor::use_up(&mut command, identity, used),
        Proof::New { id, hash } => identity::insert(&mut command, id, &member, hash, raced()),
    }
    command.on(&scope);
    let token = entrance::open_login(call, &mut command, &member);
    command.answer_secret(200, entrance::welcome(call, &tenant, &member, &token, None)?);
    Ok(Reply::answer(command.commit().await?))
}

/// What an invitation leads to.
struct Invited {
    tenant: Doc,
    member: Doc,
    identity: Option<Doc>,
    counted: Counted,
}

/// Who joins.
enum Proof {
    /// Somebody with a login, whose password was right, and so was their second factor if they have one.
    Known(Doc, Option<Used>),
    /// Somebody new.
    New { id: String, hash: String },
}

impl Proof {
    fn identity(&self) -> &str {
        match self {
            Self::Known(identity, _) => text_of(identity, "_id"),
            Self::New { id, .. } => id,
        }
    }
}

fn open(call: &Call, token: &str) -> Result<Invite, Error> {
    let invite = open_invite(&call.config.vault, token).ok_or_else(invalid)?;
    match invite.expires <= call.now() {
        true => Err(Error::unauthenticated("invite-expired", "The invitation has expired. Ask for a new one.")),
        false => Ok(invite),
    }
}

/// The waiting membership, and the identity of its e-mail address if there is one.
async fn read(call: &Call, scope: &Scope, platform: &Scope, invite: &Invite) -> Result<Invited, Halt> {
    let mut reading = call.store.reading(scope);
    let counted = attempts::count(&mut reading, attempts::of_identity(call, "accept", &invite.membership), call.now());
    let member = reading.one(&MEMBERSHIP, &scope.live().and(Filter::is("_id", invite.membership.as_str())), invalid());
    let known = platform.live().and(Filter::is("email_blind", invite.identity.as_str()));
    let identity = reading.maybe(&IDENTITY, &known);
    reading.keys(scope.tenant());
    let tenant = reading.one(&TENANT, &entrance::open_tenant(scope), invalid());
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let member = found.doc(member);
    match text_of(&member, "status") {
        "invited" => Ok(Invited { tenant: found.doc(tenant), member, identity: found.maybe(identity), counted }),
        "active" => Err(used().into()),
        _ => Err(invalid().into()),
    }
}

fn prove(call: &Call, input: &Doc, identity: Option<Doc>) -> Result<Proof, Halt> {
    let password = text_of(input, "password");
    let Some(identity) = identity else {
        return Ok(Proof::New { id: call.store.id(&IDENTITY), hash: password::hash(password, call.store.random())? });
    };
    let hash = identity.get("password_hash").and_then(Value::as_str);
    if !password::verify(password, hash) {
        return Err(login::refused().into());
    }
    if !second_factor::is_on(&identity) {
        return Ok(Proof::Known(identity, None));
    }
    let code = input.get("code").and_then(Value::as_str).ok_or_else(second_factor::asked)?;
    let used = second_factor::prove(&call.config.vault, &identity, code, call.now()).ok_or_else(second_factor::wrong_code)?;
    Ok(Proof::Known(identity, Some(used)))
}

/// Changes the waiting membership; returns it as it becomes.
fn activate(command: &mut Command<'_>, scope: &Scope, member: &Doc, identity: &str, name: &str) -> Doc {
    let now = scope.now();
    let mut after = member.clone();
    after.extend(json::doc(vec![
        ("identity", identity.into()),
        ("status", "active".into()),
        ("name", name.into()),
        ("joined_at", now.into()),
        ("last_login_at", now.into()),
        ("login_count", 1.into()),
    ]));
    let change = change(member, after);
    let id = text_of(member, "_id");
    let waiting = scope.live().and(Filter::is("_id", id)).and(Filter::is("status", "invited"));
    command.update(&MEMBERSHIP, &waiting, &change, used());
    let (kind, changes) = ("membership.activated", event::diff(&MEMBERSHIP, Some(member), &change.after));
    command.event(EventOf { kind, entity: &MEMBERSHIP, id, lead: None, changes, comment: None, holes: &[] });
    change.after
}

fn raced() -> Error {
    Error::conflict("concurrent-update", "Somebody signed up with this e-mail address just now. Try again.")
}

fn used() -> Error {
    Error::conflict("invite-used", "The invitation was accepted before. Log in.")
}

fn invalid() -> Error {
    Error::unauthenticated("invalid-invite", "The invitation is not valid.")
}
