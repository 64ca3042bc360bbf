//! Signing up: a new identity, its tenant, and its place there as the owner.

use domain::entities::{
    IDENTITY, MEMBERSHIP, ROLE, SERVICE_FEE_KEY, SETTING, TENANT, personal_code, service_fee_points, subdomain_of,
};
use domain::entity::{Field, choice, email, text};
use domain::json::{doc, of};
use domain::plan::{LIMITS, Limit};
use domain::role_sets::{ROLE_SET_WORDS, RoleSet};
use domain::rules::Moment;
use domain::{Doc, Error, event, validate};
use edge::{Call, Halt, Outcome, Reply};
use store::{Command, EventOf, PlatformScope, Scope};

use crate::entrance::{self, text as text_of};
use crate::proof::Proof;
use crate::{attempts, credential, identity, password};

/// What `signup` takes.
pub const INPUT: &[Field] = &[
    text("tenant_name", 200).required(),
    text("subdomain", 63),
    text("name", 200),
    email("email"),
    text("password", password::LEN_MAX),
    credential::ASSERTION,
    choice("role_set", ROLE_SET_WORDS),
];

/// Makes a tenant with its owner, who is logged in at once.
pub async fn signup(call: &Call) -> Outcome {
    let input = validate::input(INPUT, call.input()?)?;
    let proof = Proof::read(call, &input)?;
    let (name, email) = (proof.name(&input)?, proof.email(&input)?);
    let platform = PlatformScope::of_auth().identities(call.now()).repeated_by(email);
    count(call, &platform).await?;
    let hash = proof.hash(call, &input)?;
    let (tenant_id, identity_id) = (call.store.id(&TENANT), call.store.id(&IDENTITY));
    let owner_id = call.store.id(&MEMBERSHIP);
    let owner = doc(vec![
        ("identity", identity_id.as_str().into()),
        ("email", email.into()),
        ("name", name.into()),
        ("role", "owner".into()),
        ("kind", "staff".into()),
        ("status", "active".into()),
        ("policy_version", 1.into()),
        ("personal_code", personal_code(call.store.random()).into()),
        ("joined_at", call.now().into()),
        ("last_login_at", call.now().into()),
        ("login_count", 1.into()),
    ]);
    let mut command = call.store.command(&platform);
    let proven = proof.assertion().filter(|assertion| assertion.is_authoritative).map(|_| call.now());
    identity::insert(&mut command, &identity_id, &owner, hash.as_deref(), proven, taken());
    if let Some(assertion) = proof.assertion() {
        credential::use_up(call, &mut command, assertion);
        credential::link(&mut command, &identity_id, assertion);
    }
    let scope = PlatformScope::of_auth().tenant(&tenant_id, call.now()).entered_by(&owner_id);
    command.new_keys(&call.store, &scope);
    command.on(&scope);
    let tenant = new_tenant(call, &input)?;
    command.claim_hostname(text_of(&tenant, "subdomain"), &tenant_id, call.now(), subdomain_taken());
    for limit in LIMITS {
        let taken = i64::from(limit == Limit::Users);
        command.open_limit(limit, taken, limit.max_of(&tenant));
    }
    command.recount_tomorrow();
    let tenant = command.insert(&TENANT, &tenant_id, tenant, &[], Error::internal("a tenant's id was taken"));
    let changes = event::diff(&TENANT, None, &tenant);
    let kind = "tenant.created";
    command.event(EventOf { kind, entity: &TENANT, id: &tenant_id, lead: None, changes, comment: None, holes: &[] });
    let owner = command.insert(&MEMBERSHIP, &owner_id, owner, &[], Error::internal("a new tenant has a member"));
    let changes = event::diff(&MEMBERSHIP, None, &owner);
    let kind = "membership.activated";
    command.event(EventOf { kind, entity: &MEMBERSHIP, id: &owner_id, lead: None, changes, comment: None, holes: &[] });
    insert_settings(&mut command);
    insert_roles(call, &mut command, text_of(&input, "role_set"))?;
    let token = entrance::open_login(call, &mut command, &owner);
    command.answer_secret(201, entrance::welcome(call, &tenant, &owner, &token, None)?);
    Ok(Reply::answer(command.commit().await?))
}

/// Counts who asks, whatever comes of it: a password costs work, and the answer tells who has a login.
async fn count(call: &Call, platform: &Scope) -> Result<(), Halt> {
    let counters = attempts::of_address(call, "signup");
    if counters.is_empty() {
        return Ok(());
    }
    let mut reading = call.store.reading(platform);
    let counted = attempts::count(&mut reading, counters, call.now());
    Ok(counted.check(&mut reading.run().await?, call.now())?)
}

/// The tenant with the name that was asked for, or one that follows from its own.
fn new_tenant(call: &Call, input: &Doc) -> Result<Doc, Error> {
    let name = text_of(input, "tenant_name");
    let subdomain = match text_of(input, "subdomain") {
        "" => subdomain_of(name, call.store.random()),
        given => given.to_owned(),
    };
    let tenant = doc(vec![("name", name.into()), ("subdomain", subdomain.into())]);
    let mut tenant = validate::create(&TENANT, tenant, call.moment())?;
    tenant.insert("subscription_start".to_owned(), call.now().into());
    Ok(tenant)
}

fn subdomain_taken() -> Error {
    Error::conflict("subdomain-taken", "Another tenant has this subdomain.")
}

fn taken() -> Error {
    Error::conflict("email-taken", "There is a login with this e-mail address already.")
}

/// The roles of the set that was asked for; the presets are there anyway.
fn insert_roles(call: &Call, command: &mut Command<'_>, set: &str) -> Result<(), Error> {
    let Some(set) = RoleSet::parse(set) else { return Ok(()) };
    for role in set.records(Moment { now: call.now(), viewer: None })? {
        let id = command.id(&ROLE);
        let role = command.insert(&ROLE, &id, role, &[], Error::internal("a new tenant has a role"));
        command.event_of_new(&ROLE, &role, &[]);
    }
    Ok(())
}

fn insert_settings(command: &mut Command<'_>) {
    let id = command.id(&SETTING);
    let fee = doc(vec![("key", SERVICE_FEE_KEY.into()), ("value", of("basis_points", service_fee_points(None)))]);
    command.insert(&SETTING, &id, fee, &[], Error::internal("a new tenant has settings"));
}
