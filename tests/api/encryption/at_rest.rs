//! What a thief of the files finds in them.

use std::path::Path;

use serde_json::json;
use support::System;

use super::{MARK, PASSWORD, planted};

/// Which of the words stand in a file, in any case; the words are in lower case.
fn found<'a>(path: &Path, words: &[&'a str]) -> Vec<&'a str> {
    let bytes = std::fs::read(path).unwrap_or_default().to_ascii_lowercase();
    words.iter().copied().filter(|word| bytes.windows(word.len()).any(|window| window == word.as_bytes())).collect()
}

#[tokio::test]
async fn no_file_holds_a_personal_value() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let (owner, person, _) = planted(&system, "files").await;
    let login = json!({ "email": format!("{MARK}.files@example.com"), "password": PASSWORD });
    system.anyone().post("/v1/auth/login", login).header("idempotency-key", "l").send().await.expect(200);
    let patch = json!({ "name": format!("{MARK} Other"), "phone": "+44 20 7946 0959" });
    owner.patch(&format!("/v1/people/{}", person["id"].as_str().unwrap()), patch).send().await.expect(200);
    let words = [MARK, "+442079460958", "7946 0958", "+442079460959", "2001:db8:dead:beef", "lovelace"];
    let all = ["data.sqlite", "data.sqlite-wal", "keys.sqlite", "keys.sqlite-wal"];
    let scan = || -> Vec<_> { all.iter().flat_map(|file| found(&folder.path().join(file), &words)).collect() };
    // That the files are read, and hold what is no secret.
    let wal = folder.path().join("data.sqlite-wal");
    assert_eq!(found(&wal, &["membership.invited"]), ["membership.invited"]);
    assert_eq!(scan(), Vec::<&str>::new());
    let copy = folder.path().join("copy.sqlite");
    gateway::back_up(&folder.path().join("data.sqlite"), &copy).unwrap();
    assert_eq!(found(&copy, &["membership.invited"]), ["membership.invited"]);
    assert_eq!(found(&copy, &words), Vec::<&str>::new());
    drop(system);
    assert_eq!(scan(), Vec::<&str>::new());
}

#[tokio::test]
async fn values_are_shown_found_and_unique_as_if_they_were_not_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::native_in(folder.path()).await;
    let (owner, made, _) = planted(&system, "shown").await;
    let path = format!("/v1/people/{}", made["id"].as_str().unwrap());
    let email = format!("{MARK}.shown.person@example.com");
    let read = owner.get(&path).await.expect(200).json;
    assert_eq!((&read, read["email"].as_str(), read["phone"].as_str()), (&made, Some(email.as_str()), Some("+442079460958")));
    let other_case = json!({ "name": "Somebody else", "email": email.to_uppercase() });
    owner.post("/v1/people", other_case).send().await.expect(409);
    let total =
        async |query: String| owner.get(&format!("/v1/people?count=true&{query}")).await.expect(200).json["total"].clone();
    for (query, expected) in [
        (format!("email={}", email.to_uppercase()), 1),
        (format!("email[in]=nobody@example.com,{email}"), 1),
        ("email=nobody@example.com".to_owned(), 0),
        ("phone=%2B44%20(0)20%207946-0958".to_owned(), 1),
        ("email[exists]=false".to_owned(), 0),
        (format!("q={MARK}"), 1),
        (format!("q={MARK}%20%C5%82ove"), 1),
        ("q=%C5%82ovelac".to_owned(), 1),
        ("q=ovelace".to_owned(), 0),
    ] {
        assert_eq!(total(query.clone()).await, expected, "{query}");
    }
    for query in ["sort=email", "sort=-name", "email[gt]=a", "name=x", "phone[lt]=1"] {
        assert_eq!(owner.get(&format!("/v1/people?{query}")).await.expect(400).code(), "bad-parameter", "{query}");
    }
    let patched = owner.patch(&path, json!({ "email": null, "name": "Bea" })).send().await.expect(200).json;
    assert_eq!((patched.get("email"), &patched["name"]), (None, &json!("Bea")));
    assert_eq!(total(format!("email={email}")).await, 0);
    assert_eq!((total("q=bea".to_owned()).await, total(format!("q={MARK}")).await), (json!(1), json!(0)));
    let again = json!({ "name": "Somebody else", "email": email });
    owner.post("/v1/people", again).send().await.expect(201);
}
