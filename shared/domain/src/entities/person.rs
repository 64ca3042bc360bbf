//! People: whom the tenant deals with, whether or not they can sign in.

use crate::entity::{Access, Entity, email, index, phone, reference, text, unique_if_present};
use crate::rules::Plain;

/// Somebody the tenant deals with.
pub static PERSON: Entity = Entity {
    name: "person",
    collection: "people",
    prefix: "per",
    fields: &[
        text("name", 200).encrypted().searchable(),
        email("email").blind(),
        phone("phone").blind(),
        text("company_name", 200).searchable(),
        reference("membership", "membership").read_only(),
    ],
    indexes: &[unique_if_present(&["email"]), index(&["-created_at"]), index(&["search_words"])],
    access: Access::own(&["membership"]),
    rules: &Plain,
};
