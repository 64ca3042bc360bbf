//! Options from the command line, secrets from the environment.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use gateway::{Apart, Backend, Config, Key, Limits, Rate, Tls};

/// What `--help` says.
pub const HELP: &str = "\
The Data API over an embedded database or over MongoDB.

Usage: gateway --embedded PATH | --mongodb URI [options]
       gateway verify PATH    recheck a whole embedded file; exit code 1 on a fault
       gateway backup PATH TO copy an embedded file, in use or not, to the new file TO

  --embedded PATH        keep the documents in the file PATH (created if missing)
  --apart NAME=PATH      keep the database NAME in a file of its own; may stand several
                         times; or GATEWAY_APART, with commas between
  --mongodb URI          pass requests on to MongoDB; MONGODB_URI in the environment
                         serves as well and keeps the password out of the process list
  --address HOST:PORT    where to listen (127.0.0.1:8790)
  --tls-cert FILE        speak HTTPS with the certificate chain in FILE, and
  --tls-key FILE         its private key, both PEM; or GATEWAY_TLS_CERT and
                         GATEWAY_TLS_KEY in the environment
  --max-body BYTES       largest request body (4194304)
  --max-documents N      most documents of one answer (50000)
  --max-answer BYTES     largest answer (67108864)
  --max-requests N       most requests at once (256)
  --max-watchers N       most watchers at once, beside the requests (128)
  --keep-changes N       changes that are kept for watchers who come back (1000000),
  --keep-changes-bytes BYTES    unless their documents are more than this (134217728)
  --keep-changes-hours HOURS    or they are older than this (24)
  --partition-rate N     most requests per second with one x-partition header (no limit)
  --partition-burst N    how many of them at once, after a pause (twice the rate)
  --time SECONDS         longest time for one request (30)
  --quiet                no log line per request
  --help                 this text

GATEWAY_KEYS in the environment lists the API keys, for instance
  [{\"key\": \"…\", \"databases\": [\"crm\"], \"admin\": true}, {\"sha256\": \"<hex>\", \"write\": false}]
A key may read and write unless told otherwise, administer only when told so, and is for
all databases unless some are listed.
";

/// The configuration, or nothing where help was asked for; what is wrong is told all at once.
pub fn read(
    mut arguments: impl Iterator<Item = String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Config>, String> {
    let mut given = Given::default();
    let mut faults = String::new();
    let mut fault = |reason: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(faults, "{reason}");
    };
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--help" | "-h" => return Ok(None),
            "--quiet" => {
                given.is_quiet = true;
                continue;
            }
            _ => {}
        }
        let taken = arguments.next().and_then(|value| given.take(&option, value));
        if taken.is_none() {
            // The value may be a secret, so only the option is told.
            fault(&format!("{option} is unknown, stands twice, or has no valid value; see --help"));
        }
    }
    let backend = given.backend.take().or_else(|| variable("MONGODB_URI").map(|uri| Backend::Mongo { uri }));
    if backend.is_none() {
        fault("neither --embedded nor --mongodb is given; see --help");
    }
    given.take_apart(&variable).unwrap_or_else(&mut fault);
    if !given.apart.is_empty() && matches!(backend, Some(Backend::Mongo { .. })) {
        fault("--apart is for --embedded; see --help");
    }
    let tls = given.tls(&variable).unwrap_or_else(|reason| {
        fault(reason);
        None
    });
    if let Err(reason) = given.set_rate() {
        fault(reason);
    }
    let keys = keys(&variable).unwrap_or_else(|reason| {
        fault(&reason);
        Vec::new()
    });
    match backend {
        Some(backend) if faults.is_empty() => {
            let address = given.address.unwrap_or(DEFAULT_ADDRESS);
            Ok(Some(Config { backend, apart: given.apart, keys, address, tls, limits: given.limits, log: !given.is_quiet }))
        }
        _ => Err(faults),
    }
}

const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8790);

/// What the command line gave.
#[derive(Default)]
struct Given {
    backend: Option<Backend>,
    apart: Vec<Apart>,
    address: Option<SocketAddr>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    rate: Option<u32>,
    burst: Option<u32>,
    limits: Limits,
    is_quiet: bool,
}

impl Given {
    /// Takes an option, unless it is unknown, has another value than it may have, or says again where the documents are.
    fn take(&mut self, option: &str, value: String) -> Option<()> {
        let limits = &mut self.limits;
        match option {
            "--embedded" | "--mongodb" if self.backend.is_some() => return None,
            "--embedded" => self.backend = Some(Backend::Embedded { path: PathBuf::from(value) }),
            "--apart" => self.apart.push(apart(&value)?),
            "--mongodb" => self.backend = Some(Backend::Mongo { uri: value }),
            "--address" => self.address = Some(value.parse().ok()?),
            "--tls-cert" => self.certificate = Some(PathBuf::from(value)),
            "--tls-key" => self.key = Some(PathBuf::from(value)),
            "--max-body" => limits.body_bytes = value.parse().ok()?,
            "--max-documents" => limits.documents = value.parse().ok()?,
            "--max-answer" => limits.answer_bytes = value.parse().ok()?,
            "--max-requests" => limits.concurrent = value.parse().ok()?,
            "--max-watchers" => limits.watchers = value.parse().ok()?,
            "--keep-changes" => limits.changes.rows = value.parse().ok()?,
            "--keep-changes-bytes" => limits.changes.bytes = value.parse().ok()?,
            "--keep-changes-hours" => limits.changes.age_ms = value.parse::<u64>().ok()?.checked_mul(3_600_000)?,
            "--partition-rate" => self.rate = Some(value.parse().ok().filter(|rate| *rate > 0)?),
            "--partition-burst" => self.burst = Some(value.parse().ok().filter(|burst| *burst > 0)?),
            "--time" => limits.time = Duration::from_secs(value.parse().ok()?),
            _ => return None,
        }
        Some(())
    }

