//! One definition of a custom field: what it takes for a value, and what is wrong with the definition itself.

use serde_json::Value;

use crate::entity::Kind;
use crate::validate::{is_card_name, value};
use crate::{Doc, Entity, Violation, doc, entities};

/// The types of custom fields.
pub const TYPES: &[&str] =
    &["text", "number", "date", "select", "multiselect", "boolean", "url", "email", "phone", "currency", "reference"];
/// The entities whose records custom fields can refer to.
pub const TARGETS: &[&str] = &["lead", "person", "membership", "project", "quote", "invoice", "milestone", "bid"];
/// The most options of a field.
pub const OPTIONS_MAX: usize = 100;
/// The longest text.
pub const TEXT_LEN_MAX: i64 = 10_000;
const OPTION: Kind = Kind::Text(80);
const KEY_LEN_MAX: usize = 40;

/// A definition as its record has it.
#[derive(Clone, Copy)]
pub struct Definition<'a>(&'a Doc);

impl<'a> Definition<'a> {
    /// The definition of a record.
    pub fn of(record: &'a Doc) -> Self {
        Self(record)
    }

    /// Its id.
    pub fn id(self) -> &'a str {
        self.text("_id")
    }

    /// By what records hold its values.
    pub fn key(self) -> &'a str {
        self.text("key")
    }

    /// Its type's word.
    pub fn word(self) -> &'a str {
        self.text("type")
    }

    /// Whether nobody gives it new values any more.
    pub fn is_archived(self) -> bool {
        self.text("status") == "archived"
    }

    /// Whether a record that is made cannot be without it.
    pub fn is_required(self) -> bool {
        self.flag("required")
    }

    /// Whether its words are found by `q=`.
    pub fn is_searchable(self) -> bool {
        self.flag("searchable")
    }

    /// Whether its values tell something about a person.
    pub fn is_personal(self) -> bool {
        self.flag("personal")
    }

    /// Whether its values must have a pattern, which the database checks.
    pub fn has_pattern(self) -> bool {
        self.0.contains_key("pattern")
    }

    /// What it is when nobody says.
    pub fn default(self) -> Option<&'a Value> {
        self.0.get("default").filter(|value| !value.is_null())
    }

    /// The entity that it refers to.
    pub fn target(self) -> Option<&'static Entity> {
        entities::by_name(self.text("target")).filter(|_| self.word() == "reference")
    }

    /// What its values are to the engine.
    pub fn kind(self) -> Kind {
        match self.word() {
            "number" => Kind::Number,
            "date" => Kind::Date,
            "boolean" => Kind::Flag,
            "url" => Kind::Url,
            "email" => Kind::Email,
            "phone" => Kind::Phone,
            "currency" => Kind::Money,
            "reference" => Kind::Reference(self.target().map_or("", |entity| entity.name)),
            "select" => OPTION,
            "multiselect" => Kind::List(&OPTION, OPTIONS_MAX),
            _ => Kind::Text(TEXT_LEN_MAX as usize),
        }
    }

    /// The value in its normal form; what is wrong with it is added to the violations.
    pub fn check(self, value: Value, was: Option<&Value>, pointer: &str, violations: &mut Vec<Violation>) -> Value {
        let known = violations.len();
        let value = value::check(&self.kind(), value, pointer, violations);
        let value = match value {
            Value::Array(items) => once(items).into(),
            value => value,
        };
        if violations.len() == known {
            let wrong = self.out_of_bounds(&value).or_else(|| self.not_an_option(&value, was));
            violations.extend(wrong.map(|(code, detail)| Violation::at(pointer.to_owned(), code, detail)));
        }
        value
    }

    fn out_of_bounds(self, value: &Value) -> Option<(&'static str, String)> {
        let measure = if matches!(value, Value::String(_)) && self.word() != "date" { " characters" } else { "" };
        let shown = |bound: &Value| bound.as_str().map_or_else(|| bound.to_string(), str::to_owned);
        match (self.0.get("min"), self.0.get("max")) {
            (Some(min), _) if is_less_than(value, min) => {
                Some(("below-minimum", format!("Expected at least {}{measure}.", shown(min))))
            }
            (_, Some(max)) if is_less_than(max, value) => {
                Some(("above-maximum", format!("Expected at most {}{measure}.", shown(max))))
            }
            _ => None,
        }
    }

    /// An option that was archived stays where it is.
    fn not_an_option(self, value: &Value, was: Option<&Value>) -> Option<(&'static str, String)> {
        if !takes_options(self.word()) {
            return None;
        }
        let was = was.map(chosen).unwrap_or_default();
        let is_open = |word: &&str| self.options().any(|(option, is_archived)| option == *word && !is_archived);
        let wrong = chosen(value).into_iter().find(|word| !is_open(word) && !was.contains(word));
        let open = || self.options().filter(|(_, is_archived)| !is_archived).map(|(option, _)| option);
        wrong.map(|_| ("not-a-choice", format!("Expected one of: {}.", open().collect::<Vec<_>>().join(", "))))
    }

    /// Its options, and whether each is archived.
    pub fn options(self) -> impl Iterator<Item = (&'a str, bool)> {
        let options = self.0.get("options").and_then(Value::as_array).into_iter().flatten();
        options.filter_map(|option| {
            Some((option.get("value")?.as_str()?, option.get("is_archived").and_then(Value::as_bool).unwrap_or_default()))
        })
    }

    fn text(self, name: &str) -> &'a str {
        doc::text(self.0, name).unwrap_or_default()
    }

    fn flag(self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// What is wrong with the key of a new definition.
pub fn bad_key(key: &str) -> Option<Violation> {
    match () {
        () if !is_key(key) => {
            Some(Violation::on("key", "bad-key", "Expected a small letter, then small letters, digits and underscores."))
        }
        () if is_card_name(key) => Some(Violation::on("key", "card-number", "What belongs to a payment card is not kept here.")),
        () => None,
    }
}

/// What is wrong with a definition; its bounds and its default have their normal form afterwards.
pub fn violations(definition: &mut Doc) -> Vec<Violation> {
    let of = Definition(definition);
    let word = of.word();
    let mut found = Vec::new();
    let mut wrong = |field: &str, code, detail: &'static str| found.push(Violation::on(field, code, detail));
    let has = |field: &str| definition.get(field).is_some_and(|value| !value.is_null() && *value != Value::Bool(false));
    let only = [
        ("min", has_bounds(word)),
        ("max", has_bounds(word)),
        ("pattern", word == "text"),
        ("target", word == "reference"),
        ("default", word != "reference" && !of.is_personal()),
        ("searchable", matches!(word, "text" | "select" | "multiselect" | "url" | "email") && !of.is_personal()),
        ("personal", matches!(word, "text" | "number" | "date" | "url" | "email" | "phone")),
    ];
    for (field, _) in only.iter().filter(|(field, is_taken)| !is_taken && has(field)) {
        wrong(field, "not-for-type", "A field of this type does not take this.");
    }
    if word == "reference" && !TARGETS.contains(&of.text("target")) {
        wrong("target", "not-a-choice", "Expected an entity to refer to, such as person.");
    }
    let options: Vec<&str> = of.options().map(|(option, _)| option).collect();
    if takes_options(word) == options.is_empty() {
        wrong("options", if options.is_empty() { "required" } else { "not-for-type" }, "Options are for select and multiselect.");
    }
    if options.iter().enumerate().any(|(at, option)| options.iter().skip(at + 1).any(|other| other == option)) {
        wrong("options", "duplicate", "Each option stands once.");
    }
    if !is_regular(of.text("pattern")) {
        wrong("pattern", "bad-pattern", "Neither look-around nor back-references are taken here.");
    }
    bounds(definition, &mut found);
    if found.is_empty()
        && let Some(default) = definition.get("default").filter(|value| !value.is_null()).cloned()
    {
        let default = Definition(definition).check(default, None, "/default", &mut found);
        keep(definition, "default", default, &found);
    }
    found
}

/// Why stored values would not fit a definition that changes so: only what keeps them readable as they are is a widening.
pub fn incompatible(before: &Doc, after: &Doc) -> Option<&'static str> {
    let (was, is) = (Definition(before), Definition(after));
    let is_widening = is.word() == "text" && matches!(was.word(), "select" | "email" | "phone" | "url");
    match () {
        () if was.word() != is.word() && !is_widening => Some("type"),
        () if was.text("target") != is.text("target") => Some("target"),
        () if was.is_personal() != is.is_personal() => Some("personal"),
        () => None,
    }
}

