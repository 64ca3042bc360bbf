//! What a member is besides what they may do: a profile that fits their role, what they prefer, and where they are paid.

use crate::entity::{Fallback, Field, Kind, choice, date, flag, integer, list, object, opaque, text};
use crate::rules::Moment;
use crate::validate::{self, Change};
use crate::{Doc, Error, Result, Violation, custom, doc};

use super::MEMBERSHIP;

/// What members write of their own profile.
pub const OWN_PROFILE: &[&str] =
    &["name", "phone", "avatar", "avatar_file", "address", "expert_profile", "vendor_profile", "customer_profile"];

/// What else is written of it by those who may change members.
pub const STAFF_PROFILE: &[&str] = &["department", "location", "manager_kind", "in_house", custom::FIELD];

/// Which roles a part of the profile is for.
const FITS: &[(&str, &[&str])] = &[
    ("expert_profile", &["expert"]),
    ("vendor_profile", &["vendor"]),
    ("customer_profile", &["customer"]),
    ("vendor", &["customer"]),
    ("manager_kind", &["manager"]),
    ("in_house", &["owner", "admin", "manager"]),
];

/// Of a change of these fields, which verification does not hold any more.
const VERIFIED_BY: &[(&str, &str)] =
    &[("email", "email"), ("phone", "phone"), ("address", "address_proof"), ("name", "id_proof")];

/// An expert's part.
pub const EXPERT_PROFILE: &[Field] = &[text("position", 100), text("bio", 5_000), list("products", &Kind::Text(100), 50)];

/// A vendor's part.
pub const VENDOR_PROFILE: &[Field] = &[text("job_title", 100), text("type", 100)];

/// A customer's part.
pub const CUSTOMER_PROFILE: &[Field] = &[text("industry", 100), date("last_contact_at")];

/// What is said of the file of an avatar.
pub const AVATAR_FILE: &[Field] =
    &[choice("media_type", IMAGE_TYPES).required(), integer("size_bytes", 1, AVATAR_BYTES_MAX).required()];

/// Images that cannot hold scripts, with the endings of their names.
const IMAGES: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("avif", "image/avif"),
];
const IMAGE_TYPES: &[&str] = &["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"];
const AVATAR_BYTES_MAX: i64 = 5_242_880;

/// When what was verified.
pub const VERIFIED: &[Field] = &[date("email"), date("phone"), date("id_proof"), date("address_proof")];

/// What a member wants: how things look, where they begin, and whether each notification channel may be used.
pub const PREFERENCES: &[Field] = &[
    choice("theme", &["light", "dark", "auto"]).default(Fallback::Word("auto")),
    text("default_view", 60),
    opaque("dashboard_layout", 10_000),
    object("notifications", CHANNEL_FLAGS),
];

/// One flag per notification channel.
pub const CHANNEL_FLAGS: &[Field] =
    &[flag("browser").default(Fallback::Flag(true)), flag("email").default(Fallback::Flag(true)), flag("sms"), flag("push")];

/// What is wrong with a membership's profile: parts that are for other roles.
pub fn misfits(member: &Doc) -> Vec<Violation> {
    let role = doc::text(member, "role").unwrap_or_default();
    let misfit = FITS.iter().filter(|(field, roles)| member.contains_key(*field) && !roles.contains(&role));
    misfit.map(|(field, roles)| Violation::on(field, "other-role", format!("This is for: {}.", roles.join(", ")))).collect()
}

/// What is wrong with an avatar that is set, as far as a reference tells: an object's key ends as that of an image of the kind that
/// is declared; the end of a URL tells nothing.
pub fn wrong_avatar(before: Option<&Doc>, after: &Doc) -> Option<Violation> {
    let is_same = |field| before.is_some_and(|before| before.get(field) == after.get(field));
    if is_same("avatar") && is_same("avatar_file") {
        return None;
    }
    let declared = after.get("avatar_file").and_then(|file| file.get("media_type")?.as_str());
    let Some(avatar) = doc::text(after, "avatar") else {
        return declared.map(|_| Violation::on("avatar_file", "no-avatar", "There is no avatar that this is said of."));
    };
    if avatar.starts_with("https:") {
        return None;
    }
    let ending = avatar.rsplit_once('.').map_or("", |(_, ending)| ending);
    match IMAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending)) {
        None => Some(Violation::on("avatar", "not-an-image", "Expected an image: .png, .jpg, .webp, .gif or .avif.")),
        Some((_, kind)) if declared.is_some_and(|declared| declared != *kind) => {
            Some(Violation::at("/avatar_file/media_type".to_owned(), "other-type", "The avatar's key ends otherwise."))
        }
        Some(_) => None,
    }
}

