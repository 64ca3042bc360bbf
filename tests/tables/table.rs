//! The table: every endpoint, how it is called, and who may call it.

use domain::Role::{self, Admin, Customer, Expert, Manager, Owner, Vendor};
use serde_json::{Value, json};
use support::{Answered, Request};

use crate::world::{PASSWORD, World};

/// How an endpoint is called so that it succeeds, and by whom.
pub struct Endpoint {
    /// The method and path as the function's own table has them.
    pub route: &'static str,
    /// The record in the path, by its name in the world.
    pub record: Option<&'static str>,
    /// The body.
    pub body: fn(&World) -> Value,
    /// Who may call it; nobody stands for a public endpoint. The first succeeds.
    pub roles: &'static [Role],
    /// How many trips it makes at most.
    pub trips: u32,
    /// A body whose reference is to a record of this world: another tenant's to whoever else sends it.
    pub foreign: Option<fn(&World) -> Value>,
}

const ALL: &[Role] = &[Owner, Admin, Manager, Expert, Vendor, Customer];
/// Experts and vendors are paid.
const PAID_FIRST: &[Role] = &[Expert, Vendor, Owner, Admin, Manager, Customer];
/// The manager of a world has a second factor.
const MANAGER_FIRST: &[Role] = &[Manager, Owner, Admin, Expert, Vendor, Customer];
const STAFF: &[Role] = &[Manager, Owner, Admin];
const STAFF_AND_VENDORS: &[Role] = &[Manager, Owner, Admin, Vendor];
const ADMINS: &[Role] = &[Owner, Admin];
const CLIENTS: &[Role] = &[Customer, Manager, Owner, Admin, Vendor];
/// Those who have keys of their own.
const KEYS: &[Role] = &[Owner, Admin, Manager, Expert, Vendor];
const EXPERT: &[Role] = &[Expert];
const PARTIES: &[Role] = &[Customer, Owner, Admin, Manager, Expert, Vendor];

fn none(_world: &World) -> Value {
    Value::Null
}

/// An endpoint without a record or a body.
const fn plain(route: &'static str, roles: &'static [Role]) -> Endpoint {
    Endpoint { route, record: None, body: none, roles, trips: 1, foreign: None }
}

/// An endpoint of one record.
const fn of(route: &'static str, record: &'static str, roles: &'static [Role], trips: u32) -> Endpoint {
    Endpoint { record: Some(record), trips, ..plain(route, roles) }
}

/// An endpoint of one record, with a body.
const fn with(
    route: &'static str,
    record: &'static str,
    roles: &'static [Role],
    trips: u32,
    body: fn(&World) -> Value,
) -> Endpoint {
    Endpoint { body, ..of(route, record, roles, trips) }
}

