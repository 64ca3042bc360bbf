//! Card numbers have no place in any text (PCI DSS 3.4): they are refused before they can be stored.

/// Whether a name is that of what must not be kept of a payment card.
pub fn is_card_name(name: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let is_code = ["cvv", "cvc", "cvv2", "cvc2", "cid", "pan"].contains(&letters.as_str());
    is_code
        || ["cardnumber", "cardno", "cardcvv", "cardcvc", "cardcode", "securitycode"].iter().any(|word| letters.contains(word))
        || ["cvv", "cvc"].iter().any(|word| letters.ends_with(word))
}

/// Whether the text holds a number that looks like a payment card's: 13 to 19 digits, perhaps grouped, right by Luhn (ISO/IEC 7812-1).
pub fn has_card_number(text: &str) -> bool {
    let mut digits: Vec<u32> = Vec::new();
    let mut separators = 0;
    for letter in text.chars().chain(std::iter::once('.')) {
        if let Some(digit) = letter.to_digit(10) {
            digits.push(digit);
            separators = 0;
        } else if matches!(letter, ' ' | '-') && separators == 0 && !digits.is_empty() {
            separators = 1;
        } else {
            if is_card_number(&digits) {
                return true;
            }
            digits.clear();
            separators = 0;
        }
    }
    false
}

fn is_card_number(digits: &[u32]) -> bool {
    // The issuer ranges of the card schemes start with 2 to 6; others are phone and reference numbers.
    (13..=19).contains(&digits.len()) && digits.first().is_some_and(|first| (2..=6).contains(first)) && luhn(digits)
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
        (0, _) => *digit,
        (_, twice) if twice > 9 => twice - 9,
        (_, twice) => twice,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_must_not_leave_here_has_many_names() {
        for (name, expected) in [
            ("cvv", true),
            ("Card-CVC", true),
            ("credit_card_number", true),
            ("cardNumber", true),
            ("security_code", true),
            ("company", false),
            ("card_brand", false),
            ("postcode", false),
        ] {
            assert_eq!(is_card_name(name), expected, "{name}");
        }
    }

    #[test]
    fn card_numbers_are_found_and_other_numbers_are_not() {
        let cases = [
            ("my card is 4111 1111 1111 1111 thanks", true),
            ("5500-0000-0000-0004", true),
            ("378282246310005", true),
            ("4111 1111 1111 1112", false),
            ("order 1234567890123", false),
            ("call +49 30 901820", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(has_card_number(text), expected, "{text}");
        }
    }
}
