//! What a form's response becomes: the fields of a person and of a lead, checked by the engine.

use domain::entities::{LEAD, PERSON};
use domain::rules::Moment;
use domain::{Doc, Time, Violation, error::Place, money, phone, validate};
use integrations::Currency;
use integrations::typeform::{self, Mapping, Response};
use serde_json::Value;

const CATEGORY_LEN_MAX: usize = 80;
/// Of what the field holds, so that there is room for quotes and commas.
const ANSWERS_LEN_MAX: usize = 18_000;
const REASON_LEN_MAX: usize = 1_000;
const CURRENCY_DEFAULT: &str = "EUR";

/// A response that breaks no rule.
pub struct Submission {
    /// The person; nobody when the form asks nothing of them.
    pub person: Option<Doc>,
    /// The lead.
    pub lead: Doc,
}

/// Reads a response by the integration's configuration, or says what is wrong with it, without its values.
pub fn read(body: &str, config: Option<&Value>, now: Time) -> Result<Submission, String> {
    let response = typeform::parse(body.as_bytes()).map_err(|malformed| malformed.to_string())?;
    let setting = |name: &str| config.and_then(|config| config.get(name));
    let mapping = setting("mapping").map_or_else(|| Ok(Mapping::default()), Mapping::parse);
    let mapping = mapping.map_err(|malformed| format!("the mapping {malformed}"))?;
    let code = setting("default_currency").and_then(Value::as_str).unwrap_or(CURRENCY_DEFAULT);
    let currency = Currency { code, exponent: money::exponent(code).unwrap_or(2) };
    let mut submission = mapping.apply(&response, currency);
    let is_number = |value: &Value| value.as_str().is_some_and(|text| phone::normal(text, None).is_some());
    if submission.person.get("phone").is_some_and(|phone| !is_number(phone)) {
        // Whatever somebody writes in its place, the lead comes in.
        submission.unmapped.extend(submission.person.remove_entry("phone"));
    }
    let mut lead = submission.lead;
    let category = setting("category").and_then(Value::as_str).map(str::to_owned);
    lead.entry("category").or_insert_with(|| category.unwrap_or_else(|| title(body, &response)).into());
    let moment = Moment { now, viewer: None };
    let lead = validate::create(&LEAD, lead, moment).map_err(|error| reason("lead", &error.violations));
    let person = match submission.person {
        nobody if nobody.is_empty() => Ok(None),
        person => validate::create(&PERSON, person, moment).map(Some).map_err(|error| reason("person", &error.violations)),
    };
    match (lead, person) {
        (Ok(mut lead), Ok(person)) => {
            lead.insert("source".to_owned(), "form".into());
            lead.extend(answers(submission.unmapped).map(|answers| ("answers".to_owned(), answers.into())));
            Ok(Submission { person, lead })
        }
        (lead, person) => {
            let reasons: Vec<String> = lead.err().into_iter().chain(person.err()).collect();
            Err(reasons.join("; ").chars().take(REASON_LEN_MAX).collect())
        }
    }
}

/// The form's own title says what it is about when no answer does.
fn title(body: &str, response: &Response) -> String {
    let raw: Value = serde_json::from_str(body).unwrap_or_default();
    let title = raw.pointer("/form_response/definition/title").and_then(Value::as_str).unwrap_or(&response.form_id);
    let title: String = title.trim().chars().take(CATEGORY_LEN_MAX).collect();
    if title.is_empty() { "Form".to_owned() } else { title }
}

/// Answers that have no place of their own, as far as there is room: they may tell anything of anybody.
fn answers(unmapped: Doc) -> Option<Doc> {
    let mut room = ANSWERS_LEN_MAX;
    let mut answers = Doc::new();
    for (question, mut answer) in unmapped {
        if let Value::String(text) = &mut answer {
            text.truncate(text.floor_char_boundary(room.saturating_sub(question.len() + 2)));
        }
        let len = question.len() + answer.to_string().len();
        if len <= room {
            room -= len;
            answers.insert(question, answer);
        }
    }
    (!answers.is_empty()).then_some(answers)
}

fn reason(what: &str, violations: &[Violation]) -> String {
    let said = violations.iter().map(|violation| match &violation.place {
        Place::Pointer(place) | Place::Parameter(place) => format!("{what}{place} {}", violation.code),
    });
    said.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(answers: Value) -> String {
        let form =
            json!({ "form_id": "f1", "token": "t1", "definition": { "title": " Roofs ", "fields": [] }, "answers": answers });
        json!({ "event_id": "e1", "event_type": "form_response", "form_response": form }).to_string()
    }

    fn answer(reference: &str, kind: &str, value: &str) -> Value {
        json!({ "type": kind, kind: value, "field": { "id": reference, "ref": reference, "type": "short_text" } })
    }

    fn read_with(answers: Value, config: Value) -> Result<Submission, String> {
        read(&body(answers), Some(&config), Time::from_ms(0))
    }

    #[test]
    fn answers_become_a_person_and_a_lead() {
        let answers = json!([
            answer("email", "email", "Ada@Example.com"),
            answer("budget", "text", "100-200"),
            answer("colour", "text", "red")
        ]);
        let read = read_with(answers, json!({ "default_currency": "USD", "category": "roof" })).unwrap();
        assert_eq!(read.person.unwrap()["email"], "ada@example.com");
        assert_eq!(read.lead["budget_max"], json!({ "minor": 20_000, "currency": "USD" }));
        assert_eq!((&read.lead["category"], &read.lead["source"]), (&json!("roof"), &json!("form")));
        assert_eq!((read.lead.get("description"), &read.lead["answers"]), (None, &json!({ "colour": "red" })));
    }

    #[test]
    fn what_is_no_number_is_kept_with_the_rest() {
        let read = |text: &str| read_with(json!([answer("phone", "text", text)]), json!({})).unwrap();
        assert_eq!(read("+44 20 7946 0018").person.unwrap()["phone"], "+442079460018");
        let odd = read("after six");
        assert_eq!((odd.person, &odd.lead["answers"]), (None, &json!({ "phone": "after six" })));
    }

    #[test]
    fn there_is_room_for_so_many_answers() {
        let mut unmapped: Doc = (0..30).map(|number| (format!("q{number}"), Value::from("é".repeat(1_000)))).collect();
        unmapped.insert("last".to_owned(), "short".into());
        let kept = answers(unmapped).unwrap();
        assert!(Value::Object(kept.clone()).to_string().len() < 20_000, "they fit the field");
        assert!(kept.len() >= 9 && kept.values().all(|text| text.as_str().is_some_and(|text| !text.is_empty())), "{kept:?}");
    }

    #[test]
    fn without_a_category_the_form_is_named() {
        let read = read_with(json!([]), json!({})).unwrap();
        assert_eq!(read.lead["category"], "Roofs");
        assert!(read.person.is_none());
    }

    #[test]
    fn a_refusal_names_rules_and_no_values() {
        let (long, number) = ("Ada ".repeat(60), "paid by 4111 1111 1111 1111");
        let answers = json!([answer("name", "text", &long), answer("description", "text", number)]);
        let reason = read_with(answers, json!({})).err().unwrap();
        assert_eq!(reason, "lead/description card-number; person/name too-long");
    }
}
