//! HTTPS with a certificate made for the test.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway::{Config, Tls};
use rcgen::CertifiedKey;
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use crate::support::{self, Client, config, head};

/// A folder with a certificate for `localhost` and its key.
struct Files {
    certificate: CertificateDer<'static>,
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("certificate.pem"), pem("CERTIFICATE", cert.der())).unwrap();
        fs::write(folder.path().join("key.pem"), pem("PRIVATE KEY", signing_key.serialized_der())).unwrap();
        Self { certificate: cert.der().clone(), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self, certificate: &str, key: &str) -> Config {
        Config { tls: Some(Tls { certificate: self.path(certificate), key: self.path(key) }), ..config() }
    }
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

async fn connect(running: &gateway::Running, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let client = versions.unwrap().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(running.address).await.unwrap();
    TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

#[tokio::test]
async fn whoever_trusts_the_certificate_is_served_on_a_kept_connection() {
    let files = Files::new();
    let running = support::start(files.config("certificate.pem", "key.pem")).await;
    assert_eq!(running.origin(), format!("https://{}", running.address));
    let mut client = Client::over(connect(&running, &files.certificate).await.unwrap());
    let insert = json!({"database": "d", "collection": "c", "document": {"_id": 1, "text": "x".repeat(100_000)}});
    assert_eq!(client.act("insertOne", "writer", &insert).await.status, 201);
    let found = client.act("findOne", "reader", &json!({"database": "d", "collection": "c"})).await;
    assert_eq!(found.json()["document"], insert["document"]);
    running.shutdown().await;
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn whoever_does_not_trust_it_or_speaks_plain_http_is_not() {
    let files = Files::new();
    let running = support::start(files.config("certificate.pem", "key.pem")).await;
    assert!(connect(&running, &Files::new().certificate).await.is_err(), "another certificate");

    let mut plain = TcpStream::connect(running.address).await.unwrap();
    plain.write_all(&head("GET", "/health", &[], 0)).await.unwrap();
    let mut answer = Vec::new();
    // Its end may be a reset, as the request was not read to its end.
    let _ = timeout(Duration::from_secs(5), plain.read_to_end(&mut answer)).await.expect("the connection is closed");
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");

    let mut client = Client::over(connect(&running, &files.certificate).await.unwrap());
    assert_eq!(client.request("GET", "/health", &[], "").await.status, 200, "others are served all the same");
}

#[tokio::test]
async fn a_handshake_that_never_ends_does_not_hold_the_shutdown_up() {
    let files = Files::new();
    let mut config = files.config("certificate.pem", "key.pem");
    config.limits.grace = Duration::from_millis(50);
    let running = support::start(config).await;
    let _silent = TcpStream::connect(running.address).await.unwrap();
    timeout(Duration::from_secs(5), running.shutdown()).await.expect("it ends in its grace period");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let (files, other) = (Files::new(), Files::new());
    fs::copy(other.path("key.pem"), files.path("other.pem")).unwrap();
    fs::write(files.path("empty.pem"), "").unwrap();
    fs::write(files.path("damaged.pem"), "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n").unwrap();
    fs::write(files.path("wrong.pem"), pem("CERTIFICATE", b"no certificate")).unwrap();
    let table = [
        ("missing.pem", "key.pem", "missing.pem cannot be read"),
        ("empty.pem", "key.pem", "empty.pem holds no certificate"),
        ("key.pem", "key.pem", "key.pem holds no certificate"),
        ("damaged.pem", "key.pem", "damaged.pem is not valid PEM"),
        ("wrong.pem", "key.pem", "wrong.pem: "),
        ("certificate.pem", "missing.pem", "missing.pem cannot be read"),
        ("certificate.pem", "certificate.pem", "certificate.pem holds no unencrypted private key"),
        ("certificate.pem", "other.pem", "certificate.pem: "),
    ];
    for (certificate, key, expected) in table {
        let error = gateway::start(files.config(certificate, key)).await.expect_err(certificate).to_string();
        assert!(error.starts_with("cannot use the certificate: ") && error.contains(expected), "{certificate}, {key}: {error}");
    }
}
