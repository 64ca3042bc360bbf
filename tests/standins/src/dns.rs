//! A resolver that answers DNS over HTTPS in its JSON form, as Cloudflare does.

use crate::wire::{Call, Reply};
use http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TYPE_TXT: u16 = 16;
const SERVER_FAILURE: u16 = 2;
const NO_SUCH_NAME: u16 = 3;
/// One string of a TXT record holds so many bytes (RFC 1035, 3.3.14).
const STRING_MAX: usize = 255;

/// The texts of each name.
#[derive(Default)]
pub(crate) struct Zone {
    pub(crate) texts: BTreeMap<String, Vec<String>>,
    /// The names whose servers do not answer.
    pub(crate) dead: BTreeSet<String>,
}

impl Zone {
    pub(crate) fn add(&mut self, name: &str, text: &str) {
        self.texts.entry(name.to_lowercase()).or_default().push(text.to_owned());
    }

    /// The reply; without the media type the real one takes the request for one in the wire format.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        if call.path != "/dns-query" {
            return Reply::json(404, &json!({"error": "Not Found"}));
        }
        if call.method != Method::GET {
            return Reply::json(405, &json!({"error": "Method Not Allowed"}));
        }
        if !call.has_media_type("accept", "application/dns-json") {
            return Reply::json(400, &json!({"error": "Specify an accept header of application/dns-json."}));
        }
        let Some(name) = call.query("name").filter(|name| is_name(name)) else {
            return Reply::json(400, &json!({"error": "Invalid query name."}));
        };
        if !matches!(call.query("type"), Some("TXT" | "16")) {
            return Reply::json(400, &json!({"error": "Only texts are kept here."}));
        }
        let question = json!([{"name": name, "type": TYPE_TXT}]);
        let flags = json!({"TC": false, "RD": true, "RA": true, "AD": false, "CD": false, "Question": question});
        let mut body = flags.as_object().cloned().unwrap_or_default();
        match self.texts.get(&name.to_lowercase()) {
            _ if self.dead.contains(&name.to_lowercase()) => drop(body.insert("Status".into(), SERVER_FAILURE.into())),
            None => drop(body.insert("Status".into(), NO_SUCH_NAME.into())),
            Some(texts) => {
                let record = |text: &String| json!({"name": name, "type": TYPE_TXT, "TTL": 300, "data": quoted(text)});
                body.insert("Status".into(), 0.into());
                body.insert("Answer".into(), texts.iter().map(record).collect());
            }
        }
        Reply::json(200, &Value::Object(body)).with("content-type", "application/dns-json")
    }
}

/// As zone files write it: strings in quotes.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let letters: Vec<char> = escaped.chars().collect();
    let strings: Vec<String> =
        letters.chunks(STRING_MAX).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect();
    strings.join(" ")
}

fn is_name(name: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_graphic());
    name.len() <= 253 && name.trim_end_matches('.').split('.').all(is_label)
}
