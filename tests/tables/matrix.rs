//! The golden matrix: which role may do what with which entity, and on whose records.

use std::fmt::Write;

use domain::policy::PERMISSIONS;
use domain::role::ROLES;

const GOLDEN: &str = include_str!("matrix.md");

#[test]
fn policy_matrix() {
    let mut permissions = PERMISSIONS.to_vec();
    permissions.sort_unstable();
    let mut matrix = String::from("| entity | action |");
    ROLES.iter().for_each(|role| write!(matrix, " {} |", role.word()).unwrap());
    write!(matrix, "\n|---|---|{}\n", "---|".repeat(ROLES.len())).unwrap();
    for permission in permissions {
        let (entity, action) = permission.split_once(':').unwrap();
        write!(matrix, "| {entity} | {action} |").unwrap();
        ROLES.iter().for_each(|role| write!(matrix, " {} |", role.reach(permission).map_or("–", |reach| reach.word())).unwrap());
        matrix.push('\n');
    }
    assert_eq!(matrix, GOLDEN, "a role may do more or less than before: if that is meant, this is the matrix now:\n{matrix}");
}
