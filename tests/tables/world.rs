//! A tenant in which something of everything is there, in the states that the endpoints need.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::entity::TEAMS_FIELD;
use domain::{Entity, Role, Time, entities, role::ROLES};
use serde_json::{Value, json};
use store::{Assertion, Nonces, Rings, StepUp, assertion_expiry};
use support::{App, Member, Tenant, id};

/// Such a tenant.
pub struct World {
    pub tenant: Tenant,
    members: Vec<(Role, Member)>,
    ids: BTreeMap<&'static str, String>,
    made_at: Time,
    /// The custom fields of teams, the last first.
    pub team_fields: Vec<String>,
}

const DAY_MS: i64 = 86_400_000;
const TOTP_SECRET: &[u8] = b"12345678901234567890";

/// The password of every member.
pub const PASSWORD: &str = "password";
/// Its hash at little cost, from the test vectors of P-H-C/phc-winner-argon2.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

impl World {
    /// A new tenant with a member in each role and records in every state.
    pub async fn new() -> World {
        let tenant = Tenant::new().await;
        let mut members = Vec::new();
        for role in ROLES {
            members.push((*role, tenant.member(*role).await));
        }
        let mut world =
            World { tenant, members, ids: BTreeMap::new(), made_at: Time::from_ms(now_ms()), team_fields: Vec::new() };
        let mut operations = world.records();
        operations.push(world.domain().await);
        App::shared().data("transaction", json!({ "operations": operations })).await;
        world
    }

    /// The member in a role.
    pub fn member(&self, role: Role) -> &Member {
        &self.members.iter().find(|(known, _)| *known == role).unwrap().1
    }

    /// The id of a record by its name in this file.
    pub fn id(&self, name: &str) -> &str {
        self.ids.get(name).unwrap_or_else(|| panic!("no record is called {name}"))
    }

    /// A code of the second factor, of the moment that the world was made.
    pub fn totp_code(&self) -> String {
        auth::totp::code_at(TOTP_SECRET, self.made_at)
    }

    /// What a provider says of the member who asks, whoever that is.
    pub fn assertion(&self) -> String {
        let text = str::to_owned;
        let assertion = Assertion {
            nonce: format!("asr {}", self.tenant.id),
            provider: text("google"),
            subject: format!("new {}", self.tenant.id),
            email: None,
            is_authoritative: false,
            name: None,
            expires: assertion_expiry(self.made_at),
        };
        assertion.seal(&App::shared().vault, [4; 12])
    }

    /// The proof that a member has shown again who they are, as the world was made.
    pub fn proof(&self, role: Role) -> String {
        self.member(role).proof_of(StepUp { is_full: true, address: None }, self.made_at)
    }