fn bounds(definition: &mut Doc, found: &mut Vec<Violation>) {
    let is_date = Definition(definition).word() == "date";
    for name in ["min", "max"] {
        let Some(bound) = definition.get(name).filter(|value| !value.is_null()).cloned() else { continue };
        let kind = if is_date { Kind::Date } else { Kind::Number };
        let bound = value::check(&kind, bound, &format!("/{name}"), found);
        keep(definition, name, bound, found);
    }
    if let (Some(min), Some(max)) = (definition.get("min"), definition.get("max"))
        && is_less_than(max, min)
    {
        found.push(Violation::on("max", "below-minimum", "The maximum cannot be below the minimum."));
    }
}

/// What was found wrong stays for whoever looks next.
fn keep(definition: &mut Doc, name: &str, value: Value, found: &[Violation]) {
    if !found.iter().any(|violation| violation.is_at(&[name])) {
        definition.insert(name.to_owned(), value);
    }
}

/// Whether a text can be a key: a small letter, then small letters, digits and underscores.
pub fn is_key(key: &str) -> bool {
    let is_first = key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    is_first && key.len() <= KEY_LEN_MAX && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// Whether a pattern keeps to what is matched in linear time; whether it can be read at all, the database tells.
fn is_regular(pattern: &str) -> bool {
    let mut steps = pattern.chars().peekable();
    while let Some(step) = steps.next() {
        let is_more = match step {
            '\\' => steps.next().is_some_and(|next| matches!(next, '1'..='9' | 'g' | 'k' | 'K' | 'R' | 'X' | 'C')),
            '(' if steps.next_if_eq(&'?').is_some() => steps.next() != Some(':'),
            '*' | '+' | '?' | '}' => steps.peek() == Some(&'+'),
            _ => false,
        };
        if is_more {
            return false;
        }
    }
    true
}

fn has_bounds(word: &str) -> bool {
    matches!(word, "text" | "url" | "number" | "date" | "currency" | "multiselect")
}

fn takes_options(word: &str) -> bool {
    matches!(word, "select" | "multiselect")
}

fn chosen(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// Each item where it stands first.
fn once(items: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

/// Dates go by time; else numbers, money by minor units, texts and lists by their length.
fn is_less_than(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one < other,
        (one, other) => size(one).zip(size(other)).is_some_and(|(one, other)| one < other),
    }
}

fn size(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Object(money) => money.get("minor")?.as_f64(),
        Value::Array(items) => Some(items.len() as f64),
        Value::String(text) => Some(text.chars().count() as f64),
        _ => None,
    }
}
