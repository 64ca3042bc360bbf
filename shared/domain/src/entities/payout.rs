//! Where somebody is paid: a bank account, checked as far as its own digits allow.

use serde_json::Value;

use crate::entity::{Field, text};
use crate::{Doc, Violation, doc};

/// A bank account.
pub const PAYOUT: &[Field] = &[
    text("account_holder", 200).required(),
    text("account_number", 42).required(),
    text("bank_code", 11),
    text("tax_number", 40),
];

/// The account in its normal form, or what is wrong with it.
pub fn normal_payout(mut payout: Doc) -> Result<Doc, Violation> {
    let plain = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_uppercase();
    for field in ["account_number", "bank_code"] {
        if let Some(text) = doc::text(&payout, field).map(plain) {
            payout.insert(field.to_owned(), text.into());
        }
    }
    let number = doc::text(&payout, "account_number").unwrap_or_default();
    let is_iban = number.chars().take(2).all(|letter| letter.is_ascii_uppercase());
    let is_sound = match is_iban {
        true => is_iban_sound(number),
        false => (4..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if !is_sound {
        let detail = "Expected an IBAN whose check digits are right, or an account number of 4 to 20 digits.";
        return Err(Violation::on("account_number", "bad-account", detail));
    }
    let code = doc::text(&payout, "bank_code");
    let is_code = |code: &str| (3..=11).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_iban && code.is_none() || code.is_some_and(|code| !is_code(code)) {
        return Err(Violation::on("bank_code", "bad-bank-code", "Expected the code of the bank: a BIC, or its national code."));
    }
    Ok(payout)
}

/// What others than its holder and those who pay may see of it: nothing but the last four characters.
pub fn masked_payout(payout: &Doc) -> Doc {
    let masked = |(name, value): (&String, &Value)| {
        let text = value.as_str().unwrap_or_default();
        let from = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        let shown = match name.as_str() {
            "account_holder" => text.to_owned(),
            _ => format!("•••• {}", text.get(from..).unwrap_or_default()),
        };
        (name.clone(), Value::from(shown))
    };
    payout.iter().map(masked).collect()
}

/// ISO 13616: with the first four characters behind the others and letters as 10 to 35, the remainder by 97 is 1.
fn is_iban_sound(iban: &str) -> bool {
    let rest =
        |digits: u32, letter: char| Some((digits * if letter.is_ascii_digit() { 10 } else { 100 } + letter.to_digit(36)?) % 97);
    let (head, tail) = iban.split_at_checked(4).unwrap_or_default();
    let is_long = (15..=34).contains(&iban.len()) && head.bytes().skip(2).all(|byte| byte.is_ascii_digit());
    is_long && tail.chars().chain(head.chars()).try_fold(0, rest) == Some(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account(number: &str, code: Option<&str>) -> Result<Doc, Violation> {
        let mut account = doc::fields(json!({ "account_holder": "Ada", "account_number": number }));
        account.extend(code.map(|code| ("bank_code".to_owned(), code.into())));
        normal_payout(account)
    }

    #[test]
    fn an_account_is_an_iban_with_right_digits_or_a_number_with_the_code_of_its_bank() {
        // Examples of the IBAN registry.
        for iban in
            ["GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "NO93 8601 1117 947", "mt84malt011000012345mtlcast001s"]
        {
            assert!(account(iban, None).is_ok(), "{iban}");
        }
        for (number, code) in [
            ("GB29NWBK60161331926818", None),
            ("GB29", None),
            ("DE8937040044053201300Ü", None),
            ("12345678", None),
            ("123", Some("110000")),
            ("12345678", Some("1")),
            ("12345678", Some("11 00-00")),
        ] {
            assert!(account(number, code).is_err(), "{number} {code:?}");
        }
        assert_eq!(account("12 34 5678", Some("110000")).unwrap()["account_number"], "12345678");
    }

    #[test]
    fn a_masked_account_shows_its_last_four() {
        let masked = masked_payout(&account("GB29 NWBK 6016 1331 9268 19", Some("NWBKGB2L")).unwrap());
        assert_eq!(
            Value::Object(masked),
            json!({ "account_holder": "Ada", "account_number": "•••• 6819", "bank_code": "•••• GB2L" })
        );
    }
}
