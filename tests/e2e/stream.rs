//! Server-sent events as the runtimes really send them: while they happen, resumed without loss, alive while it is quiet.

use serde_json::json;
use support::{Caller, Event, Events, System};
use xtask::runtime::Kind;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_runs_on_workerd() {
    stream(&System::deployed(Kind::Workerd).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_runs_on_wasi() {
    stream(&System::deployed(Kind::Wasi).await).await;
}

async fn stream(system: &System) {
    let signup = json!({
        "tenant_name": "Roofs Ltd", "name": "Olivia Owner", "email": "owner@roofs.example", "password": "correct horse battery",
    });
    let signup = system.anyone().post("/v1/auth/signup", signup).send().await.expect(201);
    let owner = system.with_token(signup.json["access_token"].as_str().unwrap());
    let lead = owner.post("/v1/leads", json!({ "category": "Roof" })).send().await.expect(201);
    let conversation = format!("/v1/conversations/{}", lead.json["conversation"].as_str().unwrap());
    say(&owner, &conversation, "1 \u{2014} caf\u{e9}").await;
    let mut events = Events::open(owner.request("GET", &format!("{conversation}/stream"))).await;
    let first = events.take(1).await;
    assert_eq!((first[0].id, &first[0].data["content"]), (1, &json!("1 \u{2014} caf\u{e9}")));
    for number in 2..=4 {
        say(&owner, &conversation, &number.to_string()).await;
    }
    assert_eq!(ids(&events.take(3).await), [2, 3, 4]);
    let mut resumed = Events::open(owner.request("GET", &format!("{conversation}/stream")).header("last-event-id", "3")).await;
    assert_eq!(ids(&resumed.take(1).await), [4]);
    drop(resumed);
    let wait = format!("{conversation}/messages?after=4&wait=25");
    let (waited, ()) = tokio::join!(owner.get(&wait), say(&owner, &conversation, "5"));
    assert_eq!(waited.expect(200).json["data"][0]["content"], "5");
    assert_eq!(ids(&events.take(1).await), [5]);
    events.comment().await.expect("a quiet stream is kept alive");
    say(&owner, &conversation, "6").await;
    assert_eq!(ids(&events.take(1).await), [6]);
}

async fn say(caller: &Caller, conversation: &str, content: &str) {
    caller.post(&format!("{conversation}/messages"), json!({ "content": content })).send().await.expect(201);
}

fn ids(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.id).collect()
}
