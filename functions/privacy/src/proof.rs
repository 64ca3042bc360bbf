//! The proof that a person was erased: how many records of which entities, and a digest over each of them, without any value.

use domain::json;
use domain::{Doc, Entity, Time};
use serde_json::Value;

/// What has been erased so far. It travels from job to job.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    counts: Doc,
    kept: Doc,
    digest: String,
}

impl Proof {
    /// As a job's payload has it.
    pub fn of(payload: &Value) -> Self {
        let object = |name: &str| payload.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let (counts, kept) = (object("erased"), object("kept"));
        let digest = payload.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { counts, kept, digest }
    }

    /// Counts a record, and the names of the fields that it lost.
    pub fn add(&mut self, entity: &Entity, id: &str, fields: &[&str]) {
        count(&mut self.counts, entity);
        let line = [self.digest.as_str(), entity.name, id, &fields.join(",")].join(" ");
        self.digest = hex(&hmac_sha256::Hash::hash(line.as_bytes()));
    }

    /// Counts a record that somebody else needs.
    pub fn keep(&mut self, entity: &Entity) {
        count(&mut self.kept, entity);
    }

    /// The fields of the next job's payload.
    pub fn payload(&self) -> [(String, Value); 3] {
        let parts =
            [("erased", self.counts.clone().into()), ("kept", self.kept.clone().into()), ("digest", self.digest.as_str().into())];
        parts.map(|(name, part)| (name.to_owned(), part))
    }

    /// The document: who asked, when, and what was done.
    pub fn document(&self, request: &Doc, now: Time) -> Value {
        let of = |field: &str| request.get(field).cloned().unwrap_or_default();
        json!({
            "requested_by": of("created_by"), "requested_at": of("created_at"), "done_at": now, "people": of("people"),
            "members": of("members"), "erased": self.counts, "kept": self.kept, "digest": self.digest,
        })
    }
}

fn count(counts: &mut Doc, entity: &Entity) {
    let count = counts.get(entity.name).and_then(Value::as_u64).unwrap_or_default();
    counts.insert(entity.name.to_owned(), (count + 1).into());
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use domain::entities::{IDENTITY, MESSAGE, PERSON};

    use super::*;

    #[test]
    fn a_proof_counts_and_its_digest_depends_on_all_before() {
        let mut proof = Proof::of(&Value::Null);
        proof.add(&PERSON, "per_1", &["name", "email"]);
        let first = proof.digest.clone();
        proof.add(&MESSAGE, "msg_1", &["content"]);
        proof.keep(&IDENTITY);
        let mut resumed = Proof::of(&Value::Object(proof.payload().into_iter().collect()));
        assert_eq!(resumed, proof);
        resumed.add(&MESSAGE, "msg_2", &["content"]);
        let document = resumed.document(&Doc::new(), Time::from_ms(0));
        assert_eq!(document["erased"], json!({ "person": 1, "message": 2 }));
        assert_eq!(document["kept"], json!({ "identity": 1 }));
        assert!(first.len() == 64 && first != proof.digest && proof.digest != resumed.digest);
    }
}
