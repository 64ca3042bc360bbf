//! What goes to the trash together, what stands in the way, and what can be archived, as the entity tables declare it.

use serde_json::Value;

use crate::entities;
use crate::entity::{Entity, Field, Gone, Kind};
use crate::policy::PERMISSIONS;
use crate::{Filter, custom};

/// A field that refers to records of a kind, and the entity whose field it is.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The entity that refers.
    pub from: &'static Entity,
    /// The field by which it does.
    pub field: &'static Field,
}

/// Whether somebody may put records of this kind into the trash.
pub fn has_trash(entity: &Entity) -> bool {
    let action = |permission: &&str| permission.strip_prefix(entity.name).is_some_and(|action| action == ":delete");
    PERMISSIONS.iter().any(action)
}

/// Whether records of this kind can get into the trash, be it with others.
pub fn is_trashable(entity: &'static Entity) -> bool {
    let takes = |field: &Field| field.gone == Gone::Cascade && target(field).is_some_and(is_trashable);
    has_trash(entity) || entity.fields.iter().any(takes)
}

/// Whether records of this kind can be archived: those whose table has the field for it.
pub fn is_archivable(entity: &Entity) -> bool {
    entity.fields.iter().any(|field| field.name == ARCHIVED_AT)
}

/// Records of this kind that are not in the archive.
pub fn unarchived(entity: &Entity) -> Filter {
    if is_archivable(entity) { Filter::is(ARCHIVED_AT, Value::Null) } else { Filter::All }
}

/// The field of those that can be archived.
pub const ARCHIVED_AT: &str = "archived_at";

/// The entity that a field refers to, or a list of its records.
pub fn target(field: &Field) -> Option<&'static Entity> {
    match field.kind {
        Kind::Reference(name) => entities::by_name(name),
        Kind::List(Kind::Reference(name), _) => entities::by_name(name),
        _ => None,
    }
}

/// All fields that refer to an entity so.
pub fn links(to: &Entity, gone: Gone) -> impl Iterator<Item = Link> {
    let fields = entities::ALL.iter().flat_map(|from| from.fields.iter().map(move |field| Link { from, field }));
    fields.filter(move |link| link.field.gone == gone && target(link.field).is_some_and(|target| target.name == to.name))
}

/// Whether anything refers to records of this kind that minds when they go.
pub fn is_held(entity: &Entity) -> bool {
    let minds = |gone| links(entity, gone).next().is_some();
    [Gone::Cascade, Gone::Clear, Gone::Restrict].into_iter().any(minds) || custom::TARGETS.contains(&entity.name)
}

/// The entities whose records can refer to others by fields of a tenant's own. Such a reference restricts.
pub fn customizable() -> impl Iterator<Item = &'static Entity> {
    entities::ALL.iter().copied().filter(|entity| entity.is_customizable())
}

/// An entity, and all that its records take to the trash with them: each after everything that takes it along.
pub fn together(root: &'static Entity) -> Vec<&'static Entity> {
    let mut all = vec![root];
    let mut at = 0;
    while let Some(entity) = all.get(at).copied() {
        for link in links(entity, Gone::Cascade) {
            if let Some(earlier) = all.iter().position(|known| known.name == link.from.name) {
                all.remove(earlier);
                at -= usize::from(earlier <= at);
            }
            all.push(link.from);
        }
        at += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::{CONVERSATION, LEAD, MESSAGE, ROLE};

    #[test]
    fn a_lead_takes_along_what_cannot_be_without_it() {
        let names: Vec<&str> = together(&LEAD).iter().map(|entity| entity.name).collect();
        assert_eq!(names, ["lead", "bid", "conversation", "quote", "message", "read_mark"]);
    }

    #[test]
    fn trash_is_for_what_can_be_deleted_and_what_goes_with_it() {
        assert!(has_trash(&LEAD) && has_trash(&ROLE) && !has_trash(&MESSAGE));
        assert!(is_trashable(&MESSAGE) && is_trashable(&CONVERSATION) && !is_trashable(&entities::MEMBERSHIP));
    }
}
