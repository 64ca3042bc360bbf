//! Whom records are about, and what is left of a record when the person it is about is erased: both follow from its table.

use serde_json::Value;

use crate::entity::{CUSTOM_PERSONAL, Entity, Field, Kind};
use crate::{Doc, Filter, custom, entities, search};

/// The field of people and memberships that says since when they are read and not changed.
pub const RESTRICTED_AT: &str = "restricted_at";
/// What stands for a text that a record cannot be without.
pub const ERASED: &str = "[erased]";

/// One human being: the people and memberships of a tenant that are the same person.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Ids of people.
    pub people: Vec<String>,
    /// Ids of memberships.
    pub members: Vec<String>,
}

impl Subject {
    /// The records of an entity that are about the subject: what is personal in them is theirs.
    pub fn is_subject_of(&self, entity: &Entity) -> Filter {
        subject_paths(entity).into_iter().map(|path| one_of(path, self.ids_at(entity, path))).fold(Filter::Nothing, Filter::or)
    }

    /// The records of an entity that are about the subject or name them, be it by a tenant's own field. Other people's own
    /// records are none of these.
    pub fn is_named_in(&self, entity: &Entity) -> Filter {
        let about = self.is_subject_of(entity);
        if is_itself(entity) {
            return about;
        }
        let named = references(entity).map(|field| one_of(field.name, self.ids_of(target(field))));
        let by_custom = [&self.people, &self.members].map(|ids| one_of(custom::REFS_FIELD, ids));
        let by_custom = by_custom.into_iter().filter(|_| entity.is_customizable());
        named.chain(by_custom).fold(about, Filter::or)
    }

    /// Whether a record is about the subject.
    pub fn owns(&self, entity: &Entity, doc: &Doc) -> bool {
        subject_paths(entity).into_iter().any(|path| {
            let mut steps = path.split('.');
            let first = steps.next().and_then(|name| doc.get(name));
            let found = steps.fold(first, |value, step| value.and_then(|value| value.get(step)));
            let ids = self.ids_at(entity, path);
            let is_theirs = |value: &Value| value.as_str().is_some_and(|id| ids.iter().any(|known| known == id));
            match found {
                Some(Value::Array(items)) => items.iter().any(is_theirs),
                found => found.is_some_and(is_theirs),
            }
        })
    }

    fn ids_at(&self, entity: &Entity, path: &str) -> &[String] {
        match (path, entity.field(path)) {
            ("_id", _) => self.ids_of(entity.name),
            (_, Some(field)) => self.ids_of(target(field)),
            _ => &self.members,
        }
    }

    fn ids_of(&self, entity: &str) -> &[String] {
        if entity == "person" { &self.people } else { &self.members }
    }
}

/// Where the ids are of whom the records of an entity are about: the record itself, the fields that are marked, or the only one
/// that names a person or a member.
pub fn subject_paths(entity: &Entity) -> Vec<&'static str> {
    if is_itself(entity) {
        return vec!["_id"];
    }
    let marked: Vec<_> = entity.fields.iter().filter_map(|field| field.subject).collect();
    let all: Vec<_> = references(entity).map(|field| field.name).collect();
    match (marked.is_empty(), all.len()) {
        (false, _) => marked,
        (true, 1) => all,
        _ => Vec::new(),
    }
}

/// Whose restriction forbids to change the records of an entity: themselves, or the people and members in these fields.
pub fn restricting(entity: &'static Entity) -> impl Iterator<Item = (&'static str, &'static Entity)> {
    let is_about = |field: &&Field| field.subject == Some(field.name) || target(field) == "person";
    // What was agreed and what is owed goes on; a field that a tenant gave it does not change that.
    let tells_of_people = entity.fields.iter().any(|field| goes(field) && field.name != CUSTOM_PERSONAL.name);
    let fields = if tells_of_people { entity.fields } else { &[] };
    let named = fields.iter().filter(is_about).filter_map(|field| Some((field.name, entities::by_name(target(field))?)));
    is_itself(entity).then_some(("_id", entity)).into_iter().chain(named)
}

/// Whether the records of an entity are human beings.
pub fn is_itself(entity: &Entity) -> bool {
    matches!(entity.name, "person" | "membership")
}

/// Whether a field goes when the person whom the record is about is erased.
pub fn goes(field: &Field) -> bool {
    field.personal || field.erased
}

/// Whether anything in an entity's records goes: a tenant's own fields can be personal too.
pub fn is_erasable(entity: &Entity) -> bool {
    entity.is_customizable() || entity.fields.iter().any(goes)
}

/// The record without what goes. A text that it cannot be without says that it was erased; an address is nobody's, and like no other.
pub fn erased(entity: &Entity, before: &Doc) -> Doc {
    let mut after = before.clone();
    custom::remove_personal(&mut after);
    for field in entity.fields.iter().filter(|field| goes(field) && before.contains_key(field.name)) {
        match neutral(field, before) {
            Some(value) => after.insert(field.name.to_owned(), value),
            None => after.remove(field.name),
        };
    }
    // What stays as it is gets no other words, either.
    if search::is_searchable(entity) && after != *before {
        search::index(entity, Some(before), &mut after);
    }
    after
}

