//! What a proof lets its holder reach: one tenant, as one actor, at one time.

use domain::json;
use domain::{Entity, Filter, Time, Viewer, access};
use serde_json::Value;

use crate::proof::{JobLease, Operator, Session, VerifiedHook, VerifiedKey};

/// By what a member acts; it must not have ended when they write.
#[derive(Clone, Debug)]
pub enum Through {
    /// The login that their session belongs to.
    Login(String),
    /// An API key.
    Key(String),
}

/// Who acts within a tenant.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A member.
    Member {
        /// Who, in which role.
        viewer: Viewer,
        /// The version of their policy.
        policy_version: i64,
        /// By what they act.
        through: Through,
    },
    /// An outside service.
    Integration {
        /// The integration it came through.
        id: String,
    },
    /// A job.
    Job {
        /// Which one.
        id: String,
    },
    /// The operator of the platform.
    Operator,
    /// Somebody who is about to prove who they are.
    Auth {
        /// Whose repeated requests get the first answer again; nobody's when it is not known.
        repeater: Option<String>,
        /// As which member they enter, as soon as that is known.
        member: Option<String>,
    },
}

/// The part of the data that one actor may reach. There is no way to one but a proof.
#[derive(Clone, Debug)]
pub struct Scope {
    tenant: String,
    actor: Actor,
    now: Time,
}

impl Scope {
    /// The scope of a verified session.
    pub fn of_session(session: &Session, now: Time) -> Self {
        let (viewer, policy_version) = (session.viewer().clone(), session.policy_version());
        let actor = Actor::Member { viewer, policy_version, through: Through::Login(session.login().to_owned()) };
        Self { tenant: session.tenant().to_owned(), actor, now }
    }

    /// The scope of a verified API key.
    pub fn of_key(key: &VerifiedKey, now: Time) -> Self {
        let (viewer, policy_version) = (key.viewer().clone(), key.policy_version());
        let actor = Actor::Member { viewer, policy_version, through: Through::Key(key.id().to_owned()) };
        Self { tenant: key.tenant().to_owned(), actor, now }
    }

    /// The scope of a verified webhook.
    pub fn of_hook(hook: &VerifiedHook, now: Time) -> Self {
        let actor = Actor::Integration { id: hook.integration().to_owned() };
        Self { tenant: hook.tenant().to_owned(), actor, now }
    }

    /// The scope of a leased job.
    pub fn of_lease(lease: &JobLease, now: Time) -> Self {
        Self { tenant: lease.tenant().to_owned(), actor: Actor::Job { id: lease.id().to_owned() }, now }
    }

    /// The scope of the operator in one tenant.
    pub fn of_operator(_operator: &Operator, tenant: &str, now: Time) -> Self {
        Self { tenant: tenant.to_owned(), actor: Actor::Operator, now }
    }

    /// The same for somebody without a session whose repeated requests get the first answer again.
    pub fn repeated_by(self, repeater: &str) -> Self {
        match self.actor {
            Actor::Auth { member, .. } => Self { actor: Actor::Auth { repeater: Some(repeater.to_owned()), member }, ..self },
            Actor::Member { .. } | Actor::Integration { .. } | Actor::Job { .. } | Actor::Operator => self,
        }
    }

    /// The same for somebody without a session who enters as this member: what is told of it is theirs.
    pub fn entered_by(self, member: &str) -> Self {
        match self.actor {
            Actor::Auth { repeater, .. } => Self { actor: Actor::Auth { repeater, member: Some(member.to_owned()) }, ..self },
            Actor::Member { .. } | Actor::Integration { .. } | Actor::Job { .. } | Actor::Operator => self,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The member who acts, if one does.
    pub fn viewer(&self) -> Option<&Viewer> {
        match &self.actor {
            Actor::Member { viewer, .. } => Some(viewer),
            Actor::Integration { .. } | Actor::Job { .. } | Actor::Operator | Actor::Auth { .. } => None,
        }
    }

    /// When.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The records of an entity that an action reaches: live ones of the tenant, within the viewer's permissions.
    pub fn reach(&self, entity: &Entity, action: &str) -> Filter {
        let visible = self.viewer().map_or(Filter::All, |viewer| access::reachable(entity, action, viewer, self.now));
        self.live().and(visible)
    }

    /// As [`Scope::reach`], past what narrows it, such as the seal of a bid: to say why something is refused, never for answers.
    pub fn reach_past_seals(&self, entity: &Entity, action: &str) -> Filter {
        let permitted = self.viewer().map_or(Filter::All, |viewer| access::permitted(entity, action, viewer));
        self.live().and(permitted)
    }

    /// The live records of the tenant, whoever may see them: for guards that ride along, never for answers.
    pub fn live(&self) -> Filter {
        self.tenant_filter().and(Filter::is("deleted_at", Value::Null))
    }

    /// All records of the tenant, deleted ones too: for what is due to a person, wherever it is kept.
    pub fn everything(&self) -> Filter {
        self.tenant_filter()
    }

    /// The records of an entity in the trash: for those who may delete them, and within what they may read.
    pub fn trashed(&self, entity: &Entity) -> Filter {
        let visible =
            |action: &str| self.viewer().map_or(Filter::All, |viewer| access::reachable(entity, action, viewer, self.now));
        self.dead().and(visible("delete")).and(visible("read"))
    }

    /// The records of the tenant that are in the trash, whoever may see them: for guards that ride along, never for answers.
    pub fn dead(&self) -> Filter {
        self.tenant_filter().and(Filter::is_not("deleted_at", Value::Null))
    }

    pub(crate) fn tenant_filter(&self) -> Filter {
        Filter::is("tenant_id", self.tenant.as_str())
    }

    /// The actor as it stands in events.
    pub(crate) fn actor_value(&self) -> Value {
        match &self.actor {
            Actor::Member { viewer, through, .. } => {
                let mut actor = json!({ "type": "member", "id": viewer.member, "role": viewer.policy.role().word() });
                if let (Value::Object(actor), Through::Key(key)) = (&mut actor, through) {
                    actor.insert("key".to_owned(), key.as_str().into());
                }
                actor
            }
            Actor::Integration { id } => json!({ "type": "integration", "id": id }),
            Actor::Job { id } => json!({ "type": "job", "id": id }),
            Actor::Operator => json!({ "type": "operator" }),
            Actor::Auth { member: Some(member), .. } => json!({ "type": "auth", "id": member }),
            Actor::Auth { member: None, .. } => json!({ "type": "auth" }),
        }
    }
}

/// The way to what belongs to no session yet: global identities, and the tenant somebody is about to enter.
/// Only `auth` makes one; a test holds it to that.
#[derive(Clone, Copy, Debug)]
pub struct PlatformScope(());

impl PlatformScope {
    /// The `tenant_id` of global records.
    pub const TENANT: &'static str = "platform";

    /// The scope of `auth`.
    pub fn of_auth() -> Self {
        Self(())
    }

    /// The global identities.
    pub fn identities(self, now: Time) -> Scope {
        self.tenant(Self::TENANT, now)
    }

    /// A tenant that somebody is about to enter.
    pub fn tenant(self, tenant: &str, now: Time) -> Scope {
        Scope { tenant: tenant.to_owned(), actor: Actor::Auth { repeater: None, member: None }, now }
    }
}
