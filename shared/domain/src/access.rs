//! Which records a viewer sees, and which fields they may read and write.

use crate::entities::ANCESTORS_FIELD;
use crate::entity::{Entity, Field, Input, TEAMS_FIELD};
use crate::policy::Reach;
use crate::{Filter, Role, Time, Viewer};

/// The records that a permission (`read`, `update`, …) reaches for a viewer at a time.
pub fn reachable(entity: &Entity, action: &str, viewer: &Viewer, now: Time) -> Filter {
    permitted(entity, action, viewer).and(entity.access.narrow.map_or(Filter::All, |narrow| narrow(viewer, now)))
}

/// As [`reachable`], before anything is narrowed.
pub fn permitted(entity: &Entity, action: &str, viewer: &Viewer) -> Filter {
    let own = own(entity, viewer);
    let open = || match action {
        "read" => entity.access.open.map_or(Filter::Nothing, |open| open(viewer)),
        _ => Filter::Nothing,
    };
    match viewer.policy.reach(&format!("{}:{action}", entity.name)) {
        None => Filter::Nothing,
        Some(Reach::All) => Filter::All,
        Some(Reach::Team) => own.or(of_teams(entity, viewer)).or(open()),
        Some(Reach::Own) => own.or(open()),
    }
}

/// Whether a field is ever shown, and to this viewer; nobody stands for the system.
pub fn may_read(entity: &Entity, field: &Field, viewer: Option<&Viewer>) -> bool {
    let is_shown =
        |viewer: &Viewer| viewer.policy.reads(entity.name, field.name) && (!field.for_staff || viewer.policy.role().is_staff());
    !field.hidden && viewer.is_none_or(is_shown)
}

/// Whether the viewer may give this field a value when a record is made (`creating`) or changed.
pub fn may_write(entity: &Entity, field: &Field, viewer: &Viewer, creating: bool) -> bool {
    let action = if creating { "create" } else { "update" };
    let permitted = viewer.policy.writes(entity.name, field.name);
    permitted
        && match field.input {
            Input::Anyone => true,
            Input::OnCreate => creating,
            Input::Staff => viewer.policy.reach(&format!("{}:{action}", entity.name)) == Some(Reach::All),
            Input::Nobody => false,
        }
}

fn of_teams(entity: &Entity, viewer: &Viewer) -> Filter {
    let teams: Vec<&str> = viewer.policy.teams().iter().map(String::as_str).collect();
    match entity.access.teams {
        Some(field) if !teams.is_empty() => Filter::one_of(field, &teams),
        _ => Filter::Nothing,
    }
}

fn own(entity: &Entity, viewer: &Viewer) -> Filter {
    let mine = |field: &'static str| Filter::is(field, viewer.member.as_str());
    let below = below(entity).filter(|_| viewer.policy.role() == Role::Vendor);
    entity.access.own.iter().copied().chain(below).map(mine).fold(Filter::Nothing, Filter::or)
}

/// Where the masters stand of those whose records they are: what is of a vendor is of all masters above, too.
fn below(entity: &Entity) -> Option<&'static str> {
    match entity.access.teams? {
        TEAMS_FIELD => Some(TEAMS_FIELD),
        _ => entity.field(ANCESTORS_FIELD).map(|field| field.name),
    }
}