/// Every endpoint. A test fails when one is missing.
pub static ENDPOINTS: &[Endpoint] = &[
    // auth
    Endpoint { trips: 2, ..plain("POST /v1/auth/signup", &[]) },
    Endpoint { trips: 2, ..plain("POST /v1/auth/login", &[]) },
    plain("POST /v1/auth/refresh", &[]),
    Endpoint { trips: 2, ..plain("POST /v1/auth/accept-invite", &[]) },
    Endpoint { trips: 2, ..plain("POST /v1/auth/logout", ALL) },
    Endpoint { trips: 2, body: |world| json!({ "tenant": world.tenant.id }), ..plain("POST /v1/auth/switch", ALL) },
    Endpoint {
        trips: 2,
        body: |_| json!({ "current_password": PASSWORD, "password": "another passphrase" }),
        ..plain("POST /v1/auth/password", ALL)
    },
    plain("POST /v1/auth/password/forgot", &[]),
    Endpoint { trips: 2, ..plain("POST /v1/auth/password/reset", &[]) },
    Endpoint { trips: 2, body: |_| json!({ "password": PASSWORD }), ..plain("POST /v1/auth/totp", ALL) },
    Endpoint { trips: 2, body: |world| json!({ "code": world.totp_code() }), ..plain("POST /v1/auth/totp/confirm", ALL) },
    Endpoint {
        trips: 2,
        body: |world| json!({ "code": world.totp_code() }),
        ..plain("POST /v1/auth/totp/recovery-codes", MANAGER_FIRST)
    },
    Endpoint { trips: 2, body: |_| json!({ "password": PASSWORD }), ..plain("DELETE /v1/auth/totp", MANAGER_FIRST) },
    Endpoint { trips: 2, ..plain("POST /v1/auth/second-factor", &[]) },
    plain("POST /v1/auth/otp", &[]),
    Endpoint { trips: 2, ..plain("POST /v1/auth/otp/verify", &[]) },
    plain("POST /v1/oidc/{provider}", &[]),
    Endpoint { trips: 2, ..plain("POST /v1/auth/oidc", &[]) },
    Endpoint { trips: 2, body: |_| json!({ "password": PASSWORD }), ..plain("POST /v1/auth/proofs", ALL) },
    Endpoint { trips: 2, ..plain("POST /v1/auth/proofs/code", ALL) },
    plain("GET /v1/me/credentials", ALL),
    Endpoint {
        trips: 2,
        body: |world| json!({ "assertion": world.assertion(), "password": PASSWORD }),
        ..plain("POST /v1/me/credentials", ALL)
    },
    of("DELETE /v1/me/credentials/{id}", "credential", ALL, 2),
    plain("GET /v1/me", ALL),
    plain("GET /v1/me/permissions", ALL),
    Endpoint {
        trips: 2,
        body: |_| json!({ "email": "new@example.com", "name": "New", "role": "expert" }),
        foreign: Some(|world| json!({ "email": "new@example.com", "role": "vendor", "master": world.member(Vendor).id })),
        ..plain("POST /v1/members", STAFF)
    },
    plain("GET /v1/members", STAFF_AND_VENDORS),
    of("GET /v1/members/{id}", "member", STAFF_AND_VENDORS, 1),
    with("PATCH /v1/members/{id}", "expert_member", ADMINS, 2, |_| json!({ "status": "suspended" })),
    of("DELETE /v1/members/{id}", "expert_member", ADMINS, 2),
    of("POST /v1/members/{id}/activate", "pending_member", STAFF, 2),
    of("POST /v1/members/{id}/deactivate", "expert_member", STAFF, 2),
    of("GET /v1/members/{id}/sessions", "member", ADMINS, 1),
    of("DELETE /v1/members/{id}/sessions", "expert_member", ADMINS, 2),
    plain("GET /v1/sessions", ALL),
    of("DELETE /v1/sessions/{id}", "login", ALL, 2),
    Endpoint { trips: 2, ..plain("POST /v1/sessions/revoke-others", ALL) },
    // keys
    plain("GET /v1/api-keys", KEYS),
    Endpoint {
        body: |_| json!({ "name": "Export", "scopes": ["lead:read"] }),
        foreign: Some(|world| json!({ "name": "Export", "scopes": ["lead:read"], "member": world.id("service") })),
        ..plain("POST /v1/api-keys", KEYS)
    },
    of("GET /v1/api-keys/{id}", "key", KEYS, 1),
    of("POST /v1/api-keys/{id}/rotate", "key", KEYS, 2),
    of("DELETE /v1/api-keys/{id}", "key", KEYS, 2),
    Endpoint { body: |_| json!({ "name": "Sync", "role": "expert" }), ..plain("POST /v1/service-accounts", ADMINS) },
    // leads
    plain("GET /v1/leads", PARTIES),
    Endpoint {
        body: |_| json!({ "category": "Roof" }),
        foreign: Some(|world| json!({ "category": "Roof", "customer": world.member(Customer).id })),
        ..plain("POST /v1/leads", CLIENTS)
    },
    of("GET /v1/leads/{id}", "lead", PARTIES, 1),
    with("PATCH /v1/leads/{id}", "lead", CLIENTS, 2, |_| json!({ "description": "Leaks" })),
    of("DELETE /v1/leads/{id}", "lead", STAFF, 2),
    of("POST /v1/leads/{id}/restore", "deleted_lead", STAFF, 2),
    of("POST /v1/leads/{id}/archive", "lead", STAFF, 2),
    of("POST /v1/leads/{id}/unarchive", "archived_lead", STAFF, 2),
    with("POST /v1/leads/{id}/publish", "lead", STAFF, 2, |_| json!({ "bid_deadline": "2999-01-01T00:00:00Z" })),
    with("POST /v1/leads/{id}/assign", "lead", STAFF, 2, |world| json!({ "vendor": world.member(Vendor).id })),
    // people
    plain("GET /v1/people", STAFF),
    Endpoint {
        body: |_| json!({ "name": "Ada", "email": "ada@example.com" }),
        foreign: Some(|world| json!({ "email": "ada@example.com", "owner": world.member(Manager).id })),
        ..plain("POST /v1/people", STAFF)
    },
    of("GET /v1/people/{id}", "person", STAFF, 1),
    with("PATCH /v1/people/{id}", "person", STAFF, 2, |_| json!({ "job_title": "Roofer" })),
    of("DELETE /v1/people/{id}", "person", STAFF, 2),
    of("POST /v1/people/{id}/archive", "person", STAFF, 2),
    of("POST /v1/people/{id}/unarchive", "archived_person", STAFF, 2),
    of("POST /v1/people/{id}/restore", "deleted_person", STAFF, 2),
    // bids
    plain("GET /v1/bids", &[Expert, Owner, Admin, Manager]),
    Endpoint {
        body: |world| json!({ "lead": world.id("biddable") }),
        foreign: Some(|world| json!({ "lead": world.id("biddable") })),
        ..plain("POST /v1/bids", EXPERT)
    },
    of("GET /v1/bids/{id}", "bid", &[Manager, Expert, Owner, Admin], 1),
    with("PATCH /v1/bids/{id}", "draft_bid", EXPERT, 2, |_| json!({ "summary": "With tiles" })),
    of("DELETE /v1/bids/{id}", "draft_bid", EXPERT, 2),
    of("POST /v1/bids/{id}/restore", "deleted_bid", EXPERT, 2),
    of("POST /v1/bids/{id}/submit", "draft_bid", EXPERT, 1),
    of("POST /v1/bids/{id}/withdraw", "bid", EXPERT, 2),
    of("POST /v1/bids/{id}/award", "bid", STAFF, 2),
    // billing
    plain("GET /v1/quotes", PARTIES),
    of("GET /v1/quotes/{id}", "sent_quote", PARTIES, 1),
    with("PATCH /v1/quotes/{id}", "quote", STAFF, 2, |_| json!({ "notes": "Net" })),
    of("POST /v1/quotes/{id}/send", "quote", STAFF, 2),
    of("POST /v1/quotes/{id}/accept", "sent_quote", &[Customer], 2),
    of("POST /v1/quotes/{id}/decline", "sent_quote", &[Customer], 2),
    of("POST /v1/quotes/{id}/withdraw", "sent_quote", STAFF, 2),
    plain("GET /v1/milestones", PARTIES),
    of("GET /v1/milestones/{id}", "milestone", PARTIES, 1),
    with("PATCH /v1/milestones/{id}", "milestone", STAFF, 2, |_| json!({ "custom": { "note": "Tiles" } })),
    plain("GET /v1/projects", PARTIES),
    of("GET /v1/projects/{id}", "project", PARTIES, 1),
    with("PATCH /v1/projects/{id}", "project", STAFF, 2, |_| json!({ "name": "Newer roof" })),
    of("POST /v1/projects/{id}/archive", "project", STAFF, 2),
    of("POST /v1/projects/{id}/unarchive", "archived_project", STAFF, 2),
    plain("GET /v1/invoices", PARTIES),
    of("GET /v1/invoices/{id}", "approved_invoice", PARTIES, 1),
    with("PATCH /v1/invoices/{id}", "invoice", STAFF, 2, |_| json!({ "custom": { "note": "Tiles" } })),
    of("POST /v1/invoices/{id}/approve", "invoice", STAFF, 2),
    of("POST /v1/invoices/{id}/pay", "approved_invoice", STAFF, 2),
    // chat
    plain("GET /v1/conversations", PARTIES),
    of("GET /v1/conversations/{id}", "conversation", PARTIES, 1),
    of("GET /v1/conversations/{id}/messages", "conversation", PARTIES, 1),
    with("POST /v1/conversations/{id}/messages", "conversation", PARTIES, 1, |_| json!({ "content": "Hello" })),
    with("POST /v1/conversations/{id}/read", "conversation", PARTIES, 2, |_| json!({ "seq": 1 })),
    of("GET /v1/conversations/{id}/reads", "conversation", PARTIES, 1),
    of("POST /v1/conversations/{id}/archive", "conversation", STAFF, 2),
    of("POST /v1/conversations/{id}/unarchive", "archived_conversation", STAFF, 2),
    of("GET /v1/conversations/{id}/stream", "conversation", PARTIES, 2),
    // notifications
    plain("GET /v1/notifications", PARTIES),
    of("GET /v1/notifications/{id}", "notification", PARTIES, 1),
    of("POST /v1/notifications/{id}/read", "notification", PARTIES, 2),
    Endpoint { trips: 2, ..plain("POST /v1/notifications/read-all", PARTIES) },
    plain("GET /v1/notifications/preferences", PARTIES),
    Endpoint { trips: 2, body: |_| json!({ "email": false }), ..plain("PATCH /v1/notifications/preferences", PARTIES) },
    plain("GET /v1/events", STAFF),
    of("GET /v1/events/{id}", "event", STAFF, 1),
    // policy
    plain("GET /v1/roles", ADMINS),
    Endpoint {
        body: |_| json!({ "name": "Dispatch", "based_on": "manager", "permissions": { "lead:read": "all" } }),
        ..plain("POST /v1/roles", ADMINS)
    },
    Endpoint { trips: 2, body: |_| json!({ "set": "agency" }), ..plain("POST /v1/roles/seed", ADMINS) },
    of("GET /v1/roles/{id}", "role", ADMINS, 1),
    with("PATCH /v1/roles/{id}", "role", ADMINS, 2, |_| json!({ "permissions": { "quote:read": "own" } })),
    of("DELETE /v1/roles/{id}", "role", ADMINS, 2),
    plain("GET /v1/teams", STAFF),
    Endpoint {
        body: |_| json!({ "name": "Walls" }),
        foreign: Some(|world| json!({ "name": "Walls", "leader": world.member(Manager).id })),
        ..plain("POST /v1/teams", ADMINS)
    },
    of("GET /v1/teams/{id}", "team", STAFF, 1),
    with("PATCH /v1/teams/{id}", "team", ADMINS, 2, |_| json!({ "description": "All about roofs" })),
    of("DELETE /v1/teams/{id}", "team", ADMINS, 2),
    of("POST /v1/teams/{id}/restore", "deleted_team", ADMINS, 2),
    with("POST /v1/teams/{id}/members", "team", ADMINS, 2, |world| json!({ "add": [world.member(Expert).id] })),
    of("POST /v1/roles/{id}/restore", "deleted_role", ADMINS, 2),
    Endpoint {
        trips: 2,
        body: |world| json!({ "member": world.member(Expert).id, "action": "lead:read", "record": world.id("open") }),
        foreign: Some(|world| json!({ "action": "lead:read", "record": world.id("open") })),
        ..plain("POST /v1/policy/explain", ADMINS)
    },
    Endpoint { trips: 2, ..plain("POST /v1/policy/keys/rotate", &[Owner]) },
    Endpoint {
        body: |world| json!({ "tenant": world.tenant.id, "proof": world.proof(Owner) }),
        foreign: Some(|world| json!({ "tenant": world.tenant.id, "proof": world.proof(Owner) })),
        ..plain("POST /v1/policy/keys/destroy", &[Owner])
    },
    // fields
    plain("GET /v1/fields", PARTIES),
    Endpoint {
        trips: 2,
        body: |_| json!({ "entity": "lead", "key": "roof_area", "label": "Area", "type": "number" }),
        ..plain("POST /v1/fields", ADMINS)
    },
    plain("GET /v1/fields/schema", PARTIES),
    Endpoint {
        trips: 2,
        body: |world| json!({ "entity": "team", "fields": world.team_fields }),
        ..plain("PUT /v1/fields/order", ADMINS)
    },
    of("GET /v1/fields/{id}", "field", PARTIES, 1),
    with("PATCH /v1/fields/{id}", "field", ADMINS, 2, |_| json!({ "status": "archived" })),
    of("DELETE /v1/fields/{id}", "field", ADMINS, 2),
    of("POST /v1/fields/{id}/purge", "archived_field", ADMINS, 2),
    // tenants
    plain("GET /v1/tenant", ADMINS),
    Endpoint {
        trips: 2,
        body: |_| json!({ "name": "Other", "features": { "sms_enabled": false } }),
        ..plain("PATCH /v1/tenant", ADMINS)
    },
    plain("GET /v1/tenant/features", ALL),
    plain("GET /v1/tenant/usage", ADMINS),
    plain("POST /v1/tenant/usage/recount", ADMINS),
    plain("GET /v1/tenant/domain", ADMINS),
    Endpoint { trips: 2, ..plain("POST /v1/tenant/domain/verify", ADMINS) },
    plain("GET /v1/settings", ADMINS),
    Endpoint { trips: 2, body: |_| json!({ "vendors.max_staff": 7 }), ..plain("PATCH /v1/settings", ADMINS) },
    plain("GET /v1/tenant/branding", &[]),
    plain("POST /v1/operator/keys/rewrap", &[]),
    plain("POST /v1/operator/tenants/{id}/keys", &[]),
    plain("GET /v1/operator/tenants/{id}", &[]),
    plain("PATCH /v1/operator/tenants/{id}", &[]),
    plain("POST /v1/operator/tenants/{id}/jobs/retry", &[]),
    of("POST /v1/fields/{id}/restore", "deleted_field", ADMINS, 2),
    // profile
    plain("GET /v1/profile", ALL),
    Endpoint { trips: 2, body: |_| json!({ "name": "Another" }), ..plain("PATCH /v1/profile", ALL) },
    plain("GET /v1/profile/preferences", ALL),
    Endpoint { trips: 2, body: |_| json!({ "theme": "dark" }), ..plain("PATCH /v1/profile/preferences", ALL) },
    plain("GET /v1/profile/payout", ALL),
    Endpoint {
        trips: 2,
        body: |world| {
            let proof = world.proof(Expert);
            json!({ "account_holder": "Ada", "account_number": "GB29 NWBK 6016 1331 9268 19", "proof": proof })
        },
        ..plain("POST /v1/profile/payout", PAID_FIRST)
    },
    Endpoint { trips: 2, body: |world| json!({ "proof": world.proof(Owner) }), ..plain("DELETE /v1/profile/payout", ALL) },
    with("PATCH /v1/profiles/{id}", "customer_member", ADMINS, 2, |_| json!({ "department": "Roofs" })),
    of("GET /v1/profiles/{id}/payout", "expert_member", ADMINS, 1),
    plain("GET /v1/verifications", PARTIES),
    Endpoint {
        trips: 2,
        body: |_| json!({ "kind": "email" }),
        foreign: Some(|world| json!({ "kind": "email", "member": world.member(Expert).id })),
        ..plain("POST /v1/verifications", PARTIES)
    },
    of("GET /v1/verifications/{id}", "verification", PARTIES, 1),
    with("POST /v1/verifications/{id}/verify", "verification", STAFF, 2, |_| json!({})),
    with("POST /v1/verifications/{id}/reject", "verification", STAFF, 2, |_| json!({ "reason": "Blurred" })),
    // webhooks
    Endpoint {
        trips: 2,
        body: |_| json!({ "kind": "typeform", "config": {}, "credentials": { "signing_secret": "a-secret-of-the-tests" } }),
        ..plain("POST /v1/integrations", ADMINS)
    },
    plain("GET /v1/integrations", ADMINS),
    of("GET /v1/integrations/{id}", "integration", ADMINS, 1),
    with("PATCH /v1/integrations/{id}", "integration", ADMINS, 2, |_| json!({ "name": "Other" })),
    of("DELETE /v1/integrations/{id}", "integration", ADMINS, 2),
    of("POST /v1/integrations/{id}/restore", "deleted_integration", ADMINS, 2),
    plain("POST /v1/hooks/forms/{key}", &[]),
    plain("POST /v1/hooks/xero/{key}", &[]),
    plain("POST /v1/jobs/run", &[]),
    // privacy
    plain("GET /v1/privacy/requests", ADMINS),
    Endpoint {
        trips: 2,
        body: |world| json!({ "type": "export", "person": world.id("person") }),
        foreign: Some(|world| json!({ "type": "export", "person": world.id("person") })),
        ..plain("POST /v1/privacy/requests", ADMINS)
    },
    of("GET /v1/privacy/requests/{id}", "privacy_request", ADMINS, 1),
    of("POST /v1/privacy/requests/{id}/lift", "restriction", ADMINS, 2),
    of("GET /v1/privacy/requests/{id}/export", "privacy_request", ADMINS, 2),
    plain("POST /v1/privacy/run", &[]),
    plain("POST /v1/tenants/run", &[]),
    plain("POST /v1/xero/run", &[]),
];

