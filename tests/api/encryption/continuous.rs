//! Everybody works on while the tenant's key is replaced, and while the master key is, by functions that are deployed one after the
//! other: no request fails, and every record is found at every moment.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Time, entities};
use serde_json::{Value, json};
use store::keys::TOKENS_OUT_MS;
use store::{Keyring, TenantKeys, Vault};
use support::{Caller, JOBS_SECRET, OPERATOR_SECRET, System};

use super::{DAY_MS, MARK, PASSWORD, now};

const WORKERS: usize = 4;
/// What each worker does at least between two steps.
const ROUNDS: usize = 3;
/// Clients take a new token before the old one ends.
const REFRESH_AFTER_MS: i64 = 600_000;

/// What workers share.
struct Shared {
    clock_ms: AtomicI64,
    is_over: AtomicBool,
    /// The functions that are deployed at this moment: the old ones, and those that replace them.
    serving: Mutex<Vec<Caller>>,
    rounds: [AtomicUsize; WORKERS],
    /// The addresses that can be found.
    made: Mutex<Vec<String>>,
}

impl Shared {
    fn at(&self) -> Time {
        Time::from_ms(self.clock_ms.load(Ordering::SeqCst))
    }

    fn functions(&self, turn: usize) -> Caller {
        let serving = self.serving.lock().unwrap();
        serving[turn % serving.len()].clone()
    }

    /// A step of whoever turns the keys; then everybody has worked for a while.
    async fn step(&self, after_ms: i64, serving: Vec<Caller>) {
        *self.serving.lock().unwrap() = serving;
        self.clock_ms.fetch_add(after_ms, Ordering::SeqCst);
        let goals: Vec<usize> = self.rounds.iter().map(|rounds| rounds.load(Ordering::SeqCst) + ROUNDS).collect();
        let is_behind = |(rounds, goal): (&AtomicUsize, &usize)| rounds.load(Ordering::SeqCst) < *goal;
        while self.rounds.iter().zip(&goals).any(is_behind) && !self.is_over.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }

    /// Works off what is due, while the others go on.
    async fn run_jobs(&self) {
        loop {
            let run = self.functions(0).post("/v1/jobs/run", json!({})).header("x-jobs-secret", JOBS_SECRET);
            let ran = run.at(self.at()).send().await.expect(200).json;
            assert_eq!(ran["failed"], 0, "{ran}");
            if ran["taken"] == 0 {
                return;
            }
        }
    }
}

