//! Accepting an invitation: whoever got the mail joins, with the login they have, here or elsewhere, or a new one. Where the tenant
//! wants it so, they wait until somebody lets them in.

use domain::entities::{ACTIVATION_KEY, IDENTITY, MEMBERSHIP, SETTING, TENANT};
use domain::entity::{Field, text};
use domain::role::STAFF;
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, event, json};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{Assertion, Audience, Command, EventOf, Invite, PlatformScope, Scope, open_invite};

use crate::attempts::{self, Counted};
use crate::entrance::{self, text as text_of};
use crate::proof::Proof;
use crate::second_factor::{self, Used};
use crate::{credential, identity, login, password, places};

/// What `accept` takes.
pub const INPUT: &[Field] = &[
    text("token", 500).required(),
    text("name", 200),
    text("password", password::LEN_MAX),
    credential::ASSERTION,
    text("code", second_factor::CODE_LEN_MAX),
];

/// Makes an invited membership an active one, whose member is logged in at once, or one that waits.
pub async fn accept(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let proof = Proof::read(call, &input)?;
    let invite = open(call, text_of(&input, "token"))?;
    let scope = PlatformScope::of_auth().tenant(&invite.tenant, call.now()).repeated_by(&invite.membership);
    let scope = scope.entered_by(&invite.membership);
    let platform = PlatformScope::of_auth().identities(call.now());
    let invited = read(call, &scope, &platform, &invite, proof.assertion()).await?;
    let entrant = enter(call, &input, &proof, &invited)?;
    let Invited { tenant, member, counted, waits, .. } = invited;
    let name = member.get("name").and_then(Value::as_str);
    let name = input.get("name").and_then(Value::as_str).or(name).map_or_else(|| proof.name(&input), Ok)?;
    let mut command = call.store.command(&scope);
    command.require(&TENANT, entrance::joinable_tenant(&scope), entrance::inactive());
    let member = join(&mut command, &scope, &member, entrant.identity(), name, waits);
    command.on(&platform);
    counted.forgive(&mut command);
    match &entrant {
        Entrant::Known { identity, used: None, .. } => identity::require_unchanged(&mut command, &platform, identity),
        Entrant::Known { identity, used: Some(used), .. } => second_factor::use_up(&mut command, identity, used),
        // The link came by mail.
        Entrant::New { id, hash } => identity::insert(&mut command, id, &member, hash.as_deref(), Some(call.now()), raced()),
    }
    if let Some(assertion) = proof.assertion() {
        credential::use_up(call, &mut command, assertion);
        if !entrant.is_linked() {
            credential::link(&mut command, entrant.identity(), assertion);
            if let Entrant::Known { .. } = &entrant {
                credential::tell(&mut command, entrant.identity(), true);
            }
        }
    }
    command.on(&scope);
    if waits {
        let mut body = entrance::place(&tenant, &member);
        body.insert("status".to_owned(), "pending".into());
        command.answer_secret(202, body.into());
        return Ok(Reply::answer(command.commit().await?));
    }
    let token = entrance::open_login(call, &mut command, &member);
    command.answer_secret(200, entrance::welcome(call, &tenant, &member, &token, None)?);
    Ok(Reply::answer(command.commit().await?))
}

/// What an invitation leads to.
struct Invited {
    tenant: Doc,
    member: Doc,
    /// Who logs in with the address that was invited.
    identity: Option<Doc>,
    /// Whom the login elsewhere opens.
    linked: Option<Doc>,
    counted: Counted,
    /// Whether whoever joins waits to be activated.
    waits: bool,
}

/// Who joins.
enum Entrant {
    /// Somebody with a login that was right, and so was their second factor if they have one.
    Known { identity: Doc, used: Option<Used>, is_linked: bool },
    /// Somebody new.
    New { id: String, hash: Option<String> },
}

impl Entrant {
    fn identity(&self) -> &str {
        match self {
            Self::Known { identity, .. } => text_of(identity, "_id"),
            Self::New { id, .. } => id,
        }
    }

    fn is_linked(&self) -> bool {
        matches!(self, Self::Known { is_linked: true, .. })
    }
}

fn open(call: &Call, token: &str) -> Result<Invite, Error> {
    let invite = open_invite(&call.config.vault, token).ok_or_else(invalid)?;
    match invite.expires <= call.now() {
        true => Err(Error::unauthenticated("invite-expired", "The invitation has expired. Ask for a new one.")),
        false => Ok(invite),
    }
}

