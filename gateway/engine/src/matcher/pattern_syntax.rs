//! What PCRE writes otherwise than the `regex` crate: ASCII classes, `\\Z`, option prefixes, literal braces and brackets.

/// The expression in the crate's syntax; what has no equal there is left, and refused by the crate.
pub fn translate(source: &str) -> String {
    let (rest, unicode) = strip_prefixes(source);
    let mut output = String::with_capacity(rest.len() + 8);
    let mut letters = rest.chars().peekable();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('Q') if !in_class => quote(&mut letters, &mut output),
                Some(escaped @ ('p' | 'P' | 'x' | 'u')) if letters.peek() == Some(&'{') => {
                    output.extend(['\\', escaped]);
                    output.extend(letters.by_ref().take_while(|letter| *letter != '}'));
                    output.push('}');
                }
                Some(escaped) => output.push_str(&escape(escaped, in_class, unicode)),
                None => output.push('\\'),
            },
            '[' if in_class => output.push_str(if letters.peek() == Some(&':') { "[" } else { "\\[" }),
            '[' => {
                in_class = true;
                output.push('[');
                if letters.peek() == Some(&'^') {
                    output.extend(letters.next());
                }
                if letters.peek() == Some(&']') {
                    letters.next();
                    output.push_str("\\]");
                }
            }
            ':' if in_class && letters.peek() == Some(&']') && output.contains("[:") => {
                letters.next();
                output.push_str(":]");
            }
            ']' if in_class => {
                in_class = false;
                output.push(']');
            }
            '&' | '~' if in_class => output.extend(['\\', letter]),
            '{' if !in_class && !begins_repetition(letters.clone()) => output.push_str("\\{"),
            '}' if !in_class && !ends_repetition(&output) => output.push_str("\\}"),
            plain => output.push(plain),
        }
    }
    output
}

/// `(*UTF8)`, `(*UTF)`, `(*UCP)`: the last makes `\\w` and its like see all of Unicode.
fn strip_prefixes(source: &str) -> (&str, bool) {
    let (mut rest, mut unicode) = (source, false);
    loop {
        let next = rest.strip_prefix("(*UTF8)").or_else(|| rest.strip_prefix("(*UTF)"));
        match (next, rest.strip_prefix("(*UCP)")) {
            (Some(after), _) => rest = after,
            (None, Some(after)) => {
                unicode = true;
                rest = after;
            }
            (None, None) => return (rest, unicode),
        }
    }
}

fn escape(escaped: char, in_class: bool, unicode: bool) -> String {
    let class = match escaped {
        'd' => Some("0-9"),
        'w' => Some("0-9A-Za-z_"),
        's' => Some("\\t\\n\\x0B\\f\\r "),
        'h' => Some("\\t "),
        _ => None,
    };
    let negated = match escaped {
        'D' => Some("[^0-9]"),
        'W' => Some("[^0-9A-Za-z_]"),
        'S' => Some("[^\\t\\n\\x0B\\f\\r ]"),
        _ => None,
    };
    match (class, negated, escaped) {
        (Some(class), _, _) if !unicode && in_class => class.to_owned(),
        (Some(class), _, _) if !unicode || escaped == 'h' => format!("[{class}]"),
        (_, Some(negated), _) if !unicode => negated.to_owned(),
        (_, _, 'b') if !unicode && !in_class => "(?-u:\\b)".to_owned(),
        (_, _, 'Z') => "(?:\\n?\\z)".to_owned(),
        (_, _, 'e') => "\\x1B".to_owned(),
        (_, _, 'R') if !in_class => "(?:\\r\\n|\\n|\\x0B|\\f|\\r)".to_owned(),
        _ => format!("\\{escaped}"),
    }
}

/// `\\Q…\\E`
fn quote(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, output: &mut String) {
    let mut literal = String::new();
    while let Some(letter) = letters.next() {
        if letter == '\\' && letters.peek() == Some(&'E') {
            letters.next();
            break;
        }
        literal.push(letter);
    }
    output.push_str(&regex::escape(&literal));
}

fn begins_repetition(letters: std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let inside: String = letters.take_while(|letter| *letter != '}').take(16).collect();
    inside.starts_with(|first: char| first.is_ascii_digit())
        && inside.chars().all(|letter| letter.is_ascii_digit() || letter == ',')
}

fn ends_repetition(output: &str) -> bool {
    let opened = output.rfind('{').filter(|at| !output.get(..*at).is_some_and(|before| before.ends_with('\\')));
    opened.is_some_and(|at| output.get(at + 1..).is_some_and(|inside| !inside.contains('}')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_see_ascii_unless_told_otherwise() {
        let matches = |source: &str, text: &str| regex::Regex::new(&translate(source)).unwrap().is_match(text);
        for (source, text, expected) in [
            ("^\\w+$", "café", false),
            ("(*UCP)^\\w+$", "café", true),
            ("^[\\d-]+$", "1-2", true),
            ("^\\D+$", "é", true),
            ("abc\\Z", "abc\n", true),
            ("a{2}", "aa", true),
            ("a{x}", "a{x}", true),
            ("[[:alpha:]]", "x", true),
            ("[a[]", "[", true),
            ("\\Qa.b\\E", "a.b", true),
            ("\\{id\\}", "{id}", true),
            ("\\p{Lu}", "É", true),
        ] {
            assert_eq!(matches(source, text), expected, "{source} on {text}");
        }
    }
}
