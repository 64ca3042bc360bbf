//! The gateway as a program: its output, its signals, its exit.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::Client;

/// A running program that does not outlive its test.
pub struct Program(Child);

impl Program {
    /// Ends it without any chance to finish.
    pub fn kill(&mut self) {
        self.0.kill().expect("the gateway is at work");
        self.0.wait().expect("the gateway ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended by itself where the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &tempfile::TempDir) -> Program {
    start_with(folder, &[])
}

fn start_with(folder: &tempfile::TempDir, options: &[&str]) -> Program {
    let child = Command::new(env!("CARGO_BIN_EXE_gateway"))
        .args(["--address", "127.0.0.1:0", "--embedded"])
        .arg(folder.path().join("data.sqlite"))
        .args(options)
        .env("GATEWAY_KEYS", r#"[{"key":"swordfish"}]"#)
        .env_remove("MONGODB_URI")
        .stdout(Stdio::piped())
        .spawn();
    Program(child.expect("the gateway starts"))
}

/// The program on a file in the folder, with the key `swordfish`.
pub fn serve(folder: &tempfile::TempDir) -> (Program, std::net::SocketAddr) {
    serve_with(folder, &[])
}

/// The same with further options.
pub fn serve_with(folder: &tempfile::TempDir, options: &[&str]) -> (Program, std::net::SocketAddr) {
    let mut program = start_with(folder, options);
    let address = listening(&mut BufReader::new(program.0.stdout.take().expect("its output is piped")));
    (program, address)
}

fn listening(output: &mut impl BufRead) -> std::net::SocketAddr {
    let mut line = String::new();
    output.read_line(&mut line).expect("the gateway tells where it listens");
    let told: Value = serde_json::from_str(&line).expect("it tells in JSON");
    told["listening"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address").parse().expect("an address")
}

fn terminate(program: &mut Program) -> std::process::ExitStatus {
    let told = Command::new("kill").args(["-TERM", &program.0.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    program.0.wait().expect("the gateway ends")
}

#[tokio::test]
async fn each_request_is_a_line_without_contents_or_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(&folder);
    let mut output = BufReader::new(program.0.stdout.take().unwrap());
    let mut client = Client::connect(listening(&mut output)).await;
    let headers = [("api-key", "swordfish"), ("x-request-id", "r-1")];
    let body = json!({"database": "crm", "collection": "leads", "document": {"_id": 1, "name": "confidential"}}).to_string();
    assert_eq!(client.request("POST", "/v1/action/insertOne", &headers, &body).await.status, 201);
    assert_eq!(client.request("POST", "/v1/action/insertOne", &headers, &body).await.status, 409);
    assert!(terminate(&mut program).success());

    let mut told = String::new();
    output.read_to_string(&mut told).unwrap();
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert_eq!(lines[1]["request_id"], "r-1");
    assert_eq!(lines[1]["action"], "insertOne");
    assert_eq!((&lines[1]["database"], &lines[1]["collections"]), (&json!("crm"), &json!(["leads"])));
    assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&json!(201), &json!(409)));
    assert_eq!(lines[1]["error_code"], "DuplicateKey");
    assert!(lines[1]["duration_us"].is_u64() && lines[1]["time"].is_string());
    assert!(!told.contains("confidential") && !told.contains("swordfish"), "{told}");
}

#[tokio::test]
async fn a_request_out_of_time_is_told_with_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start_with(&folder, &["--time", "1"]);
    let mut output = BufReader::new(program.0.stdout.take().unwrap());
    let mut client = Client::connect(listening(&mut output)).await;
    let documents: Vec<_> = (0..1_000).map(|id| json!({"_id": id})).collect();
    let body = json!({"database": "crm", "collection": "leads", "documents": documents}).to_string();
    let headers = [("api-key", "swordfish")];
    assert_eq!(client.request("POST", "/v1/action/insertMany", &headers, &body).await.status, 201);
    // All triples of documents: hours of work.
    let pairs = json!({"$lookup": {"from": "leads", "pipeline": [{"$match": {"$expr": {"$lt": ["$_id", "$$NOW"]}}}], "as": "x"}});
    let triples = json!({"$lookup": {"from": "leads", "pipeline": [pairs], "as": "y"}});
    let body = json!({"database": "crm", "collection": "leads", "pipeline": [triples, {"$count": "n"}]}).to_string();
    assert_eq!(client.request("POST", "/v1/action/aggregate", &headers, &body).await.json()["code"], 50);
    assert!(terminate(&mut program).success());

    let mut told = String::new();
    output.read_to_string(&mut told).unwrap();
    let line: Value = serde_json::from_str(told.lines().last().expect("each request is a line")).expect("a line is JSON");
    assert_eq!((&line["database"], &line["collections"]), (&json!("crm"), &json!(["leads"])), "{told}");
    assert_eq!(line["error_code"], "TimeLimitExceeded");
}

#[tokio::test]
async fn an_output_that_nobody_reads_holds_no_request_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(&folder);
    let mut output = BufReader::new(program.0.stdout.take().unwrap());
    let mut client = Client::connect(listening(&mut output)).await;
    // Lines of this length fill the pipe many times over.
    let request_id = "r".repeat(4_000);
    let headers = [("api-key", "swordfish"), ("x-request-id", request_id.as_str())];
    for _ in 0..200 {
        let answer = client.request("POST", "/v1/action/find", &headers, r#"{"database":"d","collection":"c"}"#).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert!(terminate(&mut program).success());
}

#[test]
fn what_is_missing_is_told_and_nothing_starts() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_gateway")).env_remove("MONGODB_URI").env_remove("GATEWAY_KEYS").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--embedded") && told.contains("GATEWAY_KEYS"), "{told}");
}
