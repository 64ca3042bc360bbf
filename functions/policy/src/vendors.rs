//! Vendors under vendors: whoever has a master knows all masters above, so that a whole line is one filter.

use domain::doc::text;
use domain::entities::{ANCESTORS_MAX, MEMBERSHIP};
use domain::plan::has_seat;
use domain::validate::change;
use domain::{Doc, Error, Filter, Violation, doc, json};
use serde_json::Value;
use store::{Command, Reading, Scope, Step};

/// The most vendors that can be moved with their master at once.
const STAFF_MAX: u32 = 200;

/// Reads the master that is to be.
pub fn read_master(reading: &mut Reading<'_>, scope: &Scope, master: &Value) -> Step {
    let missing = Violation::on("master", "not-found", "There is no such member, or they are not visible to you.");
    reading.one(&MEMBERSHIP, &scope.reach(&MEMBERSHIP, "read").and(Filter::is("_id", master.clone())), missing.into())
}

/// Reads all who stand under a vendor.
pub fn read_staff(reading: &mut Reading<'_>, scope: &Scope, vendor: &str) -> Step {
    reading.many(&MEMBERSHIP, &staff_of(scope, vendor), json!({ "_id": 1 }), STAFF_MAX + 1)
}

/// Puts a vendor under a master, or, without one, on their own.
pub fn place(vendor: &mut Doc, master: Option<&Doc>) -> Result<(), Violation> {
    let is_vendor = text(vendor, "role") == Some("vendor");
    let Some(master) = master.filter(|_| is_vendor) else {
        vendor.remove("master");
        vendor.extend(doc::fields(json!({ "is_master": is_vendor, "ancestors": [] })));
        return Ok(());
    };
    if text(master, "role") != Some("vendor") || !has_seat(master) {
        return Err(Violation::on("master", "not-a-vendor", "A master is a vendor who is active or invited."));
    }
    let mut line = line_of(master);
    line.extend(master.get("_id").cloned());
    if vendor.get("_id").is_some_and(|vendor| line.contains(vendor)) {
        return Err(Violation::on("master", "cycle", "Nobody stands under themselves."));
    }
    bounded(&line)?;
    vendor.extend(doc::fields(json!({ "master": master.get("_id"), "is_master": false, "ancestors": line })));
    Ok(())
}

/// Expects a master to be as they were read. Who moves them at the same moment writes the same record.
pub fn require_master(command: &mut Command<'_>, scope: &Scope, master: &Doc) {
    let as_read = ["_id", "version"].into_iter().map(|field| Filter::is(field, master.get(field).cloned().unwrap_or_default()));
    command.require_still(&MEMBERSHIP, as_read.fold(scope.live(), Filter::and), raced());
}

/// Expects nobody to stand under somebody who is no vendor any more.
pub fn require_no_staff(command: &mut Command<'_>, scope: &Scope, vendor: &str) {
    let has_staff = Error::conflict("vendor-has-staff", "Others stand under this vendor. Give them another master first.");
    command.forbid(&MEMBERSHIP, scope.live().and(Filter::is("master", vendor)), has_staff);
}

/// Moves all who stand under a vendor along with them.
pub fn move_staff(command: &mut Command<'_>, scope: &Scope, vendor: &Doc, staff: &[Doc]) -> Result<(), Error> {
    if staff.len() > STAFF_MAX as usize {
        return Err(Error::conflict("too-many-staff", "More than 200 stand under this vendor. Move them in parts."));
    }
    let id = text(vendor, "_id").unwrap_or_default();
    if !staff.is_empty() {
        command.update_exactly(&MEMBERSHIP, &staff_of(scope, id), &Doc::new(), staff.len(), raced());
    }
    for member in staff {
        let below = line_of(member).into_iter().skip_while(|ancestor| ancestor != id);
        let line: Vec<Value> = line_of(vendor).into_iter().chain(below).collect();
        bounded(&line)?;
        let change = change(member, doc::with(member, json!({ "ancestors": line })));
        let same = scope.live().and(Filter::is("_id", text(member, "_id").unwrap_or_default()));
        command.update(&MEMBERSHIP, &same, &change, raced());
        command.event_of(&MEMBERSHIP, member, &change.after, "membership.moved", None);
    }
    Ok(())
}

fn staff_of(scope: &Scope, vendor: &str) -> Filter {
    scope.live().and(Filter::is("ancestors", vendor))
}

/// All masters above somebody, the topmost first.
fn line_of(member: &Doc) -> Vec<Value> {
    member.get("ancestors").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn bounded(line: &[Value]) -> Result<(), Violation> {
    match line.len() <= ANCESTORS_MAX {
        true => Ok(()),
        false => Err(Violation::on("master", "too-deep", format!("At most {ANCESTORS_MAX} masters stand above one another."))),
    }
}

fn raced() -> Error {
    Error::conflict("concurrent-update", "The vendors were changed at the same moment. Try again.")
}
