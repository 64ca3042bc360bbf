//! Which answer becomes which field of the person and the lead.

use super::{AnswerValue, FormAnswer, Response};
use crate::amount::{self, Currency};
use crate::message::Malformed;
use serde_json::{Map, Value, json};

const ENTRY_LIMIT: usize = 200;

/// Names that speak for themselves, compared with a field's ref and then its title, both in snake case.
const NAMED: &[(&str, &str)] = &[
    ("email", "person.email"),
    ("e_mail", "person.email"),
    ("your_email", "person.email"),
    ("email_address", "person.email"),
    ("name", "person.name"),
    ("your_name", "person.name"),
    ("full_name", "person.name"),
    ("first_name", "person.name"),
    ("last_name", "person.name"),
    ("phone", "person.phone"),
    ("phone_number", "person.phone"),
    ("company", "person.company_name"),
    ("company_name", "person.company_name"),
    ("category", "lead.category"),
    ("service", "lead.category"),
    ("description", "lead.description"),
    ("message", "lead.description"),
    ("details", "lead.description"),
    ("requirements", "lead.requirements"),
    ("skills", "lead.skills"),
    ("start_date", "lead.start_date"),
    ("end_date", "lead.end_date"),
    ("budget", "lead.budget"),
    ("budget_min", "lead.budget_min"),
    ("min_budget", "lead.budget_min"),
    ("budget_max", "lead.budget_max"),
    ("max_budget", "lead.budget_max"),
];

/// What a field's type alone tells, where its name tells nothing.
const TYPED: &[(&str, &str)] = &[("email", "person.email"), ("phone_number", "person.phone"), ("long_text", "lead.description")];

/// From a field's ref, its id or `hidden:<key>` to `person.<field>` or `lead.<field>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(Vec<(String, String)>);

/// What a response means to us. What has no place, or could not be read as its place demands, is kept in `unmapped`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Submission {
    /// Fields of the person.
    pub person: Map<String, Value>,
    /// Fields of the lead; budgets as `{minor, currency}`.
    pub lead: Map<String, Value>,
    /// By title, else by ref or id.
    pub unmapped: Map<String, Value>,
}

impl Mapping {
    /// Reads a mapping as it is stored: `{"<ref, id or hidden:key>": "lead.category", …}`.
    ///
    /// # Errors
    /// Says what is not a mapping.
    pub fn parse(json: &Value) -> Result<Self, Malformed> {
        let entries = json.as_object().ok_or(Malformed("is not an object"))?;
        if entries.len() > ENTRY_LIMIT {
            return Err(Malformed("holds too many entries"));
        }
        let entry = |(source, target): (&String, &Value)| {
            let target = target.as_str().filter(|target| is_target(target));
            Some((source.clone(), target?.to_owned()))
        };
        let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
        entries.map(Self).ok_or(Malformed("names a target that is neither person.<field> nor lead.<field>"))
    }

    /// Sorts a response's answers and hidden values; those the mapping does not name go by name and type.
    #[must_use]
    pub fn apply(&self, response: &Response, currency: Currency<'_>) -> Submission {
        let mut submission = Submission::default();
        for answer in &response.answers {
            let target = self.target(&[&answer.field_ref, &answer.field_id]);
            let target = target.or_else(|| guess(answer, &submission));
            submission.put(target, label(answer), &answer.value, currency);
        }
        for (key, value) in &response.hidden {
            let value = match value {
                Value::Number(number) => AnswerValue::Number(number.clone()),
                Value::Bool(flag) => AnswerValue::Flag(*flag),
                Value::String(text) => AnswerValue::Text(text.clone()),
                _ => continue,
            };
            let name = format!("hidden:{key}");
            submission.put(self.target(&[&name]), &name, &value, currency);
        }
        submission.settle_budget();
        submission
    }

    fn target(&self, names: &[&str]) -> Option<&str> {
        let named = |name: &&str| self.0.iter().find(|(source, _)| !source.is_empty() && source == name);
        names.iter().find_map(named).map(|(_, target)| target.as_str())
    }
}

