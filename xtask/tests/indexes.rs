//! `indexes.json` says what the entity tables say: `up` and an operator create indexes from it.

use std::path::Path;

#[test]
fn indexes_json_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("indexes.json");
    let requests: Vec<String> = store::schema::index_requests().iter().map(ToString::to_string).collect();
    let text = format!("[\n{}\n]\n", requests.join(",\n"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == text, "indexes.json is old; `UPDATE=1 cargo test -p xtask --test indexes` writes it anew");
}
