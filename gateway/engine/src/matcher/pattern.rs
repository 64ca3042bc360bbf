//! Regular expressions: linear time, by the `regex` crate; look-around and back-references are refused.

use bson::Bson;

use super::pattern_syntax;
use crate::error::{Error, Result};

/// The largest compiled expression.
const SIZE_LIMIT_BYTES: usize = 1 << 20;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: regex::Regex,
    source: String,
    options: String,
}

impl Pattern {
    pub fn new(source: &str, options: &str) -> Result<Pattern> {
        let mut builder = regex::RegexBuilder::new(&pattern_syntax::translate(source));
        builder.size_limit(SIZE_LIMIT_BYTES);
        for option in options.chars() {
            match option {
                'i' => builder.case_insensitive(true),
                'm' => builder.multi_line(true),
                's' => builder.dot_matches_new_line(true),
                'x' => builder.ignore_whitespace(true),
                'u' => &mut builder,
                _ => {
                    return Err(Error::new(51108, format!("invalid flag in regex options: {option}")));
                }
            };
        }
        let regex = builder.build().map_err(|_| Error::new(51091, "Regular expression is invalid or not supported"))?;
        let mut options: Vec<char> = options.chars().collect();
        options.sort_unstable();
        Ok(Pattern { regex, source: source.to_owned(), options: options.into_iter().collect() })
    }

    pub fn regex(&self) -> &regex::Regex {
        &self.regex
    }

    /// Strings that it matches, and the same expression as a value.
    pub fn matches(&self, value: &Bson) -> bool {
        match value {
            Bson::String(text) | Bson::Symbol(text) => self.regex.is_match(text),
            Bson::RegularExpression(other) => other.pattern.as_str() == self.source && other.options.as_str() == self.options,
            _ => false,
        }
    }

    /// The literal that every match begins with, where the expression is anchored.
    pub fn prefix(&self) -> Option<String> {
        if !self.options.is_empty() && self.options != "s" {
            return None;
        }
        let rest = self.source.strip_prefix('^')?;
        let mut prefix = String::new();
        let mut letters = rest.chars().peekable();
        while let Some(letter) = letters.next() {
            let literal = match letter {
                '\\' => match letters.next() {
                    Some(escaped) if !escaped.is_alphanumeric() => escaped,
                    _ => break,
                },
                '|' => return None,
                '.' | '[' | '(' | ')' | '*' | '+' | '?' | '{' | '$' | '^' => break,
                plain => plain,
            };
            if matches!(letters.peek(), Some('*' | '?' | '{')) {
                break;
            }
            prefix.push(literal);
        }
        let alternatives = self.source.contains('|');
        (!prefix.is_empty() && !alternatives).then_some(prefix)
    }

    /// The expression as a value.
    pub fn to_bson(&self) -> Option<Bson> {
        Some(Bson::RegularExpression(bson::Regex {
            pattern: self.source.clone().try_into().ok()?,
            options: self.options.clone().try_into().ok()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchored_expression_has_a_prefix() {
        for (source, expected) in [
            ("^abc", Some("abc")),
            ("^ab?c", Some("a")),
            ("^ab\\.c.*", Some("ab.c")),
            ("abc", None),
            ("^(ab|cd)", None),
            ("^ab|cd", None),
            ("^a+", Some("a")),
        ] {
            assert_eq!(Pattern::new(source, "").unwrap().prefix().as_deref(), expected, "{source}");
        }
        assert_eq!(Pattern::new("^abc", "i").unwrap().prefix(), None);
    }
}