impl Submission {
    fn put(&mut self, target: Option<&str>, label: &str, value: &AnswerValue, currency: Currency<'_>) {
        if !target.is_some_and(|target| self.place(target, value, currency)) {
            insert_free(&mut self.unmapped, label, value.to_json());
        }
    }

    /// Whether the value found its place.
    fn place(&mut self, target: &str, value: &AnswerValue, currency: Currency<'_>) -> bool {
        let Some((entity, field)) = target.split_once('.') else {
            return false;
        };
        let fields = if entity == "person" { &mut self.person } else { &mut self.lead };
        match (entity, field) {
            ("lead", "budget") => place_range(fields, value, currency),
            ("lead", "budget_min" | "budget_max") => match minor(value, currency) {
                Some(minor) => place_once(fields, field, money(minor, currency)),
                None => false,
            },
            ("person", "name") => place_joined(fields, field, " ", value),
            ("person", "email") => {
                let email = value.to_text().to_lowercase();
                looks_like_email(&email) && place_once(fields, field, email.into())
            }
            ("lead", "description" | "requirements") => place_joined(fields, field, "\n", value),
            ("lead", "skills") => place_once(fields, field, words(value)),
            ("lead", "start_date" | "end_date" | "bid_deadline") => {
                midnight(value).is_some_and(|at| place_once(fields, field, at.into()))
            }
            _ => match value {
                AnswerValue::Text(_) => place_once(fields, field, value.to_text().into()),
                _ => place_once(fields, field, value.to_json()),
            },
        }
    }

    /// Ends in the wrong order are a person's to put right: a lead could not hold them.
    fn settle_budget(&mut self) {
        let minor = |field: &str| self.lead.get(field)?.get("minor")?.as_i64();
        if minor("budget_min").zip(minor("budget_max")).is_some_and(|(min, max)| min > max) {
            for field in ["budget_min", "budget_max"] {
                if let Some(value) = self.lead.shift_remove(field) {
                    insert_free(&mut self.unmapped, field, value);
                }
            }
        }
    }
}

