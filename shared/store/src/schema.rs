//! The indexes of every entity, as requests to the Data API.

use domain::entity::{Entity, Field, Gone, Index, index, index_if_present};
use domain::{entities, json, lifecycle};
use serde_json::{Map, Value};

/// For every collection, the body of its `createIndexes` request without database and data source.
pub fn index_requests() -> Vec<Value> {
    entities::ALL.iter().map(|entity| json!({ "collection": entity.collection, "indexes": indexes(entity) })).collect()
}

/// Every entity can be walked from the newest record on, what is in the trash is found by its group, and so is what lost a
/// reference to that; the rest is in its table.
fn indexes(entity: &'static Entity) -> Vec<Value> {
    let loses = |field: &Field| field.gone == Gone::Clear && lifecycle::target(field).is_some_and(lifecycle::is_trashable);
    let trash = lifecycle::is_trashable(entity).then(|| index_if_present(&["trash_group"]));
    let cleared = entity.fields.iter().any(loses).then(|| index_if_present(&["cleared.group"]));
    let own = [Some(index(&["-_id"])), trash, cleared].into_iter().flatten();
    let listed = own.chain(entity.indexes.iter().copied()).map(|index| index_document(entity, &index));
    listed.chain(entity.encrypted_fields().filter(|field| field.searchable).map(words_index)).collect()
}

fn words_index(field: &Field) -> Value {
    let key = Map::from_iter([("tenant_id".to_owned(), 1.into()), (field.words_name(), 1.into()), ("_id".to_owned(), 1.into())]);
    json!({ "name": name_of(&key), "key": key })
}

fn index_document(entity: &Entity, index: &Index) -> Value {
    let mut key = Map::new();
    if !index.across && !index.expires {
        key.insert("tenant_id".to_owned(), 1.into());
    }
    for name in index.keys {
        let (name, direction) = name.strip_prefix('-').map_or((*name, 1), |name| (name, -1));
        key.insert(stored_name(entity, name), direction.into());
    }
    // Walking on from the last record of a page needs the id behind the sort keys.
    if !index.unique && !index.expires && !key.contains_key("_id") {
        let last = key.values().next_back().cloned().unwrap_or_else(|| 1.into());
        key.insert("_id".to_owned(), last);
    }
    let mut document = Map::new();
    document.insert("name".to_owned(), name_of(&key).into());
    document.insert("key".to_owned(), key.into());
    let mut held = Map::new();
    if index.unique {
        document.insert("unique".to_owned(), true.into());
        held.insert("deleted_at".to_owned(), Value::Null);
    }
    if let Some(first) = index.keys.first()
        && (index.sparse || index.unique && is_blind(entity, first))
    {
        held.insert(stored_name(entity, first), json!({ "$exists": true }));
    }
    if !held.is_empty() {
        document.insert("partialFilterExpression".to_owned(), held.into());
    }
    if index.expires {
        document.insert("expireAfterSeconds".to_owned(), 0.into());
    }
    document.into()
}

/// Encrypted values are told apart by what stands beside them.
fn stored_name(entity: &Entity, name: &str) -> String {
    match entity.field(name).filter(|_| is_blind(entity, name)) {
        Some(field) => field.blind_name(),
        None => name.to_owned(),
    }
}

fn is_blind(entity: &Entity, name: &str) -> bool {
    entity.field(name).is_some_and(|field| field.blind)
}

fn name_of(key: &Map<String, Value>) -> String {
    key.iter().map(|(name, direction)| format!("{name}_{direction}")).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use domain::entities::{LEAD, PERSON};
    use domain::entity::unique_if_present;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_encrypted_value_is_unique_by_what_stands_for_it() {
        let index = index_document(&PERSON, &domain::entity::unique(&["email"]));
        assert_eq!(index["key"], json!({ "tenant_id": 1, "email_blind": 1 }));
        assert_eq!(index["partialFilterExpression"], json!({ "deleted_at": null, "email_blind": { "$exists": true } }));
    }

    #[test]
    fn an_index_starts_with_the_tenant_and_ends_with_the_id() {
        let index = index_document(&LEAD, &index(&["status", "-created_at"]));
        assert_eq!(index["key"], json!({ "tenant_id": 1, "status": 1, "created_at": -1, "_id": -1 }));
        assert_eq!(index["name"], "tenant_id_1_status_1_created_at_-1__id_-1");
    }

    #[test]
    fn a_unique_index_binds_live_records_only() {
        let index = index_document(&LEAD, &unique_if_present(&["product"]));
        assert_eq!(index["key"], json!({ "tenant_id": 1, "product": 1 }));
        assert_eq!(index["partialFilterExpression"], json!({ "deleted_at": null, "product": { "$exists": true } }));
    }
}
