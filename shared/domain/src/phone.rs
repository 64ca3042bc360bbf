//! Telephone numbers in one form: E.164, a plus sign and 7 to 15 digits.

const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;

/// The number as E.164 has it; nothing when the text is no number. A number without a country gets the calling code of the
/// default one, if there is any; else its digits stay as they are.
pub fn normal(text: &str, default_code: Option<&str>) -> Option<String> {
    let text = text.trim();
    let (is_international, rest) = match text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if !rest.chars().all(|letter| letter.is_ascii_digit() || " ()-./".contains(letter)) {
        return None;
    }
    // Abroad the trunk prefix in `+44 (0)20` is not dialled.
    let rest = if is_international { rest.replacen("(0)", "", 1) } else { rest.to_owned() };
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let number = match (is_international, default_code) {
        (true, _) => format!("+{digits}"),
        (false, Some(code)) => format!("+{code}{}", digits.strip_prefix('0').unwrap_or(&digits)),
        (false, None) => digits,
    };
    let length = number.trim_start_matches('+').len();
    let is_sound = (DIGITS_MIN..=DIGITS_MAX).contains(&length) && !number.starts_with("+0");
    is_sound.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form_however_it_is_written() {
        let cases = [
            ("+44 20 7946 0018", None, Some("+442079460018")),
            ("0044 (0)20-7946.0018", None, Some("+442079460018")),
            ("+49 (0)30/901820", None, Some("+4930901820")),
            ("030 901820", Some("49"), Some("+4930901820")),
            ("(202) 456-1111", Some("1"), Some("+12024561111")),
            ("030 901820", None, Some("030901820")),
            ("12", None, None),
            ("+1234567890123456", None, None),
            ("+0 123 456 789", None, None),
            ("call me", None, None),
            ("+1 555 CALL NOW", None, None),
        ];
        for (text, code, expected) in cases {
            assert_eq!(normal(text, code).as_deref(), expected, "{text}");
        }
    }
}