/// A profile changed by a merge patch of some of its fields. What was verified of a value goes with it.
pub fn profile_change(before: &Doc, patch: &Doc, fields: &[&[&str]], moment: Moment<'_>) -> Result<Change> {
    let mut violations = Vec::new();
    for name in patch.keys() {
        if !fields.iter().any(|fields| fields.contains(&name.as_str())) {
            violations.push(match MEMBERSHIP.field(name).filter(|field| !field.hidden) {
                Some(_) => Violation::on(name, "read-only", "This field cannot be written here."),
                None => Violation::at(format!("/{}", validate::escape(name)), "unknown-field", "There is no such field."),
            });
        } else if moment.viewer.is_some_and(|viewer| !viewer.policy.writes(MEMBERSHIP.name, name)) {
            violations.push(Violation::on(name, "read-only", "This field cannot be written here."));
        }
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    // Parts that stayed from a former role go.
    let mut fitting = before.clone();
    for misfit in misfits(before) {
        if let crate::error::Place::Pointer(pointer) = misfit.place {
            fitting.remove(pointer.trim_start_matches('/'));
        }
    }
    // What was said of the avatar before is not said of the next.
    if patch.contains_key("avatar") {
        fitting.remove("avatar_file");
    }
    let mut after = validate::update(&MEMBERSHIP, &fitting, patch.clone(), Moment { viewer: None, ..moment })?.after;
    drop_verifications(before, &mut after);
    Ok(validate::change(before, after))
}

fn drop_verifications(before: &Doc, after: &mut Doc) {
    for (field, kind) in VERIFIED_BY {
        if before.get(*field) != after.get(*field)
            && let Some(serde_json::Value::Object(verified)) = after.get_mut("verified")
        {
            verified.remove(*kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Time;

    fn expert() -> Doc {
        doc::fields(json!({
            "_id": "mem_1", "email": "a@example.com", "role": "expert", "kind": "portal", "phone": "+442079460018", "status": "active", "is_master": false, "team_ids": [],
            "verified": { "phone": "2026-01-01T00:00:00.000Z", "email": "2026-01-01T00:00:00.000Z" },
        }))
    }

    fn changed(patch: serde_json::Value) -> Result<Change> {
        profile_change(&expert(), &doc::fields(patch), &[OWN_PROFILE], Moment { now: Time::from_ms(0), viewer: None })
    }

    #[test]
    fn a_profile_has_the_parts_of_its_role() {
        let change = changed(json!({ "expert_profile": { "bio": "Roofs", "products": ["Tiles"] }, "name": "Ann" })).unwrap();
        assert_eq!(change.set.keys().collect::<Vec<_>>(), ["name", "expert_profile"]);
        let codes = |patch| changed(patch).unwrap_err().violations.into_iter().map(|one| one.code).collect::<Vec<_>>();
        assert_eq!(codes(json!({ "vendor_profile": { "type": "agent" } })), ["other-role"]);
        assert_eq!(
            codes(json!({ "department": "x", "policy": "P", "nope": 1 })),
            ["read-only", "unknown-field", "unknown-field"]
        );
    }

    #[test]
    fn what_changes_is_not_verified_any_more() {
        let verified = |patch| changed(patch).unwrap().after["verified"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(verified(json!({ "phone": "+44 20 7946 0019" })), ["email"]);
        assert_eq!(verified(json!({ "avatar": "files/a.png" })), ["phone", "email"]);
    }

    #[test]
    fn an_avatar_is_an_image_as_far_as_its_reference_tells() {
        let refused = |patch| changed(patch).err().map(|error| error.violations[0].code);
        let png = json!({ "media_type": "image/png", "size_bytes": 20_000 });
        for (patch, expected) in [
            (json!({ "avatar": "files/a.PNG", "avatar_file": png }), None),
            (json!({ "avatar": "https://lh3.example.com/a/xyz=s96-c", "avatar_file": png }), None),
            (json!({ "avatar": "files/a.svg" }), Some("not-an-image")),
            (json!({ "avatar": "files/a" }), Some("not-an-image")),
            (json!({ "avatar": "files/a.jpg", "avatar_file": png }), Some("other-type")),
            (json!({ "avatar_file": png }), Some("no-avatar")),
            (
                json!({ "avatar": "files/a.png", "avatar_file": { "media_type": "image/svg+xml", "size_bytes": 1 } }),
                Some("not-a-choice"),
            ),
            (
                json!({ "avatar": "files/a.png", "avatar_file": { "media_type": "image/png", "size_bytes": 9_000_000 } }),
                Some("out-of-range"),
            ),
        ] {
            assert_eq!(refused(patch.clone()), expected, "{patch}");
        }
        let mut member = expert();
        member.extend(doc::fields(json!({ "avatar": "files/a.png", "avatar_file": png })));
        let moment = Moment { now: Time::from_ms(0), viewer: None };
        let next = profile_change(&member, &doc::fields(json!({ "avatar": "files/b.gif" })), &[OWN_PROFILE], moment).unwrap();
        assert_eq!(next.unset, ["avatar_file"]);
    }

    #[test]
    fn parts_of_a_former_role_go_with_the_next_change() {
        let mut member = expert();
        member.insert("role".to_owned(), "customer".into());
        member.insert("expert_profile".to_owned(), json!({ "bio": "Roofs" }));
        let moment = Moment { now: Time::from_ms(0), viewer: None };
        let patch = doc::fields(json!({ "customer_profile": { "industry": "Homes" } }));
        let change = profile_change(&member, &patch, &[OWN_PROFILE], moment).unwrap();
        assert_eq!(change.unset, ["expert_profile"]);
    }
}
