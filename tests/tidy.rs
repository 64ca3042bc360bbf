//! Invariants of the workspace that no compiler checks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which workspace crate may import which; `*` stands for every crate of the folder.
const IMPORTS: &[(&str, &[&str])] = &[
    ("shared/domain", &[]),
    ("shared/data-api", &[]),
    ("shared/platform", &[]),
    ("shared/store", &["shared/domain", "shared/data-api", "shared/platform"]),
    ("shared/integrations", &["shared/domain"]),
    ("shared/edge", &["shared/domain", "shared/platform", "shared/store"]),
    (
        "shared/runner",
        &["shared/domain", "shared/data-api", "shared/platform", "shared/store", "shared/integrations", "shared/edge"],
    ),
    ("functions/*", &["shared/*"]),
    ("gateway", &["shared/data-api", "gateway/engine"]),
    ("gateway/engine", &[]),
    ("tests/standins", &[]),
    ("tests/host", &[]),
    ("xtask/bindgen", &[]),
    ("xtask", &["*"]),
    ("tests", &["*"]),
];

/// Imports that tests alone may make.
const TEST_IMPORTS: &[(&str, &[&str])] = &[("tests/standins", &["shared/integrations"])];

const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}

/// The folder of every workspace crate, from the root.
fn folder(manifest: &str) -> String {
    let folder = Path::new(manifest).parent().unwrap();
    folder.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

fn fits(pattern: &str, folder: &str) -> bool {
    pattern == "*"
        || pattern == folder
        || pattern.strip_suffix("/*").is_some_and(|parent| Path::new(folder).parent() == Some(Path::new(parent)))
}

fn allowed(table: &[(&str, &[&str])], from: &str, to: &str) -> bool {
    table.iter().filter(|(pattern, _)| fits(pattern, from)).any(|(_, targets)| targets.iter().any(|target| fits(target, to)))
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let metadata = metadata();
    let mut edges = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let from = folder(package["manifest_path"].as_str().unwrap());
        assert!(IMPORTS.iter().any(|(pattern, _)| fits(pattern, &from)), "{from} is not in the table");
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(path) = dependency["path"].as_str() else { continue };
            let to = folder(&format!("{path}/Cargo.toml"));
            let dev = dependency["kind"] == "dev";
            edges += 1;
            assert!(allowed(IMPORTS, &from, &to) || dev && allowed(TEST_IMPORTS, &from, &to), "{from} must not import {to}");
        }
    }
    assert!(edges > 10, "the workspace has edges to check");
}

#[test]
fn every_crate_inherits_the_lints() {
    for package in metadata()["packages"].as_array().unwrap() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package["name"]);
    }
}

#[test]
fn every_version_stands_in_the_workspace_table() {
    for package in metadata()["packages"].as_array().unwrap() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        for line in dependencies.lines().filter(|line| line.contains('=') && !line.starts_with('[')) {
            assert!(line.contains("workspace = true") || line.contains("workspace=true"), "{}: {line}", package["name"]);
        }
    }
}

#[test]
fn a_file_opens_by_saying_what_it_is_for_and_can_be_read_in_one_go() {
    let wrong = sources().into_iter().filter_map(|file| {
        let text = std::fs::read_to_string(&file).unwrap();
        let (lines, opens) = (text.lines().count(), text.starts_with("//! "));
        (!opens || lines > LINES_MAX).then(|| format!("{}: {lines} lines, opens with a sentence: {opens}", file.display()))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn leftovers_and_platform_scopes_stay_where_they_belong() {
    for file in sources().into_iter().filter(|file| !file.ends_with("tests/tidy.rs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in ["FIXME", "#[ignore", "todo!(", "dbg!(", "#[allow("] {
            assert!(!text.contains(word), "{} holds {word}", file.display());
        }
        let auth = file.starts_with(root().join("functions/auth")) || file.starts_with(root().join("shared/store"));
        assert!(auth || !text.contains("PlatformScope::of_auth"), "{}: only auth reaches global identities", file.display());
    }
}

/// Every Rust file of the workspace.
fn sources() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        ["functions", "shared", "gateway", "xtask", "tests"].iter().map(|name| root().join(name)).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}
