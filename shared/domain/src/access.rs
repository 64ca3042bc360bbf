//! Which records a viewer sees, and which fields they may write.

use crate::entity::{Entity, Field, Input};
use crate::policy::Reach;
use crate::{Filter, Time, Viewer};

/// The records that a permission (`read`, `update`, …) reaches for a viewer at a time.
pub fn reachable(entity: &Entity, action: &str, viewer: &Viewer, now: Time) -> Filter {
    let own = own(entity, viewer);
    let reached = match viewer.policy.reach(&format!("{}:{action}", entity.name)) {
        None => return Filter::Nothing,
        Some(Reach::All) => Filter::All,
        Some(Reach::Own) if action == "read" => own.or(entity.access.open.map_or(Filter::Nothing, |open| open(viewer))),
        Some(Reach::Own) => own,
    };
    reached.and(entity.access.narrow.map_or(Filter::All, |narrow| narrow(viewer, now)))
}

/// Whether the viewer may give this field a value when a record is made (`creating`) or changed.
pub fn may_write(entity: &Entity, field: &Field, viewer: &Viewer, creating: bool) -> bool {
    let action = if creating { "create" } else { "update" };
    match field.input {
        Input::Anyone => true,
        Input::OnCreate => creating,
        Input::Staff => viewer.policy.reach(&format!("{}:{action}", entity.name)) == Some(Reach::All),
        Input::Nobody => false,
    }
}

fn own(entity: &Entity, viewer: &Viewer) -> Filter {
    let mine = |field: &&'static str| Filter::is(*field, viewer.member.as_str());
    entity.access.own.iter().map(mine).fold(Filter::Nothing, Filter::or)
}
