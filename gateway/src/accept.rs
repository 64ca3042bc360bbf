//! Which form of answer a client prefers (RFC 9110, 12.5.1).

use data_api::{EJSON, JSON};
use hyper::{HeaderMap, header};

use crate::ejson::Form;

/// Canonical where it is named and JSON is not preferred to it; wildcards mean plain JSON.
pub(crate) fn form(headers: &HeaderMap) -> Form {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut canonical, mut plain) = (0.0, 0.0);
    for range in values.flat_map(|value| value.split(',')) {
        let (kind, weight) = weighed(range);
        if kind.eq_ignore_ascii_case(EJSON) {
            canonical = weight;
        } else if kind.eq_ignore_ascii_case(JSON) {
            plain = weight;
        }
    }
    match canonical > 0.0 && canonical >= plain {
        true => Form::Canonical,
        false => Form::Plain,
    }
}

fn weighed(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (kind, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_what_the_client_prefers() {
        let table = [
            ("application/ejson", Form::Canonical),
            ("Application/EJSON; charset=utf-8", Form::Canonical),
            ("application/json, application/ejson", Form::Canonical),
            ("text/event-stream, application/ejson", Form::Canonical),
            ("application/ejson;q=0.5, */*", Form::Canonical),
            ("application/ejson;q=0, application/json", Form::Plain),
            ("application/ejson;q=0", Form::Plain),
            ("application/ejson; q=0.5, application/json", Form::Plain),
            ("application/ejson;q=high", Form::Plain),
            ("application/ejson-like", Form::Plain),
            ("*/*", Form::Plain),
            ("", Form::Plain),
        ];
        for (accept, expected) in table {
            let headers = [(header::ACCEPT, accept.parse().unwrap())].into_iter().collect();
            assert_eq!(form(&headers), expected, "{accept}");
        }
    }
}
