//! Tenants with members in every role, put straight into the database: tests of anything but `auth` need no passwords.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::entities::MEMBERSHIP;
use domain::plan::{self, LIMITS, Limit};
use domain::{Policy, Role, Time};
use serde_json::{Value, json};
use store::proof::{ApiKey, Subject};
use store::{Keyring, Nonces, Rings, StepUp, TenantKeys};

use crate::{App, Caller};

/// A tenant of its own.
pub struct Tenant {
    /// The tenant.
    pub id: String,
    keys: TenantKeys,
    app: &'static App,
}

/// A member of a tenant.
#[derive(Clone)]
pub struct Member {
    /// The membership.
    pub id: String,
    /// The member's e-mail address.
    pub email: String,
    subject: Subject,
    app: &'static App,
}

impl Tenant {
    /// A new tenant.
    pub async fn new() -> Tenant {
        let app = App::shared();
        let id = id("ten");
        let mut tenant = domain::doc::fields(json!({ "plan": "enterprise", "status": "active" }));
        plan::resolve(&mut tenant);
        let counters = LIMITS.iter().map(|limit| counter(&id, *limit, limit.max_of(&tenant)));
        let mut operations: Vec<Value> = counters.collect();
        let at = json!({ "$date": now().to_string() });
        tenant.extend(domain::doc::fields(json!({
            "_id": id, "tenant_id": id, "name": "Test tenant", "created_at": at, "updated_at": at, "version": 1,
        })));
        operations.push(json!({ "insertOne": { "collection": "tenants", "document": tenant } }));
        app.data("transaction", json!({ "operations": operations })).await;
        let fresh = || [crate::id("key").as_bytes(), &[0; 8]].concat()[4..36].try_into().unwrap();
        let keys = TenantKeys::new(fresh(), fresh());
        let tenant = Tenant { id, keys, app };
        let record = store::keys::record(&tenant.id, &tenant.id, &tenant.wrapped_keys(), now());
        app.data("insertOne", json!({ "collection": "keys", "document": record })).await;
        tenant
    }

    /// A new member in a role.
    pub async fn member(&self, role: Role) -> Member {
        let (member, identity) = (id("mem"), id("idy"));
        let email = format!("{}@example.com", member.to_lowercase().replace('_', "-"));
        let now = json!({ "$date": now().to_string() });
        let code: String = member.chars().skip(member.len() - 6).collect();
        let mut document = domain::doc::fields(json!({
            "_id": member, "tenant_id": self.id, "identity": identity, "email": email, "name": format!("A {}", role.word()),
            "role": role.word(), "kind": role.kind(), "status": "active", "policy_version": 1, "personal_code": code,
            "joined_at": now, "created_at": now, "updated_at": now, "version": 1,
        }));
        let rings = Rings::new(self.app.vault.clone());
        rings.learn(&self.id, &self.wrapped_keys());
        rings.sealed(&MEMBERSHIP, &self.id, &mut document, &mut Nonces::new([7; 12])).unwrap();
        self.app.data("insertOne", json!({ "collection": "memberships", "document": document })).await;
        let subject = Subject {
            identity,
            tenant: self.id.clone(),
            member: member.clone(),
            policy: role.into(),
            policy_version: 1,
            login: id("log"),
            keys: Some(self.wrapped_keys()),
        };
        Member { id: member, email, subject, app: self.app }
    }

    /// What its values are sealed with.
    pub fn keyring(&self) -> Keyring {
        Keyring::new(&self.id, &self.keys)
    }

    fn wrapped_keys(&self) -> String {
        self.keys.wrap(&self.app.vault, &self.id, [6; 12])
    }

    /// A caller in a role.
    pub async fn caller(&self, role: Role) -> Caller {
        self.member(role).await.caller()
    }
}

impl Member {
    /// The member as a caller.
    pub fn caller(&self) -> Caller {
        self.caller_at(now())
    }

    /// The member as a caller whose token was issued at a time.
    pub fn caller_at(&self, time: Time) -> Caller {
        self.app.with_token(&self.token_at(time))
    }

    /// The same member with another policy in their tokens.
    pub fn with(&self, policy: Policy) -> Self {
        Self { subject: Subject { policy, ..self.subject.clone() }, ..self.clone() }
    }

    /// An access token of the member, issued at a time.
    pub fn token_at(&self, time: Time) -> String {
        self.app.keys.issue(&self.subject, time).unwrap()
    }

    /// The same member, whose tokens were issued at another version of their policy.
    pub fn at_version(&self, policy_version: i64) -> Self {
        Self { subject: Subject { policy_version, ..self.subject.clone() }, ..self.clone() }
    }

    /// A key of the member's for these permissions, used just now, with more in its record.
    pub async fn key(&self, scopes: &[&str], more: Value) -> String {
        let id = id("key");
        let key = ApiKey::new(&id, &self.subject.tenant, [7; 32]);
        let now = json!({ "$date": now().to_string() });
        let mut document = json!({
            "_id": id, "tenant_id": self.subject.tenant, "name": "A key", "member": self.id, "scopes": scopes,
            "prefix": key.prefix(), "hash": key.hash(&self.app.vault), "last_used_at": now,
            "created_at": now, "updated_at": now, "version": 1,
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.app.data("insertOne", json!({ "collection": "api_keys", "document": document })).await;
        key.text(&self.app.vault)
    }

    /// The proof that the member has just shown again who they are, in the session of their tokens.
    pub fn proof(&self) -> String {
        self.proof_of(StepUp { is_full: true, address: None }, now())
    }

    /// As [`Member::proof`], of what was proved at a time.
    pub fn proof_of(&self, proved: StepUp, at: Time) -> String {
        proved.seal(&self.app.vault, &self.subject.login, at, [9; 12])
    }

    /// Whom the member's tokens are about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// The insertion of a limit's counter.
fn counter(tenant: &str, limit: Limit, max: i64) -> Value {
    let id = domain::id::derived("ctr", &[tenant, limit.key()]);
    let counter = json!({ "_id": id, "tenant_id": tenant, "key": limit.key(), "value": 0, "max": max, "version": 1 });
    json!({ "insertOne": { "collection": "counters", "document": counter } })
}

/// An id that no other test has.
pub fn id(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut random = [0; 10];
    random[..2].copy_from_slice(&std::process::id().to_be_bytes()[2..]);
    random[2..].copy_from_slice(&count);
    domain::id::from_parts(prefix, now().ms(), random)
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}
