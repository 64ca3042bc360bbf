//! The golden matrix: which role may do what with which entity, and on whose records.

use std::fmt::Write;
use std::path::Path;

use domain::policy::PERMISSIONS;
use domain::role::ROLES;

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables/matrix.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &matrix).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let meant = "a role may do more or less than before; if that is meant, `UPDATE=1 cargo test -p tests --test tables matrix`";
    assert!(matrix == golden, "{meant} writes the matrix anew:\n{matrix}");
}
