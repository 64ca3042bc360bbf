//! The gateway as a program: options from the command line, secrets from the environment.

use std::{
    fmt::Write as _,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use gateway::{Backend, Config, Key, Limits};
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
The Data API over an embedded database or over MongoDB.

Usage: gateway --embedded PATH | --mongodb URI [options]
       gateway verify PATH    recheck a whole embedded file; exit code 1 on a fault

  --embedded PATH        keep the documents in the file PATH (created if missing)
  --mongodb URI          pass requests on to MongoDB; MONGODB_URI in the environment
                         serves as well and keeps the password out of the process list
  --address HOST:PORT    where to listen (127.0.0.1:8790)
  --max-body BYTES       largest request body (4194304)
  --max-documents N      most documents of one answer (50000)
  --max-requests N       most requests at once (256)
  --time SECONDS         longest time for one request (30)
  --quiet                no log line per request
  --help                 this text

GATEWAY_KEYS in the environment lists the API keys, for instance
  [{\"key\": \"…\", \"databases\": [\"crm\"], \"admin\": true}, {\"sha256\": \"<hex>\", \"write\": false}]
A key may read and write unless told otherwise, administer only when told so, and is for
all databases unless some are listed.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, path] = arguments.as_slice()
        && command == "verify"
    {
        return verify(Path::new(path));
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let config = match read(arguments.into_iter(), variable) {
        Ok(Some(config)) => config,
        Ok(None) => {
            say(HELP);
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            complain(&reason);
            return ExitCode::from(2);
        }
    };
    // Documents nested to the limit are read and written recursively.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let served = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(serve(config)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            complain(&reason);
            ExitCode::FAILURE
        }
    }
}

const STACK_BYTES: usize = 16 * 1024 * 1024;

async fn serve(config: Config) -> Result<(), String> {
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let running = gateway::start(config).await.map_err(|error| error.to_string())?;
    say(&format!("{{\"listening\":\"http://{}\"}}\n", running.address));
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    running.shutdown().await;
    Ok(())
}

fn verify(path: &Path) -> ExitCode {
    let faults = match gateway::verify(path) {
        Ok(faults) => faults,
        Err(error) => vec![error.to_string()],
    };
    for fault in &faults {
        complain(fault);
    }
    if !faults.is_empty() {
        return ExitCode::FAILURE;
    }
    say("no fault found\n");
    ExitCode::SUCCESS
}

/// The configuration, or nothing where help was asked for; what is wrong is told all at once.
fn read(
    mut arguments: impl Iterator<Item = String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Config>, String> {
    let mut faults = String::new();
    let mut fault = |reason: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(faults, "{reason}");
    };
    let mut backend = None;
    let mut limits = Limits::default();
    let mut address = SocketAddr::from(([127, 0, 0, 1], 8790));
    let mut log = true;
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--help" | "-h" => return Ok(None),
            "--quiet" => {
                log = false;
                continue;
            }
            _ => {}
        }
        let value = arguments.next();
        let taken = match (option.as_str(), value) {
            (_, None) => None,
            ("--embedded", Some(path)) => {
                backend.replace(Backend::Embedded { path: PathBuf::from(path) }).map_or(Some(()), |_| None)
            }
            ("--mongodb", Some(uri)) => backend.replace(Backend::Mongo { uri }).map_or(Some(()), |_| None),
            ("--address", Some(value)) => value.parse().ok().map(|value| address = value),
            ("--max-body", Some(value)) => value.parse().ok().map(|value| limits.body_bytes = value),
            ("--max-documents", Some(value)) => value.parse().ok().map(|value| limits.documents = value),
            ("--max-requests", Some(value)) => value.parse().ok().map(|value| limits.concurrent = value),
            ("--time", Some(value)) => value.parse().ok().map(|value| limits.time = Duration::from_secs(value)),
            _ => None,
        };
        if taken.is_none() {
            // The value may be a secret, so only the option is told.
            fault(&format!("{option} is unknown, stands twice, or has no valid value; see --help"));
        }
    }
    let backend = backend.or_else(|| variable("MONGODB_URI").map(|uri| Backend::Mongo { uri }));
    if backend.is_none() {
        fault("neither --embedded nor --mongodb is given; see --help");
    }
    let keys = match variable("GATEWAY_KEYS").map(|json| Key::list_from_json(&json)) {
        Some(Ok(keys)) => keys,
        Some(Err(reason)) => {
            fault(&format!("GATEWAY_KEYS: {reason}"));
            Vec::new()
        }
        None => {
            fault("GATEWAY_KEYS is not set; without a key nobody is let in; see --help");
            Vec::new()
        }
    };
    match backend {
        Some(backend) if faults.is_empty() => Ok(Some(Config { backend, keys, address, limits, log })),
        _ => Err(faults),
    }
}

fn say(text: &str) {
    // A closed output is no reason to stop.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn complain(reason: &str) {
    let _ = writeln!(std::io::stderr().lock(), "gateway: {}", reason.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, variables: &[(&str, &str)]) -> Result<Option<Config>, String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        read(words.split_whitespace().map(str::to_owned), variable)
    }

    const KEYS: (&str, &str) = ("GATEWAY_KEYS", r#"[{"key":"swordfish"}]"#);

    #[test]
    fn options_and_environment_make_the_configuration() {
        let config = check("--embedded data.sqlite --address 127.0.0.1:1234 --max-documents 5 --time 3 --quiet", &[KEYS])
            .unwrap()
            .unwrap();
        assert!(matches!(config.backend, Backend::Embedded { path } if path.ends_with("data.sqlite")));
        assert_eq!(
            (config.address.port(), config.limits.documents, config.limits.time, config.log),
            (1234, 5, Duration::from_secs(3), false)
        );
        let config = check("", &[KEYS, ("MONGODB_URI", "mongodb://host")]).unwrap().unwrap();
        assert!(matches!(config.backend, Backend::Mongo { uri } if uri == "mongodb://host"));
        assert!(check("--help", &[]).unwrap().is_none());
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_no_secret_with_it() {
        let faults = check("--adress swordfish --time soon", &[("GATEWAY_KEYS", "swordfish")]).unwrap_err();
        for part in ["--adress", "--time", "--embedded", "GATEWAY_KEYS"] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
        assert!(!faults.contains("swordfish"), "{faults}");
        assert!(check("--embedded a --embedded b", &[KEYS]).is_err());
        assert!(check("--embedded", &[KEYS]).is_err());
    }
}