/// The waiting membership, the identity of its e-mail address and that of the login elsewhere, if there are any.
async fn read(
    call: &Call,
    scope: &Scope,
    platform: &Scope,
    invite: &Invite,
    assertion: Option<&Assertion>,
) -> Result<Invited, Halt> {
    let mut reading = call.store.reading(scope);
    let counted = attempts::count(&mut reading, attempts::of_identity(call, "accept", &invite.membership), call.now());
    let member = reading.one(&MEMBERSHIP, &scope.live().and(Filter::is("_id", invite.membership.as_str())), invalid());
    let known = platform.live().and(Filter::is("email_blind", invite.identity.as_str()));
    let identity = reading.maybe(&IDENTITY, &known);
    reading.keys(scope.tenant());
    let tenant = reading.one(&TENANT, &entrance::joinable_tenant(scope), invalid());
    let activation = reading.maybe(&SETTING, &scope.live().and(Filter::is("key", ACTIVATION_KEY)));
    let linked = assertion.map(|said| reading.operation(places::with_credential(&said.provider, &said.subject)));
    let mut found = reading.run().await?;
    counted.check(&mut found, call.now())?;
    let (member, mut identity) = (found.doc(member), found.maybe(identity));
    if identity.is_none() && call.config.vault.is_turning() {
        // The link names it by a digest under one master key, and it may be known under another.
        let same = platform.live().and(Filter::is("email", text_of(&member, "email")));
        identity = call.store.find(platform, &IDENTITY, same).await?;
    }
    match text_of(&member, "status") {
        "invited" => Ok(Invited {
            tenant: found.doc(tenant),
            member,
            identity,
            linked: linked.and_then(|step| found.docs(step).pop()),
            counted,
            waits: found.doc(activation).get("value").and_then(Value::as_str) == Some("manual"),
        }),
        "active" | "pending" => Err(used().into()),
        _ => Err(invalid().into()),
    }
}

/// Who joins, once that has been proved.
fn enter(call: &Call, input: &Doc, proof: &Proof, Invited { identity, linked, .. }: &Invited) -> Result<Entrant, Halt> {
    let id = |identity: &Option<Doc>| identity.as_ref().map(|identity| text_of(identity, "_id").to_owned());
    if linked.is_some() && id(linked) != id(identity) {
        let detail = "This login is linked to another e-mail address than the one that was invited.";
        return Err(Error::conflict("other-identity", detail).into());
    }
    let Some(identity) = identity.clone() else {
        return Ok(Entrant::New { id: call.store.id(&IDENTITY), hash: proof.hash(call, input)? });
    };
    let is_linked = linked.is_some();
    match proof.assertion() {
        Some(assertion) if !is_linked => credential::may_open(assertion, &identity)?,
        Some(_) => {}
        None => {
            let hash = identity.get("password_hash").and_then(Value::as_str);
            if !password::verify(text_of(input, "password"), hash) {
                return Err(login::refused().into());
            }
        }
    }
    if !second_factor::is_on(&identity) {
        return Ok(Entrant::Known { identity, used: None, is_linked });
    }
    let code = input.get("code").and_then(Value::as_str).ok_or_else(second_factor::asked)?;
    let used = second_factor::prove(&call.config.vault, &identity, code, call.now()).ok_or_else(second_factor::wrong_code)?;
    Ok(Entrant::Known { identity, used: Some(used), is_linked })
}

/// Changes the invited membership; returns it as it becomes. Where it waits, those are told who may activate it.
fn join(command: &mut Command<'_>, scope: &Scope, member: &Doc, identity: &str, name: &str, waits: bool) -> Doc {
    let (now, status) = (scope.now(), if waits { "pending" } else { "active" });
    let mut after = member.clone();
    after.extend(json::doc(vec![
        ("identity", identity.into()),
        ("status", status.into()),
        ("name", name.into()),
        ("joined_at", now.into()),
    ]));
    if !waits {
        after.extend(json::doc(vec![("last_login_at", now.into()), ("login_count", 1.into())]));
    }
    let change = change(member, after);
    let id = text_of(member, "_id");
    let waiting = scope.live().and(Filter::is("_id", id)).and(Filter::is("status", "invited"));
    command.update(&MEMBERSHIP, &waiting, &change, used());
    let kind = if waits { "membership.pending" } else { "membership.activated" };
    let changes = event::diff(&MEMBERSHIP, Some(member), &change.after);
    command.event(EventOf { kind, entity: &MEMBERSHIP, id, lead: None, changes, comment: None, holes: &[] });
    if waits {
        let record = json::object(vec![("type", MEMBERSHIP.name.into()), ("id", id.into())]);
        let reference = text_of(member, "personal_code").into();
        let facts = json::object(vec![("key", kind.into()), ("record", record), ("reference", reference)]);
        command.notify(&Audience { members: &[], roles: STAFF }, facts);
    }
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
