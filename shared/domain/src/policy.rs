//! Policies: what a member may do, on whose records, and which fields are not for them. This is the one place that is asked.

use std::sync::Arc;

use serde_json::Value;

use crate::{Doc, Entity, Field, Role, custom, doc};

mod reach;

pub use reach::Reach;

/// Every permission. Written policies know them by their place: new ones come last, and none ever leaves.
pub const PERMISSIONS: &[&str] = &[
    "lead:read",
    "lead:create",
    "lead:update",
    "lead:delete",
    "lead:publish",
    "lead:assign",
    "bid:read",
    "bid:award",
    "person:read",
    "membership:read",
    "membership:invite",
    "quote:read",
    "quote:update",
    "quote:send",
    "quote:withdraw",
    "milestone:read",
    "project:read",
    "invoice:read",
    "invoice:approve",
    "invoice:pay",
    "conversation:read",
    "conversation:write",
    "conversation:archive",
    "event:read",
    "notification:read",
    "bid:create",
    "bid:update",
    "bid:delete",
    "bid:submit",
    "bid:withdraw",
    "quote:accept",
    "quote:decline",
    "integration:create",
    "integration:delete",
    "integration:read",
    "integration:update",
    "login:read",
    "login:revoke",
    "membership:update",
    "role:read",
    "role:create",
    "role:update",
    "role:delete",
    "person:create",
    "person:update",
    "person:delete",
    "field_definition:read",
    "field_definition:create",
    "field_definition:update",
    "field_definition:delete",
    "team:read",
    "team:create",
    "team:update",
    "team:delete",
    "privacy_request:read",
    "privacy_request:create",
    "privacy_request:export",
    "tenant:read",
    "tenant:update",
    "tenant:rotate_keys",
    "tenant:destroy_keys",
    "setting:read",
    "setting:update",
    "membership:remove",
    "membership:payout",
    "verification:read",
    "verification:create",
    "verification:decide",
    "lead:archive",
    "person:archive",
    "project:archive",
    "api_key:read",
    "api_key:create",
    "api_key:update",
    "api_key:revoke",
    "membership:create",
    "membership:activate",
    "project:update",
    "milestone:update",
    "invoice:update",
    "privacy_request:lift",
];

/// Fields that no mask can take away: streams and read marks go by these numbers.
const NEVER_MASKED: &[(&str, &str)] = &[("conversation", "seq"), ("message", "seq")];

/// How many fields a policy can mask: it travels in every access token.
pub const MASKS_MAX: usize = 50;
/// How long their names can be together, those of their entities included.
pub const MASKS_LEN_MAX: usize = 1_400;

/// Whether a policy can hold so many masks.
pub fn has_room_for(masks: &[(&'static Entity, &str, Mask)]) -> bool {
    masks.len() <= MASKS_MAX
        && masks.iter().map(|(entity, name, _)| entity.name.len() + name.len()).sum::<usize>() <= MASKS_LEN_MAX
}

/// What a mask takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mask {
    /// Reading, and with it writing: whoever could write what they cannot read could find it out by trying.
    Hidden,
    /// Writing.
    ReadOnly,
}

impl Mask {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::ReadOnly => "read_only",
        }
    }
}

/// How many teams a member can be in: they travel in every access token.
pub const TEAMS_MAX: usize = 20;

/// What a member may do: a preset, or permissions and masks of its own within the kind of one; and the teams that a reach
/// can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    role: Role,
    custom: Option<Arc<Custom>>,
    teams: Arc<[String]>,
}

#[derive(Debug, PartialEq, Eq)]
struct Custom {
    /// Of each permission, by its place.
    reaches: Vec<Option<Reach>>,
    masks: Vec<(String, String, Mask)>,
}

impl From<Role> for Policy {
    fn from(role: Role) -> Self {
        Self { role, custom: None, teams: Arc::default() }
    }
}

