//! `$text`: words, phrases in quotes and words after a minus, as a query of FTS5.

use bson::Bson;

use crate::error::{Error, Result};

/// The query in FTS5's language: every phrase, or else any word; none of the negated.
pub fn parse(operand: &Bson) -> Result<String> {
    let Bson::Document(given) = operand else {
        return Err(Error::type_mismatch("$text needs an object"));
    };
    let mut search = None;
    for (name, value) in given {
        match (name.as_str(), value) {
            ("$search", Bson::String(text)) => search = Some(text),
            ("$language", Bson::String(_)) | ("$caseSensitive" | "$diacriticSensitive", Bson::Boolean(false)) => {}
            ("$caseSensitive" | "$diacriticSensitive", Bson::Boolean(true)) => {
                return Err(Error::bad_value(format!("{name} is not supported by $text")));
            }
            ("$search" | "$language" | "$caseSensitive" | "$diacriticSensitive", _) => {
                return Err(Error::type_mismatch(format!("{name} of $text has the wrong type")));
            }
            _ => return Err(Error::bad_value(format!("extra fields in $text: {name}"))),
        }
    }
    search.map(|text| translate(text)).ok_or_else(|| Error::type_mismatch("$search of $text is missing"))
}

fn translate(search: &str) -> String {
    let (mut words, mut phrases, mut negated) = (Vec::new(), Vec::new(), Vec::new());
    for (position, part) in search.split('"').enumerate() {
        if position % 2 == 1 {
            phrases.push(quote(part));
            continue;
        }
        for word in part.split_whitespace() {
            match word.strip_prefix('-') {
                Some(word) => negated.push(quote(word)),
                None => words.push(quote(word)),
            }
        }
    }
    let wanted = if phrases.is_empty() { words.join(" OR ") } else { phrases.join(" AND ") };
    match (wanted.is_empty(), negated.is_empty()) {
        (true, _) => quote(""),
        (false, true) => wanted,
        (false, false) => format!("({wanted}) NOT ({})", negated.join(" OR ")),
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', " "))
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn phrases_must_all_match_and_words_any() {
        for (search, query) in [
            ("blue sky", "\"blue\" OR \"sky\""),
            ("\"blue sky\" sea", "\"blue sky\""),
            ("blue -sky", "(\"blue\") NOT (\"sky\")"),
            ("-sky", "\"\""),
            ("", "\"\""),
        ] {
            assert_eq!(translate(search), query);
        }
    }
}