/// Ends the others when one fails, so that nobody waits for it.
struct Over(Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

/// Makes, reads, finds and changes people until it is over.
async fn work(shared: Arc<Shared>, worker: usize, mut tokens: Value, mut since: Time) {
    let _over = Over(shared.clone());
    let mut round = 0;
    while !shared.is_over.load(Ordering::SeqCst) {
        let (at, functions) = (shared.at(), shared.functions(worker + round));
        if at.ms() - since.ms() > REFRESH_AFTER_MS {
            let refresh = json!({ "refresh_token": tokens["refresh_token"] });
            tokens = functions.post("/v1/auth/refresh", refresh).at(at).send().await.expect(200).json;
            since = at;
        }
        let caller = functions.with_token(tokens["access_token"].as_str().unwrap());
        let email = format!("{MARK}.{worker}.{round}@example.com");
        let person = json!({ "name": format!("{MARK} {worker} {round}"), "email": email });
        let made = caller.post("/v1/people", person.clone()).at(at).send().await.expect(201).json;
        let path = format!("/v1/people/{}", made["id"].as_str().unwrap());
        assert_eq!(caller.request("GET", &path).at(at).send().await.expect(200).json, made);
        let patched = caller.patch(&path, json!({ "last_name": format!("{MARK} {round}") })).at(at).send().await.expect(200);
        assert_eq!(patched.json["email"], person["email"]);
        shared.made.lock().unwrap().push(email);
        let known: Vec<String> = shared.made.lock().unwrap().iter().rev().step_by(7).take(3).cloned().collect();
        for email in known {
            let found = caller.request("GET", &format!("/v1/people?count=true&email={email}")).at(at).send().await.expect(200);
            assert_eq!((&found.json["total"], &found.json["data"][0]["email"]), (&json!(1), &json!(email)));
        }
        round += 1;
        shared.rounds[worker].store(round, Ordering::SeqCst);
    }
}

async fn turn(shared: &Shared, system: &System, masters: &[String; 4], owner: &Value) {
    let [old, opening, sealing, new] = masters.each_ref().map(|master| system.beside(master));
    let rotate = old.with_token(owner["access_token"].as_str().unwrap()).post("/v1/policy/keys/rotate", json!({}));
    shared.step(0, vec![old.clone()]).await;
    rotate.at(shared.at()).send().await.expect(202);
    shared.step(1_000, vec![old.clone()]).await;
    // First all functions open what the new master key wraps; then some wrap by it.
    shared.step(1_000, vec![old, opening.clone()]).await;
    shared.step(TOKENS_OUT_MS, vec![opening.clone()]).await;
    shared.run_jobs().await;
    shared.step(1_000, vec![sealing.clone(), opening]).await;
    shared.step(1_000, vec![sealing.clone()]).await;
    let operator = sealing.with_token(OPERATOR_SECRET);
    operator.post("/v1/operator/keys/rewrap", json!({})).at(shared.at()).send().await.expect(202);
    shared.run_jobs().await;
    // The tenant's values are sealed anew, and no token is out that the old master key wrapped.
    shared.step(TOKENS_OUT_MS, vec![sealing.clone()]).await;
    shared.run_jobs().await;
    shared.step(REFRESH_AFTER_MS + 1_000, vec![sealing.clone(), new.clone()]).await;
    shared.step(4 * DAY_MS, vec![new.clone()]).await;
    shared.run_jobs().await;
    shared.step(REFRESH_AFTER_MS + 1_000, vec![new]).await;
}

#[tokio::test]
async fn nobody_notices_that_keys_and_master_keys_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = [7, 8].map(|byte| URL_SAFE_NO_PAD.encode([byte; 32]));
    let masters = [old.clone(), format!("a:{old},b:{new}"), format!("b:{new},a:{old}"), new.clone()];
    let system = System::native_with(folder.path(), &old).await;
    let start = now();
    let signup = json!({ "tenant_name": "Roofers", "name": "Olga", "email": "olga@example.com", "password": PASSWORD });
    let owner = system.anyone().post("/v1/auth/signup", signup).at(start).send().await.expect(201).json;
    let shared = Arc::new(Shared {
        clock_ms: AtomicI64::new(start.ms()),
        is_over: AtomicBool::new(false),
        serving: Mutex::new(vec![system.anyone()]),
        rounds: Default::default(),
        made: Mutex::default(),
    });
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let login = json!({ "email": "olga@example.com", "password": PASSWORD });
        let tokens = system.anyone().post("/v1/auth/login", login).at(start).send().await.expect(200).json;
        workers.push(tokio::spawn(work(shared.clone(), worker, tokens, start)));
    }
    turn(&shared, &system, &masters, &owner).await;
    shared.is_over.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    let made = shared.made.lock().unwrap().len();
    assert!(made >= WORKERS * ROUNDS * 8, "{made} people");
    assert_eq!(system.as_stored("people", json!({})).await.len(), made);
    nothing_is_under_the_old(&system, &old, &new).await;
}

async fn nothing_is_under_the_old(system: &System, old: &str, new: &str) {
    let [old, new] = [old, new].map(|master| Vault::parse(master).unwrap());
    for keys in system.as_stored("keys", json!({})).await {
        let (tenant, sealed) = (keys["_id"].as_str().unwrap(), keys["sealed"].as_str().unwrap());
        let opens = |vault: &Vault| TenantKeys::unwrap(vault, tenant, sealed).map(|keys| (keys.active(), keys.is_turning()));
        assert_eq!((opens(&old), opens(&new)), (None, Some((2, false))));
    }
    let platform = Keyring::of_platform(&new);
    let mut seen = 0;
    for entity in entities::ALL.iter().filter(|entity| entity.is_encrypted()) {
        for record in system.as_stored(entity.collection, json!({})).await {
            for field in entity.encrypted_fields() {
                let Some(sealed) = record[field.name].as_str() else { continue };
                let is_new =
                    if record["tenant_id"] == "platform" { platform.is_current(sealed) } else { sealed.starts_with("~1.2.") };
                assert!(is_new, "{}.{}: {sealed}", entity.name, field.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen} values");
}
