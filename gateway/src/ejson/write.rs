//! Writes BSON as canonical Extended JSON or as plain JSON text.

use std::io::Write as _;

use bson::{Bson, Document, spec::BinarySubtype};
use serde::Serialize;

/// The two forms of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// What JSON has no type for becomes a string: lossy, as the original was.
    Plain,
    /// Every type is told.
    Canonical,
}

/// JSON text on its way: once it is longer than it may be, what is left of the document is left out.
struct Text {
    bytes: Vec<u8>,
    limit: usize,
}

/// Appends the document as JSON text.
pub(crate) fn write_document(out: &mut Vec<u8>, document: &Document, form: Form) {
    let mut text = Text { bytes: std::mem::take(out), limit: usize::MAX };
    write_fields(&mut text, document, form);
    *out = text.bytes;
}

/// The document as JSON text; nothing where that is longer than the limit.
pub(crate) fn text_of(document: &Document, form: Form, limit: usize) -> Option<Vec<u8>> {
    let mut out = Text { bytes: Vec::with_capacity(512), limit };
    write_fields(&mut out, document, form);
    (out.bytes.len() <= limit).then_some(out.bytes)
}

/// The length of the shortest JSON text that the document can have, or a little less, without making it.
pub(crate) fn least_length(document: &Document) -> usize {
    1 + document.iter().map(|(key, value)| key.len() + 4 + least_length_of(value)).sum::<usize>()
}

/// The same of a value.
pub(crate) fn least_length_of(value: &Bson) -> usize {
    match value {
        Bson::Document(document) => least_length(document),
        Bson::Array(items) => 1 + items.iter().map(|item| 1 + least_length_of(item)).sum::<usize>(),
        Bson::String(text) => 2 + text.len(),
        Bson::Binary(binary) => binary.bytes.len(),
        _ => 1,
    }
}

impl Text {
    fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn is_full(&self) -> bool {
        self.bytes.len() > self.limit
    }
}

fn write_fields(out: &mut Text, document: &Document, form: Form) {
    out.push(b'{');
    for (position, (key, value)) in document.iter().enumerate() {
        if out.is_full() {
            return;
        }
        if position > 0 {
            out.push(b',');
        }
        string(out, key);
        out.push(b':');
        write_value(out, value, form);
    }
    out.push(b'}');
}

/// RFC 3339 in UTC with milliseconds; years beyond four digits carry a sign.
pub(crate) fn iso_date(millis: i64) -> String {
    let (days, of_day) = (millis.div_euclid(DAY_MS), millis.rem_euclid(DAY_MS));
    let (year, month, day) = civil_date(days);
    let mut text = String::with_capacity(ISO_LENGTH);
    match year {
        0..=9999 => push_digits(&mut text, year, 1000),
        _ => text.push_str(&format!("{year:+07}")),
    }
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, milli) = (of_day / 1000 % 60, of_day % 1000);
    for (mark, number, place) in
        [('-', month, 10), ('-', day, 10), ('T', hour, 10), (':', minute, 10), (':', second, 10), ('.', milli, 100)]
    {
        text.push(mark);
        push_digits(&mut text, number, place);
    }
    text.push('Z');
    text
}

const ISO_LENGTH: usize = "2026-11-20T05:00:00.000Z".len();

/// The digits of a number from the given place down.
fn push_digits(text: &mut String, number: i64, mut place: i64) {
    while place > 0 {
        let digit = u8::try_from(number / place % 10).unwrap_or_default();
        text.push(char::from(b'0' + digit));
        place /= 10;
    }
}

const DAY_MS: i64 = 86_400_000;

/// Days since 1970-01-01 as year, month and day of the proleptic Gregorian calendar
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil_date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn write_value(out: &mut Text, value: &Bson, form: Form) {
    match value {
        Bson::Document(document) => write_fields(out, document, form),
        Bson::Array(items) => {
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                if out.is_full() {
                    return;
                }
                if position > 0 {
                    out.push(b',');
                }
                write_value(out, item, form);
            }
            out.push(b']');
        }
        Bson::String(text) => string(out, text),
        Bson::Boolean(true) => out.extend_from_slice(b"true"),
        Bson::Boolean(false) => out.extend_from_slice(b"false"),
        Bson::Null => out.extend_from_slice(b"null"),
        _ if form == Form::Plain => plain(out, value),
        _ => canonical(out, value),
    }
}

fn plain(out: &mut Text, value: &Bson) {
    match value {
        Bson::Int32(number) => json(out, number),
        Bson::Int64(number) => json(out, number),
        Bson::Double(number) if number.is_finite() => finite(out, *number),
        Bson::Double(number) => string(out, double_name(*number)),
        Bson::DateTime(date) => string(out, &iso_date(date.timestamp_millis())),
        Bson::ObjectId(id) => string(out, &id.to_hex()),
        Bson::Decimal128(number) => string(out, &number.to_string()),
        Bson::Symbol(text) | Bson::JavaScriptCode(text) => string(out, text),
        Bson::RegularExpression(regex) => string(out, &regex.to_string()),
        Bson::Binary(binary) if binary.subtype == BinarySubtype::Uuid => match binary.to_uuid() {
            Ok(uuid) => string(out, &uuid.to_string()),
            Err(_) => wrapped(out, value),
        },
        Bson::Undefined => out.extend_from_slice(b"null"),
        _ => wrapped(out, value),
    }
}