impl Policy {
    /// A policy of its own, which in all else is like a preset; none when it says what cannot be said. Masks name fields, or one
    /// of a tenant's own as `custom.size`.
    pub fn custom<'a>(
        role: Role,
        reaches: impl IntoIterator<Item = (&'a str, Reach)>,
        masks: impl IntoIterator<Item = (&'static Entity, &'a str, Mask)>,
    ) -> Option<Self> {
        let mut given = vec![None; PERMISSIONS.len()];
        for (permission, reach) in reaches {
            *given.get_mut(place(permission)?)? = Some(reach);
        }
        let masks: Vec<_> = masks.into_iter().collect();
        let is_sound = has_room_for(&masks) && masks.iter().all(|(entity, name, _)| is_maskable(entity, name));
        let masks = masks.iter().map(|(entity, name, mask)| (entity.name.to_owned(), (*name).to_owned(), *mask));
        is_sound.then(|| Self::of_parts(role, Custom { reaches: given, masks: masks.collect() }))
    }

    /// The preset that it is, or is like.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whose records a permission reaches, or nothing when it is not given.
    pub fn reach(&self, permission: &str) -> Option<Reach> {
        match &self.custom {
            None => self.role.reach(permission),
            Some(custom) => *custom.reaches.get(place(permission)?)?,
        }
    }

