//! Typeform: the signature of a webhook, the answers it carries, and what they mean to us.
//!
//! Shape: published examples of `form_response`. Deliveries carry no time, so a late one is as good
//! as a prompt one; the response's `token` tells a repeat.

mod mapping;

pub use mapping::{Mapping, Submission};

use crate::message::Malformed;
use crate::signature;
use serde_json::{Map, Number, Value};

/// More than any form has fields; what a delivery may cost us is bounded.
const ANSWER_LIMIT: usize = 500;
const TOKEN_LIMIT_BYTES: usize = 128;

/// One completed form.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Differs between deliveries of the same response.
    pub event_id: String,
    /// The form it answers.
    pub form_id: String,
    /// Identifies the response; the same on every delivery.
    pub token: String,
    /// RFC 3339, as given.
    pub submitted_at: String,
    /// Values the form's URL carried.
    pub hidden: Map<String, Value>,
    /// In the form's order.
    pub answers: Vec<FormAnswer>,
}

/// One answered question.
#[derive(Clone, Debug, PartialEq)]
pub struct FormAnswer {
    /// Typeform's own field id.
    pub field_id: String,
    /// The name the form's author gave the field, or a UUID.
    pub field_ref: String,
    /// The question; empty when the definition does not hold it.
    pub title: String,
    /// The field's type, such as `short_text` or `dropdown`.
    pub field_type: String,
    /// What was answered.
    pub value: AnswerValue,
}

/// An answer without its question.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerValue {
    /// Text, e-mail, URL, phone, date or the chosen label.
    Text(String),
    /// A number, a rating or an opinion.
    Number(Number),
    /// Yes or no, or accepted terms.
    Flag(bool),
    /// The chosen labels.
    List(Vec<String>),
}

impl AnswerValue {
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::List(items) => Value::from(items.clone()),
        }
    }

    /// As one line for a person to read.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::List(items) => items.join(", "),
        }
    }
}

/// Whether the `Typeform-Signature` header belongs to these very bytes.
#[must_use]
pub fn verify(secret: &[u8], raw_body: &[u8], header: Option<&str>) -> bool {
    header.and_then(|value| value.strip_prefix("sha256=")).is_some_and(|encoded| signature::is_valid(secret, raw_body, encoded))
}

/// Reads a verified delivery. Unknown fields are passed over, unknown answer types are kept as text.
///
/// # Errors
/// Says what the delivery lacks.
pub fn parse(raw_body: &[u8]) -> Result<Response, Malformed> {
    let delivery: Value = serde_json::from_slice(raw_body).map_err(|_| Malformed("is not JSON"))?;
    if text(&delivery, "event_type") != "form_response" {
        return Err(Malformed("event_type is not form_response"));
    }
    let form = delivery.get("form_response").unwrap_or(&Value::Null);
    let (form_id, token) = (text(form, "form_id"), text(form, "token"));
    if form_id.is_empty() || token.is_empty() || token.len() > TOKEN_LIMIT_BYTES {
        return Err(Malformed("form_response has no form_id or token"));
    }
    let answers = match form.get("answers") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(answers)) if answers.len() <= ANSWER_LIMIT => answers.as_slice(),
        Some(_) => return Err(Malformed("form_response.answers is no list of reasonable length")),
    };
    let fields = form.pointer("/definition/fields").and_then(Value::as_array);
    let fields = fields.map_or(&[][..], Vec::as_slice);
    Ok(Response {
        event_id: text(&delivery, "event_id").to_owned(),
        form_id: form_id.to_owned(),
        token: token.to_owned(),
        submitted_at: text(form, "submitted_at").to_owned(),
        hidden: form.get("hidden").and_then(Value::as_object).cloned().unwrap_or_default(),
        answers: answers.iter().filter_map(|answer| read(answer, fields)).collect(),
    })
}

fn read(answer: &Value, fields: &[Value]) -> Option<FormAnswer> {
    let field = answer.get("field")?;
    let id = text(field, "id");
    let title = fields.iter().find(|known| text(known, "id") == id);
    Some(FormAnswer {
        value: read_value(answer.get(text(answer, "type"))?)?,
        title: title.map_or("", |known| text(known, "title")).to_owned(),
        field_id: id.to_owned(),
        field_ref: text(field, "ref").to_owned(),
        field_type: text(field, "type").to_owned(),
    })
}

/// Empty where there is none, as with fields that Typeform leaves out.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

/// The value stands under the name of its type; choices are objects with `label` or `labels`.
fn read_value(value: &Value) -> Option<AnswerValue> {
    match value {
        Value::String(text) => Some(AnswerValue::Text(text.clone())),
        Value::Number(number) => Some(AnswerValue::Number(number.clone())),
        Value::Bool(flag) => Some(AnswerValue::Flag(*flag)),
        Value::Object(choice) => read_choice(choice),
        Value::Array(_) | Value::Null => None,
    }
}

fn read_choice(choice: &Map<String, Value>) -> Option<AnswerValue> {
    let other = choice.get("other").and_then(Value::as_str);
    if let Some(labels) = choice.get("labels").and_then(Value::as_array) {
        let labels = labels.iter().filter_map(Value::as_str).chain(other);
        return Some(AnswerValue::List(labels.map(str::to_owned).collect()));
    }
    if let Some(label) = choice.get("label").and_then(Value::as_str).or(other) {
        return Some(AnswerValue::Text(label.to_owned()));
    }
    serde_json::to_string(choice).ok().map(AnswerValue::Text)
}

#[cfg(test)]
mod tests;
