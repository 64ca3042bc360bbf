//! Typeform's deliveries: golden payloads, whole and spoilt, and their signatures.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac_sha256::HMAC;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// More than any receiver of ours takes.
const HUGE_BYTES: usize = 1024 * 1024 + 1;

/// What is special about a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Nothing: it must be taken.
    #[default]
    Valid,
    /// Its body was changed after it was signed.
    Tampered,
    /// The response of `Valid` once more, under another `event_id`, as on a retry.
    Replayed,
    /// Submitted weeks before it is delivered; as good as any.
    Late,
    /// Larger than a receiver should read.
    Huge,
    /// A form body under a form's content type, rightly signed.
    WrongContentType,
    /// Fields and an answer type that nobody has heard of; it must be taken.
    UnknownField,
}

impl Variant {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Valid, Self::Tampered, Self::Replayed, Self::Late, Self::Huge, Self::WrongContentType, Self::UnknownField];
}

/// A webhook request, but for its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The bytes that the signature is about, unless they were tampered with.
    pub body: String,
    /// `application/json`, mostly.
    pub content_type: &'static str,
    /// For `Typeform-Signature`.
    pub signature: String,
}

/// What a person fills into the form of the golden payload.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// Identifies the response.
    pub token: &'a str,
    /// First and last name.
    pub name: &'a str,
    /// Where to answer to.
    pub email: &'a str,
    /// One of the form's categories.
    pub category: &'a str,
    /// What is wanted.
    pub description: &'a str,
    /// Whole units.
    pub budget_min: u32,
    /// As typed.
    pub budget_max: &'a str,
}

/// The golden body of a variant.
#[must_use]
pub fn payload(variant: Variant) -> String {
    match variant {
        Variant::Valid => include_str!("../payloads/valid.json").to_owned(),
        Variant::Tampered => include_str!("../payloads/tampered.json").to_owned(),
        Variant::Replayed => include_str!("../payloads/replayed.json").to_owned(),
        Variant::Late => include_str!("../payloads/late.json").to_owned(),
        Variant::Huge => huge(),
        Variant::WrongContentType => include_str!("../payloads/wrong_content_type.txt").to_owned(),
        Variant::UnknownField => include_str!("../payloads/unknown_field.json").to_owned(),
    }
}

/// The header for a body: `sha256=` and base64.
#[must_use]
pub fn sign(secret: &str, body: &str) -> String {
    format!("sha256={}", STANDARD.encode(HMAC::mac(body.as_bytes(), secret.as_bytes())))
}

/// A variant, ready to be sent.
#[must_use]
pub fn delivery(variant: Variant, secret: &str) -> Delivery {
    let body = payload(variant);
    let signed = if variant == Variant::Tampered { payload(Variant::Valid) } else { body.clone() };
    let content_type = match variant {
        Variant::WrongContentType => "application/x-www-form-urlencoded",
        _ => "application/json",
    };
    Delivery { signature: sign(secret, &signed), body, content_type }
}

/// The golden form, filled in otherwise.
#[must_use]
pub fn filled(answers: &Answers<'_>, secret: &str) -> Delivery {
    let mut body: Value = serde_json::from_str(&payload(Variant::Valid)).unwrap_or_default();
    for (reference, kind, value) in [
        ("name", "text", json!(answers.name)),
        ("email", "email", json!(answers.email)),
        ("category", "choice", json!({"label": answers.category})),
        ("description", "text", json!(answers.description)),
        ("budget_min", "number", json!(answers.budget_min)),
        ("budget_max", "text", json!(answers.budget_max)),
    ] {
        let list = body.pointer_mut("/form_response/answers").and_then(Value::as_array_mut);
        let is_it = |answer: &&mut Value| answer.pointer("/field/ref").is_some_and(|known| known == reference);
        if let Some(place) = list.into_iter().flatten().find(is_it).and_then(|answer| answer.get_mut(kind)) {
            *place = value;
        }
    }
    let delivery = Delivery { body: body.to_string(), content_type: "application/json", signature: String::new() };
    delivery.with_token(answers.token, secret)
}

impl Delivery {
    /// The same, as another response.
    #[must_use]
    pub fn with_token(self, token: &str, secret: &str) -> Self {
        let Ok(mut body) = serde_json::from_str::<Value>(&self.body) else {
            return self;
        };
        for (pointer, value) in [("/form_response/token", token.to_owned()), ("/event_id", format!("event-{token}"))] {
            if let Some(place) = body.pointer_mut(pointer) {
                *place = value.into();
            }
        }
        let body = body.to_string();
        Self { signature: sign(secret, &body), body, ..self }
    }
}

fn huge() -> String {
    let valid = payload(Variant::Valid);
    let padding = "x".repeat(HUGE_BYTES);
    valid.replacen('{', &format!("{{\n  \"padding\": \"{padding}\","), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_payloads_are_what_their_names_say() {
        let parsed = |variant| serde_json::from_str::<Value>(&payload(variant)).unwrap();
        let token = |variant| parsed(variant)["form_response"]["token"].clone();
        let valid = parsed(Variant::Valid);
        assert_eq!(valid["event_type"], "form_response");
        assert_eq!(valid["form_response"]["answers"].as_array().unwrap().len(), 6);
        assert_eq!(token(Variant::Replayed), token(Variant::Valid));
        assert_ne!(parsed(Variant::Replayed)["event_id"], valid["event_id"]);
        assert_eq!(token(Variant::Tampered), token(Variant::Valid));
        assert_ne!(payload(Variant::Tampered), payload(Variant::Valid));
        assert_ne!(token(Variant::Late), token(Variant::Valid));
        assert!(payload(Variant::Huge).len() > 1024 * 1024);
        assert!(serde_json::from_str::<Value>(&payload(Variant::WrongContentType)).is_err());
        assert_ne!(token(Variant::UnknownField), token(Variant::Valid));
    }

    #[test]
    fn a_form_is_filled_in_under_its_own_token() {
        let answers = Answers {
            token: "tok",
            name: "Grace Hopper",
            email: "grace@example.com",
            category: "Plumbing",
            description: "A leak",
            budget_min: 10,
            budget_max: "20",
        };
        let delivery = filled(&answers, "s");
        assert_eq!(delivery.signature, sign("s", &delivery.body));
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        assert_eq!(body["form_response"]["token"], "tok");
        assert_eq!(body["form_response"]["answers"][0]["text"], "Grace Hopper");
        assert_eq!(body["form_response"]["answers"][2]["choice"]["label"], "Plumbing");
        assert_eq!(body["form_response"]["answers"][4]["number"], 10);
    }
}
