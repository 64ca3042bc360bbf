//! Forms: a signed response is kept and answered in one trip; a job makes the lead.

use domain::json;
use domain::validate::card;
use domain::{Doc, Error};
use edge::{Call, Outcome, Reply};
use integrations::typeform;
use serde_json::Value;
use store::proof::Hook;

use crate::receipt::receiving;

/// Takes a form's response.
pub async fn receive(call: &Call) -> Outcome {
    let (key, body) = (call.param("key"), call.body());
    let hook = Hook::open(call.store.vault(), key, "typeform").ok_or_else(Error::not_found)?;
    let signature = call.header("typeform-signature");
    let hook = hook.verify(|secret| typeform::verify(secret.as_bytes(), body.as_bytes(), signature.as_deref()));
    let hook = hook.ok_or_else(|| Error::unauthenticated("bad-signature", "The signature is not that of this body."))?;
    let malformed = |malformed| Error::malformed("malformed-delivery", format!("The delivery {malformed}."));
    let response = typeform::parse(body.as_bytes()).map_err(malformed)?;
    let mut receiving = receiving(call, &hook, key);
    receiving.keep(&response.token, Some(without_cards(body).as_deref().unwrap_or(body)), "form", Doc::new());
    receiving.commit().await?;
    Ok(Reply::json(200, &json!({ "received": true })))
}

/// The delivery without card data, if it has any: not even a sealed body keeps it, and a lead is not lost by it.
fn without_cards(body: &str) -> Option<String> {
    let mut delivery: Value = serde_json::from_str(body).ok()?;
    let codes: Vec<String> = delivery.pointer("/form_response/definition/fields").map_or_else(Vec::new, code_questions);
    let answers = delivery.pointer_mut("/form_response/answers").and_then(Value::as_array_mut);
    let is_less = answers.is_some_and(|answers| {
        let before = answers.len();
        answers.retain(|answer| {
            !answer.get("field").is_some_and(|field| asks_code(field) || codes.iter().any(|id| id == text(field, "id")))
        });
        answers.len() < before
    });
    let is_changed = card::redact(&mut delivery) || is_less;
    is_changed.then(|| delivery.to_string())
}

/// The ids of the questions for the code of a card.
fn code_questions(fields: &Value) -> Vec<String> {
    let fields = fields.as_array().map(Vec::as_slice).unwrap_or_default();
    fields.iter().filter(|field| asks_code(field)).map(|field| text(field, "id").to_owned()).collect()
}

fn asks_code(field: &Value) -> bool {
    ["ref", "title"].iter().any(|name| card::names_card_code(text(field, name)))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
