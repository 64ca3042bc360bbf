//! What is personal is shown to whom it belongs, and is nowhere once they are erased: for every entity of the catalogue.

use domain::entity::{Field, Kind};
use domain::privacy::{goes, is_erasable, subject_paths};
use domain::{Entity, Role, entities};
use serde_json::{Map, Value, json};
use support::{App, Member, Tenant, id};

use crate::planted;

/// Somebody of whom something is known in every field that tells of a person.
struct Planted {
    tenant: String,
    person: String,
    member: String,
    /// What all values about them end with.
    who: &'static str,
}

impl Planted {
    async fn new(tenant: &Tenant, who: &'static str, role: Role) -> Self {
        let planted = Self { tenant: tenant.id.clone(), person: id("per"), member: tenant.member(role).await.id, who };
        let mut operations = vec![json!({ "deleteOne": { "collection": "memberships", "filter": { "_id": planted.member } } })];
        for entity in of_somebody() {
            let record = planted.record(entity);
            operations.push(planted.event_about(entity, &record));
            if entity.name == "event" {
                // What somebody did while they logged in is theirs, though they had no session yet.
                let mut entering = record.clone();
                (entering["_id"], entering["actor"]["type"]) = (id("evt").into(), "auth".into());
                operations.push(json!({ "insertOne": { "collection": entity.collection, "document": entering } }));
            }
            operations.push(json!({ "insertOne": { "collection": entity.collection, "document": record } }));
        }
        App::shared().data("transaction", json!({ "operations": operations })).await;
        planted
    }

    fn mark(&self, entity: &Entity, field: &Field) -> String {
        format!("{} {} {}", planted::mark(entity, field), self.tenant, self.who)
    }

    /// A record of an entity that is about them, with all that goes when they are erased.
    fn record(&self, entity: &'static Entity) -> Value {
        let mut record = json!({ "_id": id(entity.prefix), "tenant_id": self.tenant, "version": 1 });
        for field in theirs(entity) {
            record[field.name] = planted::value(&field.kind, &self.mark(entity, field));
        }
        match (entity.name, subject_paths(entity)[0]) {
            ("person", _) => {
                record["_id"] = self.person.clone().into();
                record["membership"] = self.member.clone().into();
            }
            ("membership", _) => {
                record["_id"] = self.member.clone().into();
                record["role"] = "expert".into();
                record["status"] = "active".into();
            }
            (_, "actor.id") => record["actor"] = json!({ "type": "member", "id": self.member }),
            (_, path) => {
                let is_person = matches!(entity.field(path).unwrap().kind, Kind::Reference("person"));
                record[path] = if is_person { self.person.clone() } else { self.member.clone() }.into();
            }
        }
        if entity.name == "bid" {
            // Unsealed, or it is in nobody else's export.
            record["status"] = "submitted".into();
            record["sealed_until"] = json!({ "$date": "2026-01-01T00:00:00Z" });
        }
        for key in entity.indexes.iter().filter(|index| index.unique).flat_map(|index| index.keys) {
            if record[*key].is_null() {
                record[*key] = id("key").into();
            }
        }
        record
    }

    /// An event of somebody else's, whose diff repeats what is in a record.
    fn event_about(&self, entity: &Entity, record: &Value) -> Value {
        let told = entity.fields.iter().filter(|field| goes(field) && !field.hidden);
        let change = |field: &Field| (field.name.to_owned(), json!({ "before": null, "after": self.mark(entity, field) }));
        let event = json!({
            "_id": id("evt"), "tenant_id": self.tenant, "type": "planted", "version": 1, "actor": { "type": "job", "id": id("job") },
            "record": { "type": entity.name, "id": record["_id"] }, "changes": told.map(change).collect::<Map<_, _>>(),
        });
        json!({ "insertOne": { "collection": "events", "document": event } })
    }

    /// The names of the fields whose values about them are in a text.
    fn found_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'static Entity, &'static Field)> + 'a {
        let fields = of_somebody().flat_map(|entity| theirs(entity).map(move |field| (entity, field)));
        fields.filter(|(entity, field)| text.contains(&self.mark(entity, field)))
    }
}

/// The entities whose records can be about somebody.
fn of_somebody() -> impl Iterator<Item = &'static Entity> {
    entities::ALL.iter().copied().filter(|entity| is_erasable(entity) && !subject_paths(entity).is_empty())
}

/// The fields of an entity whose values go with whom they are about.
fn theirs(entity: &'static Entity) -> impl Iterator<Item = &'static Field> {
    entity.fields.iter().filter(|field| goes(field))
}

/// All that the tenant has, and the platform.
async fn everything(tenant: &Tenant) -> String {
    let mut all = String::new();
    for entity in entities::ALL {
        let filter = json!({ "tenant_id": { "$in": [tenant.id, "platform"] } });
        for record in App::shared().stored(entity.collection, filter).await {
            all.push_str(&record.to_string());
        }
    }
    all
}

async fn ask(owner: &Member, what: &str, of: Value) -> String {
    let mut body = of;
    body["type"] = what.into();
    owner.caller().post("/v1/privacy/requests", body).send().await.expect(201).id()
}

/// Every page of an export.
async fn exported(owner: &Member, request: &str) -> String {
    let (mut all, mut cursor) = (String::new(), String::new());
    loop {
        let page = owner.caller().get(&format!("/v1/privacy/requests/{request}/export{cursor}")).await.expect(200);
        all.push_str(&page.json["data"].to_string());
        match page.json["next"].as_str() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn what_is_personal_is_in_the_export_of_whom_it_is_about_and_of_nobody_else() {
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let (ada, other) = (Planted::new(&tenant, "ada", Role::Expert).await, Planted::new(&tenant, "other", Role::Expert).await);
    for of in [json!({ "person": ada.person }), json!({ "membership": ada.member })] {
        let export = exported(&owner, &ask(&owner, "export", of.clone()).await).await;
        assert_eq!(other.found_in(&export).count(), 0, "{of}: {export}");
        for entity in of_somebody() {
            for field in theirs(entity).filter(|field| !field.erased && (!field.hidden || matches!(field.kind, Kind::Custom))) {
                assert!(export.contains(&ada.mark(entity, field)), "{of}: {}.{} is missing", entity.name, field.name);
            }
        }
    }
}

#[tokio::test]
async fn nothing_personal_is_left_of_whom_is_erased() {
    let tenant = Tenant::new().await;
    let owner = tenant.member(Role::Owner).await;
    let (ada, other) = (Planted::new(&tenant, "ada", Role::Expert).await, Planted::new(&tenant, "other", Role::Expert).await);
    let before = everything(&tenant).await;
    let planted = ada.found_in(&before).count();
    assert!(planted > 10 && other.found_in(&before).count() == planted, "{planted} values");
    let request = ask(&owner, "erase", json!({ "person": ada.person })).await;
    while App::shared().anyone().run("privacy").send().await.expect(200).json["taken"] != 0 {}
    let after = everything(&tenant).await;
    let left: Vec<String> = ada.found_in(&after).map(|(entity, field)| format!("{}.{}", entity.name, field.name)).collect();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(other.found_in(&after).count(), planted, "another person's are all there");
    let done = owner.caller().get(&format!("/v1/privacy/requests/{request}")).await.expect(200).json;
    assert_eq!(done["status"], "done", "{done}");
    for entity in of_somebody() {
        assert!(done["proof"]["erased"][entity.name].as_u64() >= Some(1), "{}: {done}", entity.name);
    }
}