impl Endpoint {
    /// The method.
    pub fn method(&self) -> &'static str {
        self.route.split(' ').next().unwrap()
    }

    /// The path with the world's record in it.
    pub fn path(&self, world: &World) -> String {
        let path = self.route.split(' ').nth(1).unwrap();
        match self.record {
            Some("customer_member") => path.replace("{id}", &world.member(Customer).id),
            Some("expert_member") => path.replace("{id}", &world.member(Expert).id),
            Some("member") => path.replace("{id}", &world.member(Owner).id),
            Some(record) => path.replace("{id}", world.id(record)),
            None => path.to_owned(),
        }
    }

    /// Whether no session is needed.
    pub fn is_public(&self) -> bool {
        self.roles.is_empty()
    }

    /// Whether it changes anything.
    pub fn writes(&self) -> bool {
        self.method() != "GET"
    }

    /// Whether its answer goes on and on.
    pub fn streams(&self) -> bool {
        self.route.ends_with("/stream")
    }

    /// The call by a role of one world, with path and body from another or the same.
    pub fn call(&self, by: &World, role: Role, of: &World) -> Request {
        let request = by.member(role).caller().request(self.method(), &self.path(of));
        match (self.body)(of) {
            Value::Null => request,
            body => request.json(&body),
        }
    }

    /// The call as it succeeds.
    pub fn succeeding(&self, world: &World) -> Request {
        self.call(world, self.roles[0], world)
    }
}

/// Whether an answer tells nothing of a world, but for the path that was asked for.
pub fn shows_nothing_of(answer: &Answered, world: &World, path: &str) -> bool {
    let text = answer.text.replace(path, "");
    !text.contains(&world.tenant.id) && world.ids().all(|id| !text.contains(id))
}