fn neutral(field: &Field, before: &Doc) -> Option<Value> {
    let id = || before.get("_id").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase().replace('_', "-");
    match (field.kind, field.required) {
        (Kind::List(..), _) => Some(Value::Array(Vec::new())),
        (Kind::Text(_), true) => Some(ERASED.into()),
        (Kind::Email, true) => Some((id() + "@erased.invalid").into()),
        _ => None,
    }
}

/// The fields that name people or members.
fn references(entity: &Entity) -> impl Iterator<Item = &'static Field> {
    entity.fields.iter().filter(|field| matches!(target(field), "person" | "membership"))
}

/// The entity that a field refers to.
fn target(field: &Field) -> &'static str {
    match field.kind {
        Kind::Reference(name) => name,
        Kind::List(Kind::Reference(name), _) => name,
        _ => "",
    }
}

fn one_of(path: &'static str, ids: &[String]) -> Filter {
    match ids {
        [] => Filter::Nothing,
        ids => Filter::one_of(path, &ids.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doc;
    use crate::entities::{EVENT, INVOICE, LEAD, LOGIN, MEMBERSHIP, MESSAGE, PERSON, PRIVACY_REQUEST, SETTING};

    fn ada() -> Subject {
        Subject { people: vec!["per_1".to_owned()], members: vec!["mem_1".to_owned()] }
    }

    #[test]
    fn a_record_is_about_whom_its_table_says() {
        let cases = [
            (&PERSON, vec!["_id"]),
            (&MEMBERSHIP, vec!["_id"]),
            (&LOGIN, vec!["membership"]),
            (&MESSAGE, vec!["sender"]),
            (&EVENT, vec!["actor.id"]),
            (&LEAD, vec!["person", "customer"]),
            (&INVOICE, vec!["customer"]),
            (&SETTING, vec![]),
        ];
        for (entity, paths) in cases {
            assert_eq!(subject_paths(entity), paths, "{entity:?}");
        }
        assert!(ada().owns(&EVENT, &doc::fields(json!({ "actor": { "id": "mem_1" } }))));
        assert!(!ada().owns(&EVENT, &doc::fields(json!({ "actor": { "id": "mem_2" } }))));
        assert!(!ada().owns(&PERSON, &doc::fields(json!({ "_id": "mem_1" }))));
    }

    #[test]
    fn a_restriction_holds_for_whom_it_is_about_and_for_what_is_about_them() {
        let fields = |entity| restricting(entity).map(|(name, of)| (name, of.name)).collect::<Vec<_>>();
        assert_eq!(fields(&PERSON), [("_id", "person")]);
        assert_eq!(fields(&LEAD), [("person", "person"), ("customer", "membership")]);
        for free in [&EVENT, &INVOICE, &LOGIN, &PRIVACY_REQUEST] {
            assert!(fields(free).is_empty(), "{free:?}");
        }
    }

    #[test]
    fn a_person_whom_a_member_looks_after_is_not_that_member() {
        assert_eq!(ada().is_named_in(&PERSON), Filter::one_of("_id", &["per_1"]));
        assert_eq!(Subject::default().is_named_in(&LEAD), Filter::Nothing);
    }

    #[test]
    fn what_is_personal_goes_and_the_rest_stays() {
        let before = doc::fields(json!({
            "_id": "mem_1", "identity": "idy_1", "email": "ada@example.com", "name": "Ada", "role": "expert", "login_count": 3,
        }));
        let after = json!({ "_id": "mem_1", "email": "mem-1@erased.invalid", "role": "expert", "login_count": 3 });
        assert_eq!(erased(&MEMBERSHIP, &before), doc::fields(after.clone()));
        assert_eq!(erased(&MEMBERSHIP, &doc::fields(after.clone())), doc::fields(after), "twice is once");
        let message = doc::fields(json!({ "_id": "msg_1", "content": "Hi", "attachments": [{}], "seq": 1 }));
        let erased_message = json!({ "_id": "msg_1", "content": "[erased]", "attachments": [], "seq": 1 });
        assert_eq!(erased(&MESSAGE, &message), doc::fields(erased_message));
    }

    #[test]
    fn personal_values_of_a_tenants_own_fields_go_too() {
        let lead = doc::fields(json!({
            "_id": "lead_1", "custom": { "tile": "red" }, "custom_personal": { "tax": "1" }, "search_words": [],
            "custom_index": ["tax", "tile", "tile_x"],
        }));
        let left =
            json!({ "_id": "lead_1", "custom": { "tile": "red" }, "custom_index": ["tile", "tile_x"], "search_words": [] });
        assert_eq!(erased(&LEAD, &lead), doc::fields(left));
    }

    #[test]
    fn no_search_finds_what_is_gone() {
        let before =
            doc::fields(json!({ "_id": "per_1", "name": "Ada", "company_name": "Roofs", "search_words": ["ada", "roofs"] }));
        assert_eq!(erased(&PERSON, &before)["search_words"], json!(["roofs"]));
    }
}
