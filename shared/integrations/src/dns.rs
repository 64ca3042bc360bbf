//! DNS over HTTPS in its JSON form, as Cloudflare and Google serve it.
//!
//! Source: developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json.

use crate::message::{Answer, Failure, Outgoing, encoded};

const TYPE_TXT: u64 = 16;
/// No error, and no such name (RFC 1035, 4.1.1).
const FOUND: u64 = 0;
const NO_SUCH_NAME: u64 = 3;

/// Asks for the texts at a name.
#[must_use]
pub fn ask_texts(url: &str, name: &str) -> Outgoing {
    Outgoing {
        method: "GET",
        url: format!("{url}?name={}&type=TXT", encoded(name)),
        headers: vec![("accept", "application/dns-json".to_owned())],
        body: String::new(),
    }
}

/// The texts that were answered; none when there is no such name.
pub fn texts(answer: &Answer<'_>) -> Result<Vec<String>, Failure> {
    if answer.status != 200 {
        return Err(Failure::passing("dns-unavailable", "the resolver does not answer", answer.retry_after_s()));
    }
    let body = answer.json("dns-malformed")?;
    match body.get("Status").and_then(serde_json::Value::as_u64) {
        Some(NO_SUCH_NAME) => return Ok(Vec::new()),
        Some(FOUND) => {}
        _ => return Err(Failure::passing("dns-failed", "the name's servers do not answer", None)),
    }
    let records = body.get("Answer").and_then(serde_json::Value::as_array).into_iter().flatten();
    let of_text = records.filter(|record| record.get("type").and_then(serde_json::Value::as_u64) == Some(TYPE_TXT));
    Ok(of_text.filter_map(|record| record.get("data")?.as_str().map(unquoted)).collect())
}

/// A text as its owner wrote it: longer ones come as several quoted strings, and some resolvers quote none.
fn unquoted(data: &str) -> String {
    if !data.starts_with('"') {
        return data.to_owned();
    }
    let (mut text, mut quoted, mut escaped) = (String::new(), false, false);
    for letter in data.chars() {
        match letter {
            _ if escaped => {
                text.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => text.push(letter),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<Vec<String>, Failure> {
        texts(&Answer { status, header: &|_| None, body: body.as_bytes() })
    }

    #[test]
    fn a_name_is_asked_for_as_json() {
        let asked = ask_texts("https://dns.example/query", "_edgewise.a.com");
        assert_eq!(asked.url, "https://dns.example/query?name=_edgewise.a.com&type=TXT");
        assert_eq!(asked.headers, [("accept", "application/dns-json".to_owned())]);
    }

    #[test]
    fn texts_come_without_their_quotes() {
        let body = r#"{"Status":0,"Answer":[{"name":"a","type":5,"data":"b."},
            {"name":"b","type":16,"data":"\"one\""},{"name":"b","type":16,"data":"\"tw\" \"o\\\"\""},{"name":"b","type":16,"data":"three"}]}"#;
        assert_eq!(read(200, body).unwrap(), ["one", "two\"", "three"]);
        assert_eq!(read(200, r#"{"Status":3}"#).unwrap(), Vec::<String>::new());
        assert_eq!(read(200, r#"{"Status":0}"#).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_resolver_in_trouble_may_be_asked_again() {
        for (status, body) in [(500, ""), (429, "{}"), (200, r#"{"Status":2}"#)] {
            assert!(read(status, body).unwrap_err().retry, "{status} {body}");
        }
        assert!(!read(200, "<html>").unwrap_err().retry);
    }
}