fn is_target(target: &str) -> bool {
    let field = target.strip_prefix("person.").or_else(|| target.strip_prefix("lead."));
    field.is_some_and(|field| {
        (1..=64).contains(&field.len())
            && field.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

fn guess(answer: &FormAnswer, so_far: &Submission) -> Option<&'static str> {
    let names = [snake_case(&answer.field_ref), snake_case(&answer.title)];
    let named = |name: &String| NAMED.iter().find(|(known, _)| known == name);
    if let Some((_, target)) = names.iter().find_map(named) {
        return Some(target);
    }
    let (_, target) = TYPED.iter().find(|(kind, _)| *kind == answer.field_type)?;
    let is_taken = match target.split_once('.')? {
        ("person", field) => so_far.person.contains_key(field),
        (_, field) => so_far.lead.contains_key(field),
    };
    (!is_taken).then_some(target)
}

fn snake_case(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

fn label(answer: &FormAnswer) -> &str {
    let names = [&answer.title, &answer.field_ref, &answer.field_id];
    names.into_iter().find(|name| !name.is_empty()).map_or("answer", String::as_str)
}

fn minor(value: &AnswerValue, currency: Currency<'_>) -> Option<i64> {
    match value {
        AnswerValue::Number(number) => amount::minor_from_number(&number.to_string(), currency.exponent),
        AnswerValue::Text(text) => amount::minor_from_typed(text, currency),
        _ => None,
    }
    .filter(|minor| *minor >= 0)
}

fn looks_like_email(text: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c == ',';
    matches!(text.split_once('@'), Some((local, domain)) if !local.is_empty() && domain.contains('.')) && !text.contains(is_odd)
}

/// Several choices, or a list typed with commas.
fn words(value: &AnswerValue) -> Value {
    let typed = value.to_text();
    let words = match value {
        AnswerValue::List(items) => items.iter().map(|item| item.trim()).collect(),
        _ => typed.split(',').map(str::trim).collect::<Vec<_>>(),
    };
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().into()
}

/// A day, as the instant it begins (UTC).
fn midnight(value: &AnswerValue) -> Option<String> {
    let at = format!("{}T00:00:00.000Z", value.to_text().get(..10)?);
    chrono::DateTime::parse_from_rfc3339(&at).is_ok().then_some(at)
}

fn money(minor: i64, currency: Currency<'_>) -> Value {
    json!({"minor": minor, "currency": currency.code})
}

fn place_range(lead: &mut Map<String, Value>, value: &AnswerValue, currency: Currency<'_>) -> bool {
    let range = match value {
        AnswerValue::Text(text) => amount::range_from_typed(text, currency),
        _ => minor(value, currency).map(|minor| (None, minor)),
    };
    let Some((lower, upper)) = range else {
        return false;
    };
    if lead.contains_key("budget_max") || (lower.is_some() && lead.contains_key("budget_min")) {
        return false;
    }
    if let Some(lower) = lower {
        lead.insert("budget_min".into(), money(lower, currency));
    }
    lead.insert("budget_max".into(), money(upper, currency));
    true
}

/// The first answer stays; a second one for the same place is not lost but unmapped.
fn place_once(fields: &mut Map<String, Value>, field: &str, value: Value) -> bool {
    let is_free = !fields.contains_key(field) && value.as_str() != Some("");
    if is_free {
        fields.insert(field.into(), value);
    }
    is_free
}

fn place_joined(fields: &mut Map<String, Value>, field: &str, separator: &str, value: &AnswerValue) -> bool {
    let text = value.to_text();
    if text.is_empty() {
        return false;
    }
    let joined = match fields.get(field).and_then(Value::as_str) {
        Some(before) => format!("{before}{separator}{text}"),
        None => text,
    };
    fields.insert(field.into(), joined.into());
    true
}

/// Two questions with one title are both kept.
fn insert_free(fields: &mut Map<String, Value>, label: &str, value: Value) {
    let mut name = label.to_owned();
    let mut count = 1;
    while fields.contains_key(&name) {
        count += 1;
        name = format!("{label} ({count})");
    }
    fields.insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const EUR: Currency<'_> = Currency { code: "EUR", exponent: 2 };

    fn answer(reference: &str, title: &str, field_type: &str, value: Value) -> FormAnswer {
        FormAnswer {
            field_id: format!("id_{reference}"),
            field_ref: reference.into(),
            title: title.into(),
            field_type: field_type.into(),
            value: super::super::read_value(&value).unwrap(),
        }
    }

    fn response(answers: Vec<FormAnswer>, hidden: Value) -> Response {
        Response {
            event_id: "e".into(),
            form_id: "f".into(),
            token: "t".into(),
            submitted_at: String::new(),
            hidden: serde_json::from_value(hidden).unwrap(),
            answers,
        }
    }

    fn as_json(submission: Submission) -> Value {
        json!({"person": submission.person, "lead": submission.lead, "unmapped": submission.unmapped})
    }

    #[test]
    fn names_and_types_map_without_any_configuration() {
        let answers = vec![
            answer("first_name", "", "short_text", json!("Ada ")),
            answer("6f1b", "Last name", "short_text", json!("Lovelace")),
            answer("a1", "How do we reach you?", "email", json!("Ada@Example.com")),
            answer("a2", "Second address", "email", json!("b@example.com")),
            answer("a3", "Category", "dropdown", json!({"label": "Roofing"})),
            answer("a4", "Tell us more", "long_text", json!("A new roof")),
            answer("budget", "", "short_text", json!("€1,000 – 5,000.50")),
            answer("a5", "Favourite colours", "multiple_choice", json!({"labels": ["red", "blue"]})),
        ];
        let found = Mapping::default().apply(&response(answers, json!({"utm": "x"})), EUR);
        let expected = json!({
            "person": {"name": "Ada Lovelace", "email": "ada@example.com"},
            "lead": {
                "category": "Roofing", "description": "A new roof",
                "budget_min": {"minor": 100_000, "currency": "EUR"},
                "budget_max": {"minor": 500_050, "currency": "EUR"},
            },
            "unmapped": {
                "Second address": "b@example.com", "Favourite colours": ["red", "blue"], "hidden:utm": "x"
            },
        });
        assert_eq!(as_json(found), expected);
    }

    #[test]
    fn a_mapping_outranks_names_and_types() {
        let mapping = json!({
            "name": "lead.description", "id_q2": "lead.budget_min", "q3": "lead.budget_max",
            "q4": "person.locale", "hidden:src": "lead.source",
        });
        let answers = vec![
            answer("name", "", "short_text", json!("Shed")),
            answer("q2", "", "number", json!(1500)),
            answer("q3", "", "short_text", json!("2.000,50 EUR")),
            answer("q4", "", "short_text", json!("de")),
        ];
        let mapping = Mapping::parse(&mapping).unwrap();
        let found = mapping.apply(&response(answers, json!({"src": "ads", "n": 1})), EUR);
        let expected = json!({
            "person": {"locale": "de"},
            "lead": {
                "description": "Shed", "source": "ads",
                "budget_min": {"minor": 150_000, "currency": "EUR"},
                "budget_max": {"minor": 200_050, "currency": "EUR"},
            },
            "unmapped": {"hidden:n": 1},
        });
        assert_eq!(as_json(found), expected);
    }

    #[test]
    fn a_budget_that_is_no_amount_is_kept_for_a_person_to_read() {
        for value in [json!("call me"), json!("20 USD"), json!(-5), json!(1.005), json!(true)] {
            let answers = vec![answer("budget_min", "Budget from", "short_text", value.clone())];
            let found = Mapping::default().apply(&response(answers, json!({})), EUR);
            assert_eq!(as_json(found), json!({"person": {}, "lead": {}, "unmapped": {"Budget from": value}}));
        }
    }

    #[test]
    fn lists_and_days_take_the_shape_of_their_field() {
        let answers = vec![
            answer("skills", "", "multiple_choice", json!({"labels": ["Carpentry ", "Slate"]})),
            answer("start_date", "", "date", json!("2027-01-31")),
            answer("end_date", "", "short_text", json!("in spring")),
            answer("company", "", "short_text", json!("Analytical Engines")),
            answer("email", "E-mail", "short_text", json!("not telling")),
        ];
        let found = Mapping::default().apply(&response(answers, json!({})), EUR);
        let expected = json!({
            "person": {"company_name": "Analytical Engines"},
            "lead": {"skills": ["Carpentry", "Slate"], "start_date": "2027-01-31T00:00:00.000Z"},
            "unmapped": {"end_date": "in spring", "E-mail": "not telling"},
        });
        assert_eq!(as_json(found), expected);
        let typed = vec![answer("skills", "", "short_text", json!("a, b,,"))];
        let found = Mapping::default().apply(&response(typed, json!({})), EUR);
        assert_eq!(json!(found.lead), json!({"skills": ["a", "b"]}));
    }

    #[test]
    fn a_budget_in_the_wrong_order_is_left_to_a_person() {
        let answers = vec![answer("budget_min", "", "number", json!(2)), answer("budget_max", "", "number", json!(1))];
        let found = Mapping::default().apply(&response(answers, json!({})), EUR);
        assert!(found.lead.is_empty());
        assert_eq!(json!(found.unmapped["budget_min"]), json!({"minor": 200, "currency": "EUR"}));
    }

    #[test]
    fn equal_titles_do_not_hide_one_another() {
        let answers = vec![answer("x", "Other", "short_text", json!("1")), answer("y", "Other", "short_text", json!("2"))];
        let found = Mapping::default().apply(&response(answers, json!({})), EUR);
        assert_eq!(json!(found.unmapped), json!({"Other": "1", "Other (2)": "2"}));
    }

    #[test]
    fn only_targets_of_person_and_lead_make_a_mapping() {
        for bad in [
            json!([]),
            json!({"a": 1}),
            json!({"a": "bid.price"}),
            json!({"a": "lead."}),
            json!({"a": "lead.$set"}),
            json!({"a": "lead.a.b"}),
            json!({"a": "category"}),
        ] {
            assert!(Mapping::parse(&bad).is_err(), "{bad}");
        }
    }
}
