//! Who is told of a change, and of what.

use domain::doc::text;
use domain::json;
use domain::role::STAFF;
use domain::{Doc, Entity};
use serde_json::Value;
use store::{Audience, Command};

/// Those whom a quote, an invoice or a project names.
pub const PARTIES: &[&str] = &["customer", "expert", "vendor", "manager"];

/// Tells the members that the record names in these fields of the last event; where it names no manager, the staff.
pub fn tell(command: &mut Command<'_>, key: &str, entity: &Entity, record: &Doc, fields: &[&str]) {
    tell_as(command, key, entity, record, fields, record.get("reference"));
}

/// As [`tell`], under the reference of another record.
pub fn tell_as(command: &mut Command<'_>, key: &str, entity: &Entity, record: &Doc, fields: &[&str], reference: Option<&Value>) {
    let members: Vec<Option<&str>> = fields.iter().map(|field| text(record, field)).collect();
    let unmanaged = fields.contains(&"manager") && text(record, "manager").is_none();
    let roles = if unmanaged { STAFF } else { &[] };
    let facts = json!({
        "key": key, "record": { "type": entity.name, "id": record.get("_id") }, "lead": record.get("lead"), "reference": reference,
    });
    command.notify(&Audience { members: &members, roles }, facts);
}
