//! What the compiler does not see of the entity tables, for all entities at once.

use std::collections::BTreeSet;

use domain::entity::{BASE_FIELDS, Field, Gone, Index};
use domain::{Kind, custom, entities, event, lifecycle, privacy, search};

#[test]
fn catalog_names_collections_and_prefixes_are_unique() {
    let names: [fn(&domain::Entity) -> &'static str; 3] =
        [|entity| entity.name, |entity| entity.collection, |entity| entity.prefix];
    for of in names {
        let values: BTreeSet<&str> = entities::ALL.iter().map(|entity| of(entity)).collect();
        assert_eq!(values.len(), entities::ALL.len());
    }
}

#[test]
fn catalog_fields_are_unique_and_references_lead_somewhere() {
    for entity in entities::ALL {
        let names: BTreeSet<&str> = entity.all_fields().map(|field| field.name).collect();
        assert_eq!(names.len(), entity.fields.len() + BASE_FIELDS.len(), "{}", entity.name);
        for field in entity.all_fields() {
            check_kind(entity.name, field.name, &field.kind);
        }
    }
}

fn check_kind(entity: &str, field: &str, kind: &Kind) {
    match kind {
        Kind::Reference(name) => assert!(entities::by_name(name).is_some(), "{entity}.{field} refers to no entity: {name}"),
        Kind::List(of, max) => {
            assert!(*max > 0, "{entity}.{field} can hold nothing");
            check_kind(entity, field, of);
        }
        Kind::Object(fields) => {
            fields.iter().for_each(|inner| check_kind(entity, &format!("{field}.{}", inner.name), &inner.kind))
        }
        Kind::Text(max) | Kind::Opaque(max) => assert!(*max > 0, "{entity}.{field} can hold nothing"),
        Kind::Choice(words) => assert!(!words.is_empty(), "{entity}.{field} has no choice"),
        Kind::Integer(min, max) => assert!(min <= max, "{entity}.{field} has no numbers"),
        Kind::Email
        | Kind::Phone
        | Kind::FileUrl
        | Kind::Flag
        | Kind::Number
        | Kind::Url
        | Kind::Custom
        | Kind::Date
        | Kind::Money => {}
    }
}

#[test]
fn catalog_indexes_and_own_fields_exist() {
    for entity in entities::ALL {
        let known = |name: &str| {
            name == "_id"
                || [search::SEARCH_FIELD, custom::INDEX_FIELD, custom::REFS_FIELD].contains(&name)
                || entity.field(name).is_some()
        };
        for key in entity.indexes.iter().flat_map(|index| index.keys) {
            let name = key.trim_start_matches('-').split('.').next().unwrap();
            assert!(known(name), "{}: index on {key}", entity.name);
        }
        for own in entity.access.own {
            assert!(known(own), "{}: own by {own}", entity.name);
        }
        assert!(entity.indexes.iter().filter(|index| index.expires).all(|index| index.keys.len() == 1), "{}", entity.name);
    }
}

#[test]
fn catalog_references_say_what_happens_when_their_target_goes() {
    for entity in entities::ALL {
        for field in entity.fields {
            let Some(target) = lifecycle::target(field) else {
                assert!(
                    nested_references(&field.kind) == 0,
                    "{}.{}: a reference in an object is not followed",
                    entity.name,
                    field.name
                );
                continue;
            };
            let what = format!("{}.{} to {}", entity.name, field.name, target.name);
            let is_list = matches!(field.kind, Kind::List(..));
            let is_followed = lifecycle::is_trashable(target) && field.gone != Gone::Keep;
            let is_plain = field.gone == Gone::Restrict && !lifecycle::is_trashable(entity);
            assert!(!is_list || !is_followed || is_plain, "{what}: a list can stand in the way, or keep the ids: .keep()");
            assert!(field.gone != Gone::Clear || !field.required, "{what}: what is required cannot be cleared");
            let starts = |index: &Index| index.keys.first() == Some(&field.name) && !index.across;
            assert!(
                !is_followed || entity.indexes.iter().any(starts),
                "{what}: deleting asks who refers to it by an index that starts with the field; or keep the id: .keep()"
            );
        }
    }
}

fn nested_references(kind: &Kind) -> usize {
    match kind {
        Kind::Reference(_) => 1,
        Kind::List(of, _) => nested_references(of),
        Kind::Object(fields) => fields.iter().map(|field| nested_references(&field.kind)).sum(),
        _ => 0,
    }
}

#[test]
fn catalog_cascades_have_no_cycles() {
    fn walk(entity: &'static domain::Entity, path: &mut Vec<&'static str>) {
        assert!(!path.contains(&entity.name), "a cascade comes back to where it began: {path:?} {}", entity.name);
        path.push(entity.name);
        lifecycle::links(entity, Gone::Cascade).for_each(|link| walk(link.from, path));
        path.pop();
    }
    entities::ALL.iter().for_each(|entity| walk(entity, &mut Vec::new()));
}

#[test]
fn catalog_what_tenants_can_define_fields_of_is_found_by_their_values() {
    let customizable: BTreeSet<&str> =
        entities::ALL.iter().filter(|entity| entity.is_customizable()).map(|entity| entity.name).collect();
    assert_eq!(customizable, entities::CUSTOMIZABLE.iter().copied().collect());
    for entity in customizable.into_iter().filter_map(entities::by_name) {
        for field in [custom::INDEX_FIELD, custom::REFS_FIELD, search::SEARCH_FIELD] {
            assert!(entity.indexes.iter().any(|index| index.keys == [field]), "{}: an index of {field}", entity.name);
        }
        assert!(!privacy::subject_paths(entity).is_empty(), "{}: of whom do personal values tell?", entity.name);
    }
}

#[test]
fn catalog_no_field_is_for_card_data() {
    let forbidden = ["card_number", "cvv", "cvc", "pan"];
    fn names(prefix: &str, fields: &[Field]) -> Vec<String> {
        let inner = |field: &Field| match field.kind {
            Kind::Object(fields) => names(field.name, fields),
            _ => vec![format!("{prefix}{}", field.name)],
        };
        fields.iter().flat_map(inner).collect()
    }
    for entity in entities::ALL {
        for name in names("", entity.fields) {
            assert!(!forbidden.iter().any(|word| name.ends_with(word)), "{}.{name}", entity.name);
        }
    }
}

#[test]
fn catalog_no_diff_repeats_what_is_personal() {
    for entity in entities::ALL {
        let value = |field: &Field| (field.name.to_owned(), format!("value of {}", field.name).into());
        let record = entity.fields.iter().map(value).collect();
        let (made, gone) = (event::diff(entity, None, &record), event::diff(entity, Some(&record), &domain::Doc::new()));
        for field in entity.fields.iter().filter(|field| !matches!(field.kind, Kind::Custom)) {
            let told = |diff: &serde_json::Value| diff.to_string().contains(&format!("\"value of {}\"", field.name));
            let may = !field.personal && !field.hidden;
            assert_eq!((told(&made), told(&gone)), (may, may), "{}.{}", entity.name, field.name);
        }
    }
}

/// Identities and their credentials belong to the platform; tenants, and what they share with services, are of no one human being.
const OF_NO_PERSON: &[&str] = &["credential", "identity", "integration", "tenant"];

#[test]
fn catalog_what_is_personal_says_whose_it_is_and_can_be_erased() {
    for entity in entities::ALL {
        for field in entity.fields {
            let within = match field.kind {
                Kind::Object(fields) => fields,
                Kind::List(Kind::Object(fields), _) => fields,
                _ => &[],
            };
            let is_whole = privacy::goes(field) || !within.iter().any(privacy::goes);
            assert!(is_whole, "{}.{} is personal as a whole, or not at all", entity.name, field.name);
        }
        if OF_NO_PERSON.contains(&entity.name) || !privacy::is_erasable(entity) {
            continue;
        }
        for path in privacy::subject_paths(entity) {
            let is_first = |index: &Index| index.keys.first() == Some(&path) && !index.across;
            assert!(path == "_id" || entity.indexes.iter().any(is_first), "{}: {path} needs an index", entity.name);
        }
        assert!(!privacy::subject_paths(entity).is_empty(), "{}: mark the field that names its `.subject()`", entity.name);
        for field in entity.fields.iter().filter(|field| privacy::goes(field) && field.required) {
            let neutral = matches!(field.kind, Kind::Text(_) | Kind::Email | Kind::List(..));
            assert!(neutral, "{}.{} is required, and nothing can stand for it when it is erased", entity.name, field.name);
        }
    }
}