    /// All that is given, and on whose records.
    pub fn permissions(&self) -> impl Iterator<Item = (&'static str, Reach)> + '_ {
        PERMISSIONS.iter().filter_map(|permission| Some((*permission, self.reach(permission)?)))
    }

    /// Whether a field of an entity may be read: shown, filtered by, sorted by, searched in.
    pub fn reads(&self, entity: &str, field: &str) -> bool {
        self.mask(entity, field) != Some(Mask::Hidden)
    }

    /// Whether no mask forbids a field of an entity to be written.
    pub fn writes(&self, entity: &str, field: &str) -> bool {
        self.mask(entity, field).is_none()
    }

    /// Whether the values of one of a tenant's own fields may be read.
    pub fn reads_custom(&self, entity: &str, key: &str) -> bool {
        !self.is_masked() || self.reads(entity, &[custom::PATH, key].concat())
    }

    /// Whether it hides any of a tenant's own fields of an entity, but not all of them.
    pub fn hides_custom(&self, entity: &str) -> bool {
        self.masks().any(|(of, name, mask)| of == entity && mask == Mask::Hidden && name.starts_with(custom::PATH))
    }

    /// What it masks: entity, field, and what of it.
    pub fn masks(&self) -> impl Iterator<Item = (&str, &str, Mask)> {
        let masks = self.custom.iter().flat_map(|custom| &custom.masks);
        masks.map(|(entity, field, mask)| (entity.as_str(), field.as_str(), *mask))
    }

    /// Whether it masks anything at all.
    pub fn is_masked(&self) -> bool {
        self.custom.as_ref().is_some_and(|custom| !custom.masks.is_empty())
    }

    /// Whether no field of an entity is hidden.
    pub fn reads_all_of(&self, entity: &str) -> bool {
        let masks = self.custom.iter().flat_map(|custom| &custom.masks);
        masks.filter(|(of, _, mask)| of == entity && *mask == Mask::Hidden).count() == 0
    }

    /// The policy of a membership.
    pub fn of_member(member: &Doc) -> Option<Self> {
        let role = doc::text(member, "role").and_then(Role::parse)?;
        let policy = doc::text(member, "policy").map_or(Some(role.into()), |written| Self::read(role, written));
        let teams = member.get("team_ids").and_then(Value::as_array).into_iter().flatten();
        Some(policy?.in_teams(teams.filter_map(Value::as_str).map(str::to_owned)))
    }

    /// Whether whoever has this policy may invite others into a preset.
    pub fn may_invite(&self, invited: Role) -> bool {
        self.reach("membership:invite").is_some() && self.may_give(&invited.into())
    }

    /// Whether whoever has this policy may give that one, or take it away: nobody hands out more than they have.
    pub fn may_give(&self, given: &Policy) -> bool {
        let is_above = match self.role {
            Role::Owner => false,
            Role::Admin => given.role == Role::Owner,
            _ => matches!(given.role, Role::Owner | Role::Admin),
        };
        let are_presets = self.custom.is_none() && given.custom.is_none();
        !is_above && (are_presets || self.covers(given))
    }

    /// Whether it gives all that another gives, but for what is for the person concerned alone, and shows no more.
    fn covers(&self, other: &Policy) -> bool {
        // Keys of one's own give no more than one has.
        let is_own_key = |permission: &str, reach: Reach| permission.starts_with("api_key:") && reach == Reach::Own;
        let mut given =
            other.permissions().filter(|(permission, reach)| !Role::is_personal(permission) && !is_own_key(permission, *reach));
        let mut masks = self.custom.iter().flat_map(|custom| &custom.masks);
        given.all(|(permission, reach)| self.reach(permission).is_some_and(|own| own >= reach))
            && masks.all(|(entity, field, mask)| {
                other.mask(entity, field).is_some_and(|masked| masked == Mask::Hidden || *mask == Mask::ReadOnly)
            })
    }

    /// As it stands in access tokens and memberships, unless it is a preset.
    pub fn written(&self) -> Option<String> {
        let custom = self.custom.as_ref()?;
        let masks = custom.masks.iter().map(|(entity, field, mask)| {
            let sign = if *mask == Mask::Hidden { "-" } else { "=" };
            format!(" {entity}.{field}{sign}")
        });
        Some(reach::written(&custom.reaches) + &masks.collect::<String>())
    }

    /// What was [written](Policy::written) of a policy like a preset.
    pub fn read(role: Role, text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let reaches = reach::read(words.next()?)?;
        let masks = words.map(|word| {
            let (path, mask) = match word.strip_suffix('-') {
                Some(path) => (path, Mask::Hidden),
                None => (word.strip_suffix('=')?, Mask::ReadOnly),
            };
            let (entity, field) = path.split_once('.')?;
            Some((entity.to_owned(), field.to_owned(), mask))
        });
        Some(Self::of_parts(role, Custom { reaches, masks: masks.collect::<Option<_>>()? }))
    }

    fn of_parts(role: Role, custom: Custom) -> Self {
        Self { custom: Some(Arc::new(custom)), ..role.into() }
    }

    /// The same with no other permissions than these: what an API key leaves of its holder's.
    pub fn limited_to(&self, permissions: &[&str]) -> Self {
        let left = |permission: &&str| {
            let is_named = permissions.contains(permission) && is_for_keys(permission);
            if is_named { self.reach(permission) } else { None }
        };
        let reaches = PERMISSIONS.iter().map(left).collect();
        let masks = self.custom.as_ref().map(|custom| custom.masks.clone()).unwrap_or_default();
        Self { custom: Some(Arc::new(Custom { reaches, masks })), ..self.clone() }
    }

    /// The same for a member of these teams.
    pub fn in_teams(self, teams: impl IntoIterator<Item = String>) -> Self {
        Self { teams: teams.into_iter().take(TEAMS_MAX).collect(), ..self }
    }

    /// The teams of its holder.
    pub fn teams(&self) -> &[String] {
        &self.teams
    }

    fn mask(&self, entity: &str, field: &str) -> Option<Mask> {
        // A mask on all of a tenant's own fields is one on each.
        let whole = field.split('.').next();
        let masks = self.masks().filter(|(of, name, _)| *of == entity && (*name == field || Some(*name) == whole));
        masks.map(|(.., mask)| mask).min()
    }
}

/// Whether an API key can be given a permission: no key makes keys, nor whom they act as, or it would outlive itself; and what
/// becomes of the tenant's own keys is for people.
pub fn is_for_keys(permission: &str) -> bool {
    !permission.starts_with("api_key:")
        && !["membership:create", "tenant:rotate_keys", "tenant:destroy_keys"].contains(&permission)
}

/// Whether a mask can take a field away: what every record has is left, and what nobody sees is gone already.
pub fn maskable(entity: &Entity, field: &Field) -> bool {
    let own = entity.fields.iter().any(|known| known.name == field.name);
    own && !field.hidden && !NEVER_MASKED.contains(&(entity.name, field.name))
}

/// As [`maskable`], by a field's name, or `custom.` and the key of one of a tenant's own, whether or not it is defined yet.
pub fn is_maskable(entity: &Entity, name: &str) -> bool {
    match name.strip_prefix(custom::PATH) {
        Some(key) => entity.is_customizable() && custom::is_key(key),
        None => entity.field(name).is_some_and(|field| maskable(entity, field)),
    }
}

fn place(permission: &str) -> Option<usize> {
    PERMISSIONS.iter().position(|known| *known == permission)
}

/// Who looks: a member with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The membership.
    pub member: String,
    /// Its policy.
    pub policy: Policy,
}

#[cfg(test)]
mod tests;
