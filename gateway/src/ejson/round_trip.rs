//! Whatever is written canonically is read back as it was, and whatever is read never ends in a fault.

use bson::{Binary, Bson, DateTime, Decimal128, Document, Regex, Timestamp, oid::ObjectId, spec::BinarySubtype};

use super::{Form, read, write_document};

/// A fixed sequence (P. L'Ecuyer's 64-bit linear congruential generator), so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 12] = ["a", "$", ".", "\"", "\\", "\n", "\u{1}", "é", "日", "\u{1F600}", " ", "0"];
        (0..self.below(6)).map(|_| PARTS[usize::try_from(self.below(12)).unwrap()]).collect()
    }

    fn bits(&mut self) -> u64 {
        (self.below(1 << 31) << 33) | (self.below(1 << 31) << 2) | self.below(4)
    }

    fn document(&mut self, depth: u64) -> Document {
        // A prefix keeps the names apart from the wrappers of Extended JSON.
        (0..self.below(5)).map(|number| (format!("f{number}{}", self.text()), self.value(depth))).collect()
    }

    fn value(&mut self, depth: u64) -> Bson {
        match self.below(if depth > 0 { 18 } else { 16 }) {
            0 => Bson::Null,
            1 => Bson::Boolean(self.below(2) == 0),
            2 => Bson::Int32(self.bits() as i32),
            3 => Bson::Int64(self.bits() as i64),
            4 => Bson::Double(f64::from_bits(self.bits())),
            5 => Bson::Double([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e300][usize::try_from(self.below(6)).unwrap()]),
            6 => Bson::String(self.text()),
            7 => Bson::DateTime(DateTime::from_millis(self.bits() as i64)),
            8 => Bson::ObjectId(ObjectId::new()),
            9 => Bson::Decimal128(format!("{}E{}", self.below(1 << 31), self.below(60)).parse::<Decimal128>().unwrap()),
            10 => Bson::Timestamp(Timestamp { time: self.bits() as u32, increment: self.bits() as u32 }),
            11 => {
                Bson::Binary(Binary { subtype: BinarySubtype::from(self.below(6) as u8), bytes: vec![self.below(256) as u8; 5] })
            }
            12 => Bson::RegularExpression(Regex { pattern: "^a.*$".try_into().unwrap(), options: "im".try_into().unwrap() }),
            13 => Bson::MinKey,
            14 => Bson::MaxKey,
            15 => Bson::Undefined,
            16 => Bson::Array((0..self.below(4)).map(|_| self.value(depth - 1)).collect()),
            _ => Bson::Document(self.document(depth - 1)),
        }
    }
}

fn canonical(document: &Document) -> Vec<u8> {
    let mut text = Vec::new();
    write_document(&mut text, document, Form::Canonical);
    text
}

#[test]
fn canonical_text_is_read_back_as_it_was() {
    let mut random = Random(1);
    for _ in 0..2_000 {
        let text = canonical(&random.document(5));
        let again = read(&text).unwrap_or_else(|error| panic!("{}: {}", error.message, String::from_utf8_lossy(&text)));
        // Compared as text: what is no number differs from itself.
        assert_eq!(String::from_utf8_lossy(&canonical(&again)), String::from_utf8_lossy(&text));
    }
}

#[test]
fn damaged_text_is_refused_or_read_but_never_a_fault() {
    let mut random = Random(2);
    for _ in 0..5_000 {
        let mut text = canonical(&random.document(4));
        for _ in 0..=random.below(3) {
            let at = usize::try_from(random.below(text.len() as u64)).unwrap();
            match random.below(3) {
                0 => text[at] = random.below(256) as u8,
                1 => text.truncate(at.max(1)),
                _ => drop(text.splice(at..at, *b"{\"$date\":")),
            }
        }
        let _ = read(&text);
    }
}

#[test]
fn plain_text_is_json_whatever_the_document_holds() {
    let mut random = Random(3);
    for _ in 0..2_000 {
        let mut text = Vec::new();
        write_document(&mut text, &random.document(4), Form::Plain);
        let parsed = serde_json::from_slice::<serde_json::Value>(&text);
        assert!(parsed.is_ok(), "{}", String::from_utf8_lossy(&text));
    }
}
