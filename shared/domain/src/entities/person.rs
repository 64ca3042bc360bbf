//! People: whom the tenant deals with, whether or not they can sign in.

use crate::entity::{
    ADDRESS, Access, CUSTOM, CUSTOM_PERSONAL, Entity, Kind, LOCATION, date, email, index, index_if_present, list, object, phone,
    reference, teams, text, unique_if_present,
};
use crate::lifecycle::ARCHIVED_AT;
use crate::privacy::RESTRICTED_AT;
use crate::rules::{Moment, Rules};
use crate::{Doc, Violation};

/// Somebody the tenant deals with.
pub static PERSON: Entity = Entity {
    name: "person",
    collection: "people",
    prefix: "per",
    fields: &[
        text("name", 200).encrypted().searchable(),
        text("first_name", 100).encrypted(),
        text("last_name", 100).encrypted(),
        text("job_title", 100),
        email("email").blind(),
        phone("phone").blind(),
        text("company_name", 200).searchable(),
        object("address", ADDRESS).encrypted(),
        object("location", LOCATION),
        list("tags", &Kind::Text(40), 50),
        reference("owner", "membership").staff().keep(),
        reference("membership", "membership").read_only().clear(),
        teams(),
        date(ARCHIVED_AT).read_only(),
        date(RESTRICTED_AT).read_only(),
        CUSTOM,
        CUSTOM_PERSONAL,
    ],
    indexes: &[
        unique_if_present(&["email"]),
        index_if_present(&["phone"]),
        index(&["owner"]),
        index(&["location.territory"]),
        index(&["tags"]),
        index(&["-created_at"]),
        index(&["search_words"]),
        index(&["teams"]),
        index(&["custom_index"]),
        index_if_present(&["custom_refs"]),
    ],
    access: Access::shared(&["membership", "owner"]),
    rules: &PersonRules,
};

struct PersonRules;

impl Rules for PersonRules {
    /// Whoever makes a person looks after them, unless somebody else is named. What has an id is made already.
    fn prepare(&self, person: &mut Doc, moment: Moment<'_>) {
        if let (Some(viewer), false) = (moment.viewer, person.contains_key("_id")) {
            person.entry("owner").or_insert_with(|| viewer.member.clone().into());
        }
    }

    /// A form says what it says; a member makes nobody who cannot be reached.
    fn check(&self, before: Option<&Doc>, after: &Doc, moment: Moment<'_>) -> Vec<Violation> {
        let is_reachable = |person: &Doc| person.contains_key("email") || person.contains_key("phone");
        if is_reachable(after) || moment.viewer.is_none() || before.is_some_and(|before| !is_reachable(before)) {
            return Vec::new();
        }
        vec![Violation::on("email", "unreachable", "Expected an e-mail address or a phone number.")]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Role, Time, Viewer, doc, validate};

    fn create(person: serde_json::Value, viewer: Option<&Viewer>) -> crate::Result<Doc> {
        validate::create(&PERSON, doc::fields(person), Moment { now: Time::from_ms(0), viewer })
    }

    #[test]
    fn a_member_makes_people_who_can_be_reached_and_looks_after_them() {
        let viewer = Viewer { member: "mem_1".to_owned(), policy: Role::Manager.into() };
        let person = create(json!({ "name": "Ada", "phone": "+49 30 123456" }), Some(&viewer)).unwrap();
        assert_eq!(person["owner"], "mem_1");
        let refused = create(json!({ "name": "Ada" }), Some(&viewer)).unwrap_err();
        assert_eq!(refused.violations[0].code, "unreachable");
        assert!(!create(json!({ "name": "Ada" }), None).unwrap().contains_key("owner"), "a form has no member");
    }
}