    /// The environment's databases apart, where the command line names none.
    fn take_apart(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), &'static str> {
        if let Some(listed) = variable("GATEWAY_APART").filter(|_| self.apart.is_empty()) {
            let read: Option<Vec<Apart>> = listed.split(',').map(|one| apart(one.trim())).collect();
            self.apart = read.ok_or("GATEWAY_APART is not NAME=PATH, with commas between")?;
        }
        Ok(())
    }

    fn tls(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Tls>, &'static str> {
        let or_set = |given: Option<PathBuf>, name: &str| given.or_else(|| variable(name).map(PathBuf::from));
        let certificate = or_set(self.certificate.take(), "GATEWAY_TLS_CERT");
        let key = or_set(self.key.take(), "GATEWAY_TLS_KEY");
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Tls { certificate, key })),
            _ => Err("HTTPS takes both a certificate (--tls-cert) and its key (--tls-key)"),
        }
    }

    fn set_rate(&mut self) -> Result<(), &'static str> {
        self.limits.partition = match (self.rate, self.burst) {
            (None, None) => None,
            (None, Some(_)) => return Err("--partition-burst takes a --partition-rate"),
            (Some(per_second), burst) => Some(Rate { per_second, burst: burst.unwrap_or(per_second.saturating_mul(2)) }),
        };
        Ok(())
    }
}

fn apart(text: &str) -> Option<Apart> {
    let (database, path) = text.split_once('=').filter(|(database, path)| !database.is_empty() && !path.is_empty())?;
    Some(Apart { database: database.to_owned(), path: PathBuf::from(path) })
}

fn keys(variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Key>, String> {
    match variable("GATEWAY_KEYS") {
        Some(json) => Key::list_from_json(&json).map_err(|reason| format!("GATEWAY_KEYS: {reason}")),
        None => Err("GATEWAY_KEYS is not set; without a key nobody is let in; see --help".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use gateway::Kept;

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
    fn databases_apart_come_from_the_command_line_or_else_from_the_environment() {
        let apart = |words: &str, variables: &[(&str, &str)]| {
            let config = check(words, &[&[KEYS], variables].concat())?.unwrap();
            Ok::<_, String>(config.apart.into_iter().map(|one| (one.database, one.path)).collect::<Vec<_>>())
        };
        let one = |database: &str, path: &str| (database.to_owned(), PathBuf::from(path));
        let listed = [("GATEWAY_APART", "c=/c.db, d=/d=1.db")];
        assert_eq!(apart("--embedded a --apart b=/b.db", &listed).unwrap(), [one("b", "/b.db")]);
        assert_eq!(apart("--embedded a", &listed).unwrap(), [one("c", "/c.db"), one("d", "/d=1.db")]);
        assert_eq!(apart("--embedded a", &[]).unwrap(), []);
        assert!(apart("--embedded a --apart b", &[]).is_err() && apart("--embedded a --apart =b", &[]).is_err());
        assert!(apart("--embedded a", &[("GATEWAY_APART", "c")]).unwrap_err().contains("GATEWAY_APART"));
        assert!(apart("--mongodb mongodb://host", &listed).unwrap_err().contains("--embedded"));
    }

    #[test]
    fn the_log_of_changes_is_bounded_in_three_ways() {
        let words = "--embedded a --max-watchers 7 --keep-changes 10 --keep-changes-bytes 2000 --keep-changes-hours 3";
        let limits = check(words, &[KEYS]).unwrap().unwrap().limits;
        assert_eq!((limits.watchers, limits.changes), (7, Kept { rows: 10, bytes: 2_000, age_ms: 10_800_000 }));
        assert!(check("--embedded a --keep-changes-hours -1", &[KEYS]).is_err());
    }

    #[test]
    fn a_rate_has_a_burst_of_twice_as_many_unless_told_otherwise() {
        let rate = |words: &str| check(&format!("--embedded a {words}"), &[KEYS]).map(|config| config.unwrap().limits.partition);
        assert_eq!(rate(""), Ok(None));
        assert_eq!(rate("--partition-rate 10"), Ok(Some(Rate { per_second: 10, burst: 20 })));
        assert_eq!(rate("--partition-rate 10 --partition-burst 5"), Ok(Some(Rate { per_second: 10, burst: 5 })));
        assert!(rate("--partition-burst 5").unwrap_err().contains("--partition-rate"));
        assert!(rate("--partition-rate 0").is_err() && rate("--partition-rate 1 --partition-burst 0").is_err());
    }

    #[test]
    fn a_certificate_and_its_key_come_together_from_either_place() {
        let tls = |words: &str, variables: &[(&str, &str)]| {
            let config = check(&format!("--embedded a {words}"), &[&[KEYS], variables].concat());
            config.map(|config| config.unwrap().tls.map(|tls| (tls.certificate, tls.key)))
        };
        let both = Ok(Some((PathBuf::from("c.pem"), PathBuf::from("k.pem"))));
        assert_eq!(tls("--tls-cert c.pem --tls-key k.pem", &[]), both);
        assert_eq!(tls("", &[("GATEWAY_TLS_CERT", "c.pem"), ("GATEWAY_TLS_KEY", "k.pem")]), both);
        assert_eq!(tls("--tls-cert c.pem", &[("GATEWAY_TLS_CERT", "other"), ("GATEWAY_TLS_KEY", "k.pem")]), both);
        assert_eq!(tls("", &[]), Ok(None));
        assert!(tls("--tls-cert c.pem", &[]).unwrap_err().contains("--tls-key"));
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
