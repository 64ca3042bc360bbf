//! The golden matrices: which role may do what with which entity, and on whose records; of the presets, and of every role set.

use std::fmt::Write;
use std::path::Path;

use domain::entities::{ROLE, role_policy};
use domain::policy::PERMISSIONS;
use domain::role::ROLES;
use domain::role_sets::{ROLE_SETS, Seeded};
use domain::rules::Moment;
use domain::{Policy, Time, validate};

/// A table of all permissions, or of those alone that one of the roles has.
fn table(matrix: &mut String, roles: &[(&'static str, Policy)], all: bool) {
    let mut permissions = PERMISSIONS.to_vec();
    permissions.retain(|permission| all || roles.iter().any(|(_, policy)| policy.reach(permission).is_some()));
    permissions.sort_unstable();
    matrix.push_str("| entity | action |");
    roles.iter().for_each(|(name, _)| write!(matrix, " {name} |").unwrap());
    write!(matrix, "\n|---|---|{}\n", "---|".repeat(roles.len())).unwrap();
    for permission in permissions {
        let (entity, action) = permission.split_once(':').unwrap();
        write!(matrix, "| {entity} | {action} |").unwrap();
        let word = |policy: &Policy| policy.reach(permission).map_or("–", |reach| reach.word());
        roles.iter().for_each(|(_, policy)| write!(matrix, " {} |", word(policy)).unwrap());
        matrix.push('\n');
    }
}

fn assert_golden(name: &str, matrix: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, matrix).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let meant = "a role may do more or less than before; if that is meant, `UPDATE=1 cargo test -p tests --test tables matrix`";
    assert!(matrix == golden, "{meant} writes the matrix anew:\n{matrix}");
}

#[test]
fn policy_matrix() {
    let presets: Vec<_> = ROLES.iter().map(|role| (role.word(), Policy::from(*role))).collect();
    let mut matrix = String::new();
    table(&mut matrix, &presets, true);
    assert_golden("matrix.md", &matrix);
}

/// The presets of a set stand in the other matrix; what no row names is given to none of the set's own roles.
#[test]
fn policy_matrix_of_role_sets() {
    let moment = Moment { now: Time::from_ms(0), viewer: None };
    let policy = |role: &Seeded| role_policy(&validate::create(&ROLE, role.record()?, moment).unwrap()).ok();
    let mut matrix = String::from("# Role sets\n");
    for set in ROLE_SETS {
        let presets: Vec<_> = set.roles.iter().filter(|role| role.record().is_none()).map(Seeded::name).collect();
        write!(matrix, "\n## {}\n\nPresets: {}.\n", set.name, presets.join(", ")).unwrap();
        let own: Vec<_> = set.roles.iter().filter_map(|role| Some((role.name(), policy(role)?))).collect();
        if !own.is_empty() {
            matrix.push('\n');
            table(&mut matrix, &own, false);
        }
    }
    assert_golden("role_sets.md", &matrix);
}
