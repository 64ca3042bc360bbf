//! What is a card number and what is not, by lists and by the thousand.

use serde_json::json;

use super::*;

/// Published test numbers of the schemes.
const CARDS: &[&str] = &[
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5500000000000004",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "30569309025904",
    "38520000023237",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
    "6759649826438453",
    "2200770212727079",
    "9792020000000001",
];

fn groupings(length: usize) -> &'static [&'static [usize]] {
    match length {
        14 | 15 => &[&[4, 6], &[4, 4, 4]],
        16 => &[&[4, 4, 4], &[8]],
        _ => &[&[4, 4, 4]],
    }
}

/// A number in groups of these lengths; what is left is the last one.
fn grouped(number: &str, lengths: &[usize], separator: &str) -> String {
    let (mut groups, mut rest) = (Vec::new(), number);
    for length in lengths.iter().filter(|length| **length > 0) {
        let (group, after) = rest.split_at((*length).min(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups.push(rest);
    groups.retain(|group| !group.is_empty());
    groups.join(separator)
}

#[test]
fn cards_are_found_however_they_are_written_and_wherever_they_stand() {
    for card in CARDS {
        let written = ["", " ", "-", ".", "_", "\u{a0}", "\u{2011}", " - "]
            .into_iter()
            .flat_map(|separator| groupings(card.len()).iter().map(move |lengths| grouped(card, lengths, separator)));
        for number in written.chain([format!("VISA{card}"), format!("{card}x")]) {
            let texts = [
                number.clone(),
                format!("my card is {number}, thanks"),
                format!("{number} 12/27 123"),
                format!("1. {number}"),
                format!("no.:{number}"),
            ];
            for text in texts {
                assert!(has_card_number(&text), "{text}");
            }
        }
        let (before, last) = card.split_at(card.len() - 1);
        let broken = format!("{before}{}", (last.parse::<u32>().unwrap() + 1) % 10);
        assert!(!has_card_number(&broken), "{broken}");
    }
    for text in [
        "4111 1111 1111 1111 12 27",
        "123 4111 1111 1111 1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "411 111 111 111 1111",
        "+4111111111111111",
        "a,b1,4111111111111111",
    ] {
        assert!(has_card_number(text), "{text}");
    }
}

#[test]
fn other_numbers_are_left_alone() {
    for text in [
        "",
        "order 1234567890123",
        "call +49 30 901820 or +4915123456789 or +49 1512 3456789",
        "+353 41 111 1111, 0049 1512 3456789, (202) 456-1111",
        "2026-11-20 2026-11-25",
        "2026-11-20T10:30:00.000Z/2026-11-25T10:30:00Z",
        "20261120103000 20261120103001",
        "1795150800000",
        "IBAN DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "BE68539007547034",
        "AT611904300234573201",
        "NL91ABNA0417164300, FR14 2004 1010 0505 0001 3M02 606",
        "INV-2026-000123 SU-000042 PO 4500012345-00010",
        "978-3-16-148410-0",
        "IMEI 356938035643809",
        "ratio 0.4111111111111111",
        "192.168.100.200",
        "60311 60312 60313 60314",
        "sizes 500 600 700 800 900",
        "DE129273398, HRB 123456, 12/345/67890",
    ] {
        assert_eq!(without_card_numbers(text), None, "{text}");
    }
}

/// Numbers without an order, the same in every run (Knuth's constants).
fn numbers() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(2026_u64), |last| {
        Some(last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    })
    .map(|state| state >> 16)
}

#[test]
fn ids_digests_times_and_calls_are_no_cards_by_the_thousand() {
    let mut next = numbers();
    let mut number = || next.next().unwrap();
    for _ in 0..5_000 {
        let (a, b, c) = (number(), number(), number());
        let hex = format!("{a:012x}{b:012x}{c:012x}");
        let uuid = format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{c:012x}", a >> 16, a % 65_536, b % 4_096, (b >> 12) % 4_096);
        let mut random = [0; 10];
        random.iter_mut().zip(a.to_le_bytes().into_iter().chain(b.to_le_bytes())).for_each(|(to, from)| *to = from);
        let id = crate::id::from_parts("lead", i64::try_from(c >> 6).unwrap(), random);
        let time = crate::Time::from_ms(1_700_000_000_000 + i64::try_from(c % 200_000_000_000).unwrap()).to_string();
        let call = format!("+{} {} {:07}", 20 + a % 79, 100 + b % 900, c % 10_000_000);
        let texts = [
            uuid,
            id,
            hex,
            format!("{time} {time}"),
            call,
            format!("REF-{:08}-{:06}", a % 100_000_000, b % 1_000_000),
            format!("0.{a}{b}"),
        ];
        for text in texts {
            assert!(!has_card_number(&text), "{text}");
        }
    }
}

/// The account number with its check digits.
fn iban(country: &str, account: &str) -> String {
    let digits: String = format!("{account}{country}00").chars().map(|letter| letter.to_digit(36).unwrap().to_string()).collect();
    let sum = digits.bytes().fold(0, |sum, digit| (sum * 10 + u64::from(digit - b'0')) % 97);
    format!("{country}{:02}{account}", 98 - sum)
}

#[test]
fn bank_accounts_are_no_cards_by_the_thousand() {
    let mut next = numbers();
    let mut like_cards = 0;
    for _ in 0..5_000 {
        let number = next.next().unwrap() * 40_009;
        for (country, account) in [
            ("AT", format!("4{:015}", number % 10_u64.pow(15))),
            ("BE", format!("6{:011}", number % 10_u64.pow(11))),
            ("DE", format!("{:018}", number % 10_u64.pow(18))),
        ] {
            let whole = iban(country, &account);
            let parted = grouped(&whole, &[4; 8], " ");
            like_cards += u32::from(has_card_number(whole.split_at(2).1) || has_card_number(parted.split_at(5).1));
            for text in [format!("pay to {whole}."), format!("IBAN {parted} (Ada)")] {
                assert!(!has_card_number(&text), "{text}");
            }
        }
    }
    assert!(like_cards > 250, "without what stands before them many would be cards");
}

#[test]
fn a_long_text_takes_little_time() {
    let started = std::time::Instant::now();
    for text in ["1 ".repeat(500_000), "4111 ".repeat(200_000), "4".repeat(1_000_000), "AA11 1".repeat(150_000)] {
        has_card_number(&text);
    }
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn numbers_are_taken_out_and_the_rest_stays() {
    let text = "Ada, 4111 1111 1111 1111, then 5500000000000004.";
    assert_eq!(without_card_numbers(text).unwrap(), format!("Ada, {REMOVED}, then {REMOVED}."));
    assert_eq!(without_card_numbers("Ada, 4111"), None);
}

#[test]
fn card_data_is_taken_out_of_a_value_at_any_depth() {
    let mut value =
        json!({"a": [{"b": "paid by 4111 1111 1111 1111"}, 4_111_111_111_111_111_u64, 7], "cvv": "123", "4111111111111111": 1});
    assert!(redact(&mut value));
    assert_eq!(value, json!({"a": [{"b": format!("paid by {REMOVED}")}, REMOVED, 7]}));
    assert!(!redact(&mut value));
}

#[test]
fn fields_for_the_code_of_a_card_are_known_by_their_names() {
    for name in ["cvv", "CVV2", "card_cvc", "cardCvv", "cvc-code", "Card Security Code", "card_verification_value", "csc"] {
        assert!(names_card_code(name), "{name}");
    }
    for name in ["code", "personal_code", "security_code", "service", "discover", "civic", "card", "pin", "cv", "cid", "vacancy"]
    {
        assert!(!names_card_code(name), "{name}");
    }
}

#[test]
fn what_a_card_must_not_leave_here_has_many_names() {
    for name in ["cvv", "Card-CVC", "credit_card_number", "cardNumber", "security_code", "cid", "pan"] {
        assert!(is_card_name(name), "{name}");
    }
    for name in ["company", "card_brand", "postcode", "span"] {
        assert!(!is_card_name(name), "{name}");
    }
}

#[test]
fn every_place_of_a_body_is_gone_through() {
    let body = json!({
        "a": ["x", {"b/c": "4111 1111 1111 1111"}],
        "n": 4_111_111_111_111_111_u64,
        "f": 0.411_111_111_111_111_1,
        "g": 4_111_111_111_111_111.0,
        "deep": {"card": {"cvv": null}},
        "4111111111111111": true,
        "id": "lead_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    });
    let error = refuse(body.as_object().unwrap()).unwrap_err();
    let found: Vec<_> = error.violations.iter().map(|found| (format!("{:?}", found.place), found.code)).collect();
    let place = |pointer: &str| format!("Pointer({pointer:?})");
    let number = "card-number";
    let mut expected = [
        (place("/a/1/b~1c"), number),
        (place("/n"), number),
        (place("/g"), number),
        (place("/deep/card/cvv"), "card-code"),
        (place(""), number),
    ];
    let mut found = found;
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert!(holds(&body) && !holds(&json!({"phone": "+4915123456789"})));
}