fn canonical(out: &mut Text, value: &Bson) {
    match value {
        Bson::Int32(number) => number_string(out, "$numberInt", *number),
        Bson::Int64(number) => number_string(out, "$numberLong", *number),
        Bson::Double(number) if number.is_finite() => {
            out.extend_from_slice(b"{\"$numberDouble\":\"");
            finite(out, *number);
            out.extend_from_slice(b"\"}");
        }
        Bson::Double(number) => number_string(out, "$numberDouble", double_name(*number)),
        Bson::Decimal128(number) => number_string(out, "$numberDecimal", number),
        Bson::ObjectId(id) => number_string(out, "$oid", id),
        Bson::DateTime(date) => {
            out.extend_from_slice(b"{\"$date\":");
            number_string(out, "$numberLong", date.timestamp_millis());
            out.push(b'}');
        }
        _ => wrapped(out, value),
    }
}

/// The rare types, by the BSON crate's own conversion.
fn wrapped(out: &mut Text, value: &Bson) {
    let json = value.clone().into_canonical_extjson();
    serde_json::to_writer(&mut out.bytes, &json).expect("a JSON value is written to memory");
}

fn number_string(out: &mut Text, key: &str, number: impl std::fmt::Display) {
    write!(out.bytes, "{{\"{key}\":\"{number}\"}}").expect("memory takes every write");
}

fn double_name(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn finite(out: &mut Text, number: f64) {
    json(out, &number);
}

fn string(out: &mut Text, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        return json(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn json<T: Serialize + ?Sized>(out: &mut Text, value: &T) {
    serde_json::to_writer(&mut out.bytes, value).expect("strings and finite numbers are JSON");
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{DateTime, doc, oid::ObjectId};

    fn text(document: &Document, form: Form) -> String {
        String::from_utf8(text_of(document, form, usize::MAX).unwrap()).expect("JSON is UTF-8")
    }

    #[test]
    fn a_text_over_the_limit_is_none() {
        let document = doc! {"a": [{"b": "text"}, {"b": 1_i64}], "c": DateTime::from_millis(0)};
        for form in [Form::Plain, Form::Canonical] {
            let length = text(&document, form).len();
            assert_eq!(text_of(&document, form, length).map(|text| text.len()), Some(length));
            assert_eq!(text_of(&document, form, length - 1), None);
            assert!(least_length(&document) <= length);
        }
    }

    #[test]
    fn what_is_over_the_limit_is_not_written_on() {
        let mut out = Text { bytes: Vec::new(), limit: 100 };
        let items: Vec<Bson> = (0..10_000).map(|number| Bson::Document(doc! {"n": [number]})).collect();
        write_fields(&mut out, &doc! {"a": items}, Form::Plain);
        assert!(out.bytes.len() < 130, "{}", out.bytes.len());
    }

    #[test]
    fn plain_answers_lose_types_and_keep_order() {
        let document = doc! {
            "z": 1, "a": 2_i64, "d": DateTime::from_millis(1_763_614_800_000), "o": ObjectId::from_bytes([1; 12]),
            "f": 1.5, "n": Bson::Null, "list": [true, "x\"y"],
        };
        assert_eq!(
            text(&document, Form::Plain),
            r#"{"z":1,"a":2,"d":"2025-11-20T05:00:00.000Z","o":"010101010101010101010101","f":1.5,"n":null,"list":[true,"x\"y"]}"#
        );
    }

    #[test]
    fn canonical_answers_are_read_back_as_they_were() {
        let document = doc! {
            "i": 1, "l": 2_i64, "d": DateTime::from_millis(-1), "f": 0.1, "inf": f64::INFINITY, "n": {"m": [Bson::MinKey]},
            "r": bson::Regex { pattern: "^a".try_into().unwrap(), options: "i".try_into().unwrap() },
            "t": bson::Timestamp { time: 1, increment: 2 }, "x": "1.50".parse::<bson::Decimal128>().unwrap(),
            "b": bson::Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2, 3] },
        };
        let text = text(&document, Form::Canonical);
        assert!(text.starts_with(r#"{"i":{"$numberInt":"1"},"l":{"$numberLong":"2"},"d":{"$date":{"$numberLong":"-1"}}"#));
        assert_eq!(super::super::read(text.as_bytes()).expect("is EJSON"), document);
    }

    #[test]
    fn strings_are_escaped_where_they_have_to_be() {
        for text in ["", "plain", "é日\u{1F600}", "a\"b", "a\\b", "line\nbreak", "\u{0}\u{1f}\u{7f}"] {
            let written = self::text(&doc! {text: text}, Form::Plain);
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&written).unwrap(),
                serde_json::json!({text: text}),
                "{written}"
            );
        }
    }

    #[test]
    fn dates_outside_four_digit_years_carry_a_sign() {
        assert_eq!(iso_date(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_date(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso_date(-62_198_755_200_000), "-000001-01-01T00:00:00.000Z");
        assert_eq!(iso_date(253_402_300_800_000), "+010000-01-01T00:00:00.000Z");
    }
}
