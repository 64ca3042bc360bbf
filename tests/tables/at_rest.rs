//! What is personal stands in no file and in no backup, and nobody reads it without the keys: for every entity of the catalogue.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Entity, Field, entities};
use serde_json::{Value, json};
use store::{Nonces, PlatformScope, Rings, Vault};
use support::{System, id};

use crate::planted;

/// What stands beside the personal values and is no secret: whoever searches finds it.
const PLAIN: &str = "zqplainz";
/// What belongs to the platform and not to a tenant.
const OF_THE_PLATFORM: &[&str] = &["credential", "identity"];

fn personal() -> impl Iterator<Item = (&'static Entity, &'static Field)> {
    let fields = |entity: &'static Entity| entity.fields.iter().map(move |field| (entity, field));
    entities::ALL.iter().copied().flat_map(fields).filter(|(_, field)| field.personal)
}

/// The fields whose planted values are in a text.
fn found_in(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let found = personal().filter(|(entity, field)| text.contains(&planted::mark(entity, field)));
    found.map(|(entity, field)| format!("{}.{}", entity.name, field.name)).collect()
}

/// A file as text.
fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// A record with a mark in everything personal, sealed as the store does it.
fn record(rings: &Rings, entity: &'static Entity, tenant: &str) -> Value {
    let whose = if OF_THE_PLATFORM.contains(&entity.name) { PlatformScope::TENANT } else { tenant };
    let mut record = json!({ "_id": id(entity.prefix), "tenant_id": whose, "version": 1, "note": PLAIN });
    for field in entity.fields.iter().filter(|field| field.personal) {
        record[field.name] = planted::value(&field.kind, &planted::mark(entity, field));
    }
    for key in entity.indexes.iter().filter(|index| index.unique).flat_map(|index| index.keys) {
        if record[*key].is_null() {
            record[*key] = id("key").into();
        }
    }
    rings.sealed(entity, whose, record.as_object_mut().unwrap(), &mut Nonces::new([3; 12])).unwrap();
    record
}

/// The planted records of a system, as whoever has the master key and these keys can open them.
async fn opened(system: &System, rings: &Rings, of_tenant: bool) -> String {
    let mut all = String::new();
    for entity in entities::ALL.iter().filter(|entity| entity.is_personal()) {
        if of_tenant && OF_THE_PLATFORM.contains(&entity.name) {
            continue;
        }
        for mut record in system.as_stored(entity.collection, json!({ "note": PLAIN })).await {
            let tenant = record["tenant_id"].as_str().unwrap().to_owned();
            rings.open(&mut record, &tenant, false).unwrap();
            all.push_str(&record.to_string());
        }
    }
    all
}

#[tokio::test]
async fn what_is_personal_is_in_no_file_and_nobody_reads_it_without_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let signup =
        json!({ "tenant_name": "Roofers", "name": "Ada", "email": "ada@example.com", "password": "correct horse battery" });
    let owner = system.anyone().post("/v1/auth/signup", signup).send().await.expect(201).json;
    let (caller, tenant) = (system.with_token(owner["access_token"].as_str().unwrap()), owner["tenant"]["id"].as_str().unwrap());
    let rings = || Rings::new(Vault::parse(&URL_SAFE_NO_PAD.encode([7; 32])).unwrap());
    let whole = rings();
    whole.learn(tenant, system.as_stored("keys", json!({ "_id": tenant })).await[0]["sealed"].as_str().unwrap());
    for entity in entities::ALL.iter().copied().filter(|entity| entity.is_personal()) {
        system.put(entity.collection, record(&whole, entity, tenant)).await;
    }
    let planted = personal().count();
    assert!(planted > 30, "{planted} values");
    assert_eq!(found_in(&opened(&system, &whole, false).await).len(), planted, "with the keys all of it is there");

    let at = |name: &str| folder.path().join(name);
    gateway::back_up(&at("data.sqlite"), &at("before.sqlite")).unwrap();
    let proof =
        caller.post("/v1/auth/proofs", json!({ "password": "correct horse battery" })).send().await.expect(200).json["proof"]
            .clone();
    caller.post("/v1/policy/keys/destroy", json!({ "tenant": tenant, "proof": proof })).send().await.expect(204);
    gateway::back_up(&at("data.sqlite"), &at("after.sqlite")).unwrap();
    let files = ["data.sqlite", "data.sqlite-wal", "keys.sqlite", "keys.sqlite-wal", "before.sqlite", "after.sqlite"];
    let scan = || files.map(|file| read(&at(file)));
    let all = scan();
    for (file, text) in files.iter().zip(&all) {
        assert_eq!(found_in(text), Vec::<String>::new(), "{file}");
    }
    assert!([1, 4, 5].iter().all(|file| all[*file].contains(PLAIN)), "what is no secret is found");

    // A backup of the data is no better than the data: there are no keys to it.
    let restored_folder = tempfile::tempdir().unwrap();
    std::fs::copy(at("before.sqlite"), restored_folder.path().join("data.sqlite")).unwrap();
    gateway::back_up(&at("keys.sqlite"), &restored_folder.path().join("keys.sqlite")).unwrap();
    let restored = System::native_in(restored_folder.path()).await;
    for place in [&system, &restored] {
        let keys = place.as_stored("keys", json!({ "_id": tenant })).await;
        assert!(keys.iter().all(|keys| keys["sealed"].is_null()), "{keys:?}");
        let left = opened(place, &rings(), true).await;
        assert!(left.contains(PLAIN));
        assert_eq!(found_in(&left), Vec::<String>::new());
    }
}