    /// The ids of all records.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.values().map(String::as_str)
    }

    /// All that the tenant has, by collection: to see whether anything changed.
    pub async fn snapshot(&self) -> BTreeMap<String, Vec<Value>> {
        let mut all = BTreeMap::new();
        for entity in entities::ALL {
            let found = App::shared().stored(entity.collection, json!({ "tenant_id": self.tenant.id })).await;
            all.insert(entity.collection.to_owned(), found);
        }
        all
    }

    fn new_id(&mut self, name: &'static str, prefix: &str) -> String {
        let id = id(prefix);
        self.ids.insert(name, id.clone());
        id
    }

    /// Gives the tenant a domain, whose record is there to be verified.
    async fn domain(&self) -> Value {
        let domain = format!("{}.example", self.tenant.id.to_lowercase().replace('_', "-"));
        let (name, text) = tenants::challenge(&App::shared().vault, &self.tenant.id, &domain);
        App::shared().standins.dns_text(&name, &text).await;
        let update = json!({ "$set": { "domain": domain } });
        json!({ "updateOne": { "collection": "tenants", "filter": { "_id": self.tenant.id }, "update": update } })
    }

    /// The insertions that make the world.
    fn records(&mut self) -> Vec<Value> {
        let mut operations = Vec::new();
        let team = self.new_id("team", "team");
        let leader = self.member(Role::Manager).id.clone();
        self.insert("teams", &team, json!({ "name": "Roofs", "leader": leader, "search_words": ["roofs"] }), &mut operations);
        let deleted_team = self.new_id("deleted_team", "team");
        self.insert(
            "teams",
            &deleted_team,
            json!({ "name": "Drains", "leader": leader, "search_words": ["drains"] }),
            &mut operations,
        );
        for (name, status) in [
            ("lead", "new"),
            ("open", "published"),
            ("biddable", "published"),
            ("closed", "published"),
            ("awarded", "awarded"),
            ("offered", "awarded"),
            ("active", "active"),
            ("deleted_lead", "new"),
            ("fallow", "published"),
            ("archived_lead", "new"),
        ] {
            self.lead(name, status, &mut operations);
        }
        self.bid("draft_bid", "open", "draft", &mut operations);
        self.bid("open_bid", "lead", "submitted", &mut operations);
        self.bid("bid", "closed", "submitted", &mut operations);
        self.bid("awarded_bid", "awarded", "awarded", &mut operations);
        self.bid("offered_bid", "offered", "awarded", &mut operations);
        self.bid("active_bid", "active", "awarded", &mut operations);
        self.bid("deleted_bid", "fallow", "draft", &mut operations);
        self.quote("quote", "awarded", "awarded_bid", "draft", &mut operations);
        self.quote("sent_quote", "offered", "offered_bid", "sent", &mut operations);
        self.quote("accepted_quote", "active", "active_bid", "accepted", &mut operations);
        self.project(&mut operations);
        self.rest(&mut operations);
        self.delete_some(&mut operations);
        self.archive_some(&mut operations);
        operations.extend(self.members.iter().map(|(role, member)| identity(*role, member)));
        operations.push(self.credential());
        self.keys(&mut operations);
        self.waiting(&mut operations);
        operations
    }

    /// Puts what is called so into the trash.
    fn delete_some(&self, operations: &mut Vec<Value>) {
        let now = Time::from_ms(now_ms()).ejson();
        for (name, collection, field) in [
            ("deleted_lead", "leads", "_id"),
            ("deleted_lead", "conversations", "lead"),
            ("deleted_bid", "bids", "_id"),
            ("deleted_integration", "integrations", "_id"),
            ("deleted_role", "roles", "_id"),
            ("deleted_field", "field_definitions", "_id"),
            ("deleted_person", "people", "_id"),
            ("deleted_team", "teams", "_id"),
        ] {
            let marks = json!({ "deleted_at": now, "deleted_by": self.member(Role::Owner).id, "trash_group": self.id(name) });
            let filter = json!({ field: self.id(name) });
            operations.push(json!({ "updateMany": { "collection": collection, "filter": filter, "update": { "$set": marks } } }));
        }
    }

    /// Puts what is called so into the archive.
    fn archive_some(&self, operations: &mut Vec<Value>) {
        for (name, collection) in [
            ("archived_lead", "leads"),
            ("archived_conversation", "conversations"),
            ("archived_person", "people"),
            ("archived_project", "projects"),
        ] {
            let mut set = json!({ "archived_at": Time::from_ms(now_ms()).ejson() });
            if collection == "conversations" {
                set["status"] = "archived".into();
            }
            let filter = json!({ "_id": self.id(name) });
            operations.push(json!({ "updateOne": { "collection": collection, "filter": filter, "update": { "$set": set } } }));
        }
    }

    fn insert(&self, collection: &str, id: &str, fields: Value, operations: &mut Vec<Value>) {
        let now = Time::from_ms(now_ms()).ejson();
        let mut document = json!({ "_id": id, "tenant_id": self.tenant.id });
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let is_shared = |entity: &&&Entity| entity.collection == collection && entity.access.teams == Some(TEAMS_FIELD);
        if entities::ALL.iter().any(|entity| is_shared(&entity)) {
            document[TEAMS_FIELD] = json!([self.id("team")]);
        }
        document["created_at"] = now.clone();
        document["updated_at"] = now;
        document["version"] = 1.into();
        operations.push(json!({ "insertOne": { "collection": collection, "document": document } }));
    }

    fn lead(&mut self, name: &'static str, status: &str, operations: &mut Vec<Value>) {
        let id = self.new_id(name, "lead");
        let conversation = support::id("con");
        match name {
            "lead" => self.ids.insert("conversation", conversation.clone()),
            "archived_lead" => self.ids.insert("archived_conversation", conversation.clone()),
            _ => None,
        };
        let reference = format!("SU-9{:05}", self.ids.len());
        let deadline = if matches!(name, "open" | "biddable") { now_ms() + DAY_MS } else { now_ms() - DAY_MS };
        let [customer, expert, manager] = [Role::Customer, Role::Expert, Role::Manager].map(|role| self.member(role).id.clone());
        let mut lead = json!({
            "reference": reference, "kind": "service_request", "category": "Roof", "status": status, "customer": customer, "manager": manager,
            "conversation": conversation, "bid_pool": status == "published", "is_active_project": status == "active", "source": "api",
            "search_words": ["roof"], "skills": [], "attachments": [],
        });
        if status != "new" {
            lead["bid_deadline"] = Time::from_ms(deadline).ejson();
            lead["published_at"] = Time::from_ms(now_ms() - 2 * DAY_MS).ejson();
        }
        if status == "active" {
            lead["expert"] = expert.clone().into();
        }
        self.insert("leads", &id, lead, operations);
        let conversation_fields = json!({ "lead": id, "kind": "lead", "title": reference, "participants": [customer, expert], "status": "active", "seq": 0 });
        self.insert("conversations", &conversation, conversation_fields, operations);
    }

    fn bid(&mut self, name: &'static str, lead: &str, status: &str, operations: &mut Vec<Value>) {
        let id = self.new_id(name, "bid");
        let sealed = if lead == "open" { now_ms() + DAY_MS } else { now_ms() - DAY_MS };
        let bid = json!({
            "lead": self.id(lead), "title": "New roof", "price": { "minor": 100_001, "currency": "EUR" }, "is_complete": true,
            "start_date": Time::from_ms(now_ms()).ejson(), "end_date": Time::from_ms(now_ms() + 30 * DAY_MS).ejson(),
            "milestones": [
                { "order": 1, "name": "Start", "type": "event", "percentage": 33 }, { "order": 2, "name": "End", "type": "time", "percentage": 67 },
            ],
            "expert": self.member(Role::Expert).id, "status": status, "sealed_until": Time::from_ms(sealed).ejson(),
        });
        self.insert("bids", &id, bid, operations);
        if matches!(status, "awarded") {
            let update = json!({ "$set": { "awarded_bid": id } });
            operations
                .push(json!({ "updateOne": { "collection": "leads", "filter": { "_id": self.id(lead) }, "update": update } }));
        }
    }

    fn quote(&mut self, name: &'static str, lead: &str, bid: &str, status: &str, operations: &mut Vec<Value>) {
        let id = self.new_id(name, "quo");
        let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
        let quote = json!({
            "reference": format!("QU-9{:05}", self.ids.len()), "title": "New roof", "lead": self.id(lead), "bid": self.id(bid),
            "expert": self.member(Role::Expert).id, "manager": self.member(Role::Manager).id, "customer": self.member(Role::Customer).id,
            "amount": money(100_001), "service_fee": money(10_000), "total": money(110_001), "status": status,
        });
        self.insert("quotes", &id, quote, operations);
    }

    fn project(&mut self, operations: &mut Vec<Value>) {
        let project = self.new_id("project", "prj");
        let parties = json!({
            "customer": self.member(Role::Customer).id, "manager": self.member(Role::Manager).id, "expert": self.member(Role::Expert).id,
            "lead": self.id("active"), "quote": self.id("accepted_quote"),
        });
        let with = |more: Value| {
            let mut fields = parties.as_object().unwrap().clone();
            fields.extend(more.as_object().unwrap().clone());
            Value::Object(fields)
        };
        self.insert("projects", &project, with(json!({ "name": "New roof", "status": "active" })), operations);
        let archived = self.new_id("archived_project", "prj");
        let mut fields = with(json!({ "name": "Old roof", "status": "active" }));
        fields["lead"] = self.id("closed").into();
        self.insert("projects", &archived, fields, operations);
        for (order, milestone, invoice, status) in
            [(1, "milestone", "invoice", "draft"), (2, "milestone_2", "approved_invoice", "approved")]
        {
            let (milestone, invoice) = (self.new_id(milestone, "mil"), self.new_id(invoice, "inv"));
            let money = |minor: i64| json!({ "minor": minor, "currency": "EUR" });
            let fields = json!({ "project": project, "bid": self.id("active_bid"), "order": order, "name": "Part", "type": "event", "percentage": 50, "amount": money(50_000), "service_fee": money(5_000) });
            self.insert("milestones", &milestone, with(fields), operations);
            let fields = json!({
                "reference": format!("IN-90000{order}"), "title": "Part", "milestone": milestone, "project": project, "amount": money(50_000),
                "service_fee": money(5_000), "total": money(55_000), "status": status, "is_approved": status == "approved", "is_paid": false,
            });
            self.insert("invoices", &invoice, with(fields), operations);
        }
    }

    /// Custom fields of every entity that takes them.
    fn fields(&mut self, operations: &mut Vec<Value>) {
        for entity in entities::CUSTOMIZABLE {
            for (key, more) in [
                ("note", json!({ "type": "text", "searchable": true })),
                ("hint", json!({ "type": "text", "searchable": true })),
                ("tax", json!({ "type": "text", "personal": true })),
                ("about", json!({ "type": "reference", "target": "lead" })),
            ] {
                let mut fields = json!({ "entity": entity, "key": key, "label": "Of it", "options": [], "status": "active" });
                fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                let id = id("fld");
                self.insert("field_definitions", &id, fields, operations);
                if *entity == "team" {
                    self.team_fields.insert(0, id);
                }
            }
        }
    }

    /// The insertion of the owner's login elsewhere, which belongs to no tenant.
    fn credential(&mut self) -> Value {
        let credential = self.new_id("credential", "crd");
        let document = json!({
            "_id": credential, "tenant_id": "platform", "identity": self.member(Role::Owner).subject().identity,
            "provider": "google", "subject": credential, "version": 1,
        });
        json!({ "insertOne": { "collection": "credentials", "document": document } })
    }

    /// A key of the owner's, and a service account.
    fn keys(&mut self, operations: &mut Vec<Value>) {
        let (key, service) = (self.new_id("key", "key"), self.new_id("service", "mem"));
        let fields = json!({ "name": "Export", "member": self.member(Role::Owner).id, "scopes": ["lead:read"], "allowed_ips": [], "prefix": "ewk_live_" });
        self.insert("api_keys", &key, fields, operations);
        let code: String = service.chars().skip(service.len() - 6).collect();
        let fields = json!({
            "email": "sync@service.invalid", "name": "Sync", "role": "expert", "status": "active", "is_service": true,
            "policy_version": 1, "personal_code": code,
        });
        self.insert("memberships", &service, fields, operations);
    }

    /// Somebody who has joined and waits to be activated.
    fn waiting(&mut self, operations: &mut Vec<Value>) {
        let pending = self.new_id("pending_member", "mem");
        let code: String = pending.chars().skip(pending.len() - 6).collect();
        let fields = json!({
            "email": "wait@example.com", "name": "Wanda", "role": "expert", "kind": "portal", "status": "pending",
            "policy_version": 1, "personal_code": code,
        });
        self.insert("memberships", &pending, fields, operations);
    }

    fn rest(&mut self, operations: &mut Vec<Value>) {
        const NEW: [(&str, &str); 15] = [
            ("message", "msg"),
            ("event", "evt"),
            ("notification", "not"),
            ("integration", "int"),
            ("deleted_integration", "int"),
            ("login", "log"),
            ("role", "rol"),
            ("deleted_role", "rol"),
            ("person", "per"),
            ("deleted_person", "per"),
            ("archived_person", "per"),
            ("field", "fld"),
            ("deleted_field", "fld"),
            ("archived_field", "fld"),
            ("privacy_request", "pvr"),
        ];
        let [
            message,
            event,
            notification,
            integration,
            deleted_integration,
            login,
            role,
            deleted_role,
            person,
            deleted_person,
            archived_person,
            field,
            deleted_field,
            archived_field,
            privacy_request,
        ] = NEW.map(|(name, prefix)| self.new_id(name, prefix));
        let (conversation, customer) = (self.id("conversation").to_owned(), self.member(Role::Customer).id.clone());
        let fields = json!({ "conversation": conversation, "seq": 1, "sender": customer, "kind": "human", "content": "Hello", "attachments": [] });
        self.insert("messages", &message, fields, operations);
        operations.push(json!({ "updateOne": { "collection": "conversations", "filter": { "_id": conversation }, "update": { "$set": { "seq": 1 } } } }));
        let lead = self.id("lead").to_owned();
        let record = json!({ "type": "lead", "id": lead });
        self.insert("events", &event, json!({ "type": "lead.created", "record": record, "lead": lead, "changes": {}, "actor": { "type": "job", "id": "x" } }), operations);
        let expires = Time::from_ms(now_ms() + 30 * DAY_MS).ejson();
        let fields = json!({ "recipient": customer, "cause": event, "key": "lead.created", "title": "New", "message": "New", "type": "info", "priority": "medium", "record": record, "is_read": false, "expires_at": expires, "deliveries": [{ "channel": "browser", "status": "sent" }] });
        self.insert("notifications", &notification, fields, operations);
        let credentials = json!({ "signing_secret": "a-secret-of-the-tests" }).to_string();
        let fields = json!({ "kind": "typeform", "name": "Form", "is_enabled": true, "config": {}, "credentials": credentials });
        self.insert("integrations", &integration, fields.clone(), operations);
        self.insert("integrations", &deleted_integration, fields, operations);
        for (id, name) in [(&role, "Clerk"), (&deleted_role, "Porter")] {
            let fields = json!({ "name": name, "based_on": "manager", "kind": "staff", "permissions": { "lead:read": "all" } });
            self.insert("roles", id, fields, operations);
        }
        for (id, email) in
            [(&person, "grace@example.com"), (&deleted_person, "hope@example.com"), (&archived_person, "joy@example.com")]
        {
            let owner = self.member(Role::Manager).id.as_str();
            let fields = json!({ "name": "Grace", "email": email, "owner": owner, "tags": [], "search_words": ["grace"] });
            self.insert("people", id, fields, operations);
        }
        for (id, key, status) in
            [(&field, "material", "active"), (&deleted_field, "weight", "active"), (&archived_field, "age", "archived")]
        {
            let fields =
                json!({ "entity": "lead", "key": key, "label": "Of it", "type": "text", "options": [], "status": status });
            self.insert("field_definitions", id, fields, operations);
        }
        self.fields(operations);
        let verification = self.new_id("verification", "ver");
        let fields = json!({ "member": customer, "kind": "address_proof", "status": "pending", "reviewers_needed": 1, "reviewers": [], "evidence": [] });
        self.insert("verifications", &verification, fields, operations);
        let fields = json!({ "type": "export", "person": person, "people": [person], "members": [], "status": "done" });
        self.insert("privacy_requests", &privacy_request, fields, operations);
        let restriction = self.new_id("restriction", "pvr");
        let fields = json!({ "type": "restrict", "person": person, "people": [person], "members": [], "status": "done" });
        self.insert("privacy_requests", &restriction, fields, operations);
        let subject = self.member(Role::Owner).subject().clone();
        let fields =
            json!({ "identity": subject.identity, "membership": subject.member, "generation": 1, "expires_at": expires });
        self.insert("logins", &login, fields, operations);
    }
}

/// The insertion of a member's identity, which belongs to no tenant. The manager has a second factor, the owner nearly.
fn identity(role: Role, member: &Member) -> Value {
    let now = Time::from_ms(now_ms()).ejson();
    let identity = member.subject().identity.as_str();
    let sealed = App::shared().vault.seal("totp", identity, &STANDARD_NO_PAD.encode(TOTP_SECRET), [8; 12]);
    let totp = |holder: Role| (role == holder).then_some(sealed.as_str());
    let document = json!({
        "_id": identity, "tenant_id": "platform", "email": member.email, "password_hash": PASSWORD_HASH,
        "totp_pending": totp(Role::Owner), "totp_secret": totp(Role::Manager), "totp_step": 0, "email_verified_at": now,
        "created_at": now, "updated_at": now, "version": 1,
    });
    let mut insertion = json!({ "collection": "identities", "document": document });
    Rings::new(App::shared().vault.clone()).seal(insertion.as_object_mut().unwrap(), &mut Nonces::new([1; 12])).unwrap();
    json!({ "insertOne": insertion })
}

/// Now.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
