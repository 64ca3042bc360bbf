//! Role sets: what a tenant may start with besides the presets, for each kind of business that the product comes from.

mod sets;

use crate::entities::ROLE;
use crate::json::{doc, object};
use crate::policy::Reach;
use crate::rules::Moment;
use crate::{Doc, Result, Role, validate};

use sets::{AGENCY, COMMON, GROWTH, MARKETPLACE, WHOLESALE, WORKSPACE};

/// The roles of one kind of business.
#[derive(Debug)]
pub struct RoleSet {
    /// Its word.
    pub name: &'static str,
    /// Its roles.
    pub roles: &'static [Seeded],
}

/// A role of a set.
#[derive(Debug)]
pub enum Seeded {
    /// A preset, which every tenant has.
    Preset(Role),
    /// One of the tenant's own.
    Own {
        /// Its name.
        name: &'static str,
        /// The preset that it is based on.
        based_on: Role,
        /// What it may do with everybody's records, besides what all such roles may.
        all: &'static [&'static str],
        /// What it may do with those of its teams.
        team: &'static [&'static str],
        /// What it may do with its own.
        own: &'static [&'static str],
    },
}

/// Every role set.
pub static ROLE_SETS: &[RoleSet] = &[MARKETPLACE, AGENCY, WORKSPACE, GROWTH, WHOLESALE];

/// The words of [`ROLE_SETS`].
pub const ROLE_SET_WORDS: &[&str] = &["marketplace", "agency", "workspace", "growth", "wholesale"];

impl RoleSet {
    /// The set by its word.
    pub fn parse(word: &str) -> Option<&'static Self> {
        ROLE_SETS.iter().find(|set| set.name == word)
    }

    /// The tenant's own roles among it, as records.
    pub fn records(&self, moment: Moment<'_>) -> Result<Vec<Doc>> {
        self.roles.iter().filter_map(Seeded::record).map(|role| validate::create(&ROLE, role, moment)).collect()
    }
}

impl Seeded {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Preset(role) => role.word(),
            Self::Own { name, .. } => name,
        }
    }

    /// Its fields, unless every tenant has it.
    pub fn record(&self) -> Option<Doc> {
        let Self::Own { name, based_on, all, team, own } = self else { return None };
        let reaches = [(Reach::All, COMMON), (Reach::All, *all), (Reach::Team, *team), (Reach::Own, *own)];
        let given = |(reach, permissions): (Reach, &'static [&'static str])| {
            permissions.iter().map(|permission| (*permission, reach.word().into())).collect::<Vec<_>>()
        };
        let permissions = object(reaches.into_iter().flat_map(given).collect());
        Some(doc(vec![("name", (*name).into()), ("based_on", based_on.word().into()), ("permissions", permissions)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::role_policy;
    use crate::{Policy, Time, doc};

    #[test]
    fn every_role_of_every_set_is_a_sound_role_that_an_admin_may_give() {
        let words: Vec<_> = ROLE_SETS.iter().map(|set| set.name).collect();
        assert_eq!(words, ROLE_SET_WORDS);
        for set in ROLE_SETS {
            let records = set.records(Moment { now: Time::from_ms(0), viewer: None }).unwrap();
            for role in &records {
                let policy = role_policy(role).unwrap();
                assert!(Policy::from(Role::Admin).may_give(&policy), "{} {:?}", set.name, doc::text(role, "name"));
                assert!(policy.permissions().count() > 3 && role.contains_key("search_words"));
            }
            let own = set.roles.iter().filter(|role| matches!(role, Seeded::Own { .. })).count();
            assert_eq!(records.len(), own);
        }
    }

    #[test]
    fn no_permission_is_given_twice() {
        for role in ROLE_SETS.iter().flat_map(|set| set.roles) {
            let Seeded::Own { name, all, team, own, .. } = role else { continue };
            let given: Vec<_> = COMMON.iter().chain(*all).chain(*team).chain(*own).collect();
            let distinct: std::collections::BTreeSet<_> = given.iter().collect();
            assert_eq!(given.len(), distinct.len(), "{name}");
        }
    }
}
