//! Words that `q=` finds: lower case, cut at anything that is not a letter or a digit.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Doc, Entity, custom};

/// The field that holds a record's words.
pub const SEARCH_FIELD: &str = "search_words";
/// So many words of a text are found.
pub const WORDS_MAX: usize = 500;
const WORD_LEN_MAX: usize = 40;

/// Whether an entity has anything to search.
pub fn is_searchable(entity: &Entity) -> bool {
    entity.fields.iter().any(|field| field.searchable)
}

/// Gives a record the words of its searchable fields. The same words in another order are no change, nor are none where there
/// were none.
pub fn index(entity: &Entity, before: Option<&Doc>, doc: &mut Doc) {
    let words = words_of(entity, doc);
    let sorted = |words: &Value| -> Option<BTreeSet<String>> {
        words.as_array()?.iter().map(|word| Some(word.as_str()?.to_owned())).collect()
    };
    let had = before.and_then(|before| before.get(SEARCH_FIELD));
    if had.is_none() && words.as_array().is_some_and(Vec::is_empty) {
        return;
    }
    let known = had.filter(|known| sorted(known) == sorted(&words));
    doc.insert(SEARCH_FIELD.to_owned(), known.cloned().unwrap_or(words));
}

/// Makes room for the number of a reference such as `SU-000001` that is known only when the record is written: its letters
/// are a word already, and a place is kept for its digits. Returns the path of that place.
pub fn await_number(doc: &mut Doc, letters: &str) -> String {
    let mut words = vec![Value::Null, letters.to_lowercase().into()];
    if let Some(Value::Array(known)) = doc.remove(SEARCH_FIELD) {
        words.extend(known.into_iter().filter(|word| *word != letters.to_lowercase()));
    }
    doc.insert(SEARCH_FIELD.to_owned(), words.into());
    format!("{SEARCH_FIELD}.0")
}

/// The words of a text.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        // Some capitals become a letter and an accent of its own: İ.
        .map(|word| {
            word.chars().flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric()).take(WORD_LEN_MAX).collect()
        })
}

/// Sorted and without repeats; the store keeps those of encrypted fields apart.
fn words_of(entity: &Entity, doc: &Doc) -> Value {
    let searchable = entity.fields.iter().filter(|field| field.searchable && !field.encrypted);
    let texts = searchable.filter_map(|field| doc.get(field.name)?.as_str());
    let custom = doc.get(custom::WORDS_FIELD).and_then(Value::as_array).into_iter().flatten();
    let custom = custom.filter_map(Value::as_str).map(str::to_owned);
    let words = texts.flat_map(|text| words(text).collect::<Vec<_>>()).chain(custom);
    let words: BTreeSet<String> = words.take(WORDS_MAX).collect();
    words.into_iter().map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_cut_at_punctuation_and_lowered() {
        let found: Vec<String> = words("Roof-repair, ÄRGER & 3 gutters in İZMİR!").collect();
        assert_eq!(found, ["roof", "repair", "ärger", "3", "gutters", "in", "izmir"]);
    }

    #[test]
    fn a_number_gets_its_place_before_the_words() {
        let mut doc = Doc::new();
        doc.insert(SEARCH_FIELD.to_owned(), json!(["roof", "su"]));
        assert_eq!(await_number(&mut doc, "SU"), "search_words.0");
        assert_eq!(doc[SEARCH_FIELD], json!([null, "su", "roof"]));
    }
}
