//! Properties of masking for any text.

use super::*;
use crate::masking::{cards::luhn, ibans::checks};

/// Fragments that searches react to, so that random texts reach every branch.
fn shard() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,6}",
        "[0-9]{1,6}",
        prop::sample::select(vec![
            "card ",
            "born ",
            "date of birth ",
            "may ",
            "May ",
            "third ",
            "of ",
            "four ",
            "oh ",
            "double ",
            "twenty ",
            "at ",
            "dot ",
            "com ",
            "@",
            ".",
            "-",
            "+",
            "/",
            ", ",
            " ",
            "\n",
            "DE",
            "GB29 ",
            "iban ",
            "Street ",
            "road ",
            "12 ",
            "Straße ",
            "rue ",
            "phone ",
            "order ",
            "cvc ",
            "expires ",
            "[phone]",
            "[name]",
            "Emma ",
            "Clark ",
            "Will ",
            "my name is ",
            "电话",
            "年",
            "月",
            "postcode ",
            "N",
            "W",
            "x",
            "1982",
            "(",
            ")",
            "hundred ",
            "email ",
            "jerry",
            "tracking number ",
            "Mr ",
            "hi ",
            "I'm ",
            "this is ",
            " speaking. ",
            "pin ",
            "my social is ",
            "my address is ",
            "my password is ",
            "bank account ",
            "gmail.com ",
            "your name? ",
            "J-A-N-E ",
            "to ",
            "Robert Jones ",
            "how much ",
        ])
        .prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(shard(), 0..24).prop_map(|shards| shards.concat())
}

/// Digits in groups of any size, with the separators people use.
fn grouped(digits: String) -> impl Strategy<Value = String> {
    let sizes = prop::collection::vec(1..7_usize, 20);
    (Just(digits), sizes, prop::sample::select(vec![" ", "-", ".", ""])).prop_map(|(digits, sizes, between)| {
        let mut rest = digits.as_str();
        let mut groups = Vec::new();
        for size in sizes {
            let (group, more) = rest.split_at(size.min(rest.len()));
            groups.extend((!group.is_empty()).then_some(group));
            rest = more;
        }
        groups.join(between)
    })
}

/// Digits as spoken words.
fn spoken(digits: &str) -> String {
    const WORDS: [&str; 10] = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    digits.bytes().map(|digit| WORDS[usize::from(digit - b'0')]).collect::<Vec<_>>().join(" ")
}

fn card() -> impl Strategy<Value = String> {
    ("[3-6][0-9]{11,17}").prop_map(|head| {
        let check = (0..10).find(|check| luhn(format!("{head}{check}").as_bytes())).unwrap_or(0);
        format!("{head}{check}")
    })
}

fn iban() -> impl Strategy<Value = String> {
    prop_oneof![("DE", "[0-9]{18}"), ("GB", "[A-Z]{4}[0-9]{14}"), ("FR", "[0-9]{23}"), ("NL", "[A-Z]{4}[0-9]{10}")]
        .prop_map(|(country, bban)| {
            let country: String = country.clone();
            let right =
                (2..99).map(|check| format!("{country}{check:02}{bban}")).find(|iban| checks(&iban.to_lowercase()));
            right.unwrap_or_default()
        })
}

fn sentence(what: &str, which: usize) -> String {
    let around = [
        ("It is ", ", thank you."),
        ("my number: ", ""),
        ("", " please"),
        ("Yes. ", "."),
        ("Sure, ", " - got it?"),
        ("", ""),
    ];
    let (before, after) = around[which % around.len()];
    format!("{before}{what}{after}")
}

fn digits_left(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn masking_twice_changes_nothing_more(text in text()) {
        let names = Names::of("Emma Clark").and("Will May").but("Alice Clark");
        let once = masked(&text, &names);
        prop_assert_eq!(masked(&once, &names), once.clone());
        let strict = mask(&text);
        prop_assert_eq!(mask(&strict), strict.clone());
    }

    #[test]
    fn spans_are_inside_in_order_on_borders_and_nothing_else_changes(text in text()) {
        let spans = find(&text, &Names::of("Emma Clark"));
        let (mut at, mut rebuilt) = (0, String::new());
        for span in &spans {
            prop_assert!(span.range.start >= at && span.range.end > span.range.start && span.range.end <= text.len());
            prop_assert!(text.is_char_boundary(span.range.start) && text.is_char_boundary(span.range.end));
            rebuilt.push_str(&text[at..span.range.start]);
            rebuilt.push_str(span.kind.word());
            at = span.range.end;
        }
        rebuilt.push_str(&text[at..]);
        prop_assert_eq!(apply(&text, &spans), rebuilt);
    }

    #[test]
    fn talks_have_as_many_lines_as_before(lines in prop::collection::vec((0..3_usize, text()), 0..8)) {
        let said: Vec<Utterance<'_>> = lines.iter().map(|(who, text)| Utterance {
            speaker: ["agent", "customer", "bot"][*who], customer: *who == 1, time_ms: None, text,
        }).collect();
        let found = find_in_talk(&said, &Names::of("Emma Clark"));
        prop_assert_eq!(found.len(), said.len());
        for (line, spans) in said.iter().zip(&found) {
            prop_assert!(spans.iter().all(|span| line.text.get(span.range.clone()).is_some()));
        }
        let once: Vec<String> = said.iter().zip(&found).map(|(line, spans)| apply(line.text, spans)).collect();
        let again: Vec<Utterance<'_>> = said.iter().zip(&once).map(|(line, text)| Utterance { text, ..*line }).collect();
        let twice: Vec<String> = again.iter().zip(find_in_talk(&again, &Names::of("Emma Clark"))).map(|(line, spans)| apply(line.text, &spans)).collect();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn no_card_is_left(written in card().prop_flat_map(grouped), which in 0..6_usize) {
        // 3.100.025.623.104 may be an amount.
        let groups: Vec<usize> = written.split('.').map(str::len).collect();
        prop_assume!(!(groups.len() > 2 && groups[0] <= 3 && groups[1..].iter().all(|size| *size == 3)));
        let masked = nobody(&sentence(&written, which));
        prop_assert!(digits_left(&masked) == 0, "{}: {}", written, masked);
    }

    #[test]
    fn no_spoken_card_is_left(card in card(), which in 0..6_usize) {
        let masked = nobody(&sentence(&spoken(&card), which));
        prop_assert!(masked.contains("[card number]") && !masked.contains(" five"), "{}: {}", card, masked);
    }

    #[test]
    fn no_phone_is_left(written in "(\\+[1-9][0-9]{8,13}|0[1-9][0-9]{8,9})".prop_flat_map(|number| {
        let (plus, digits) = number.split_at(usize::from(number.starts_with('+')));
        let plus = plus.to_owned();
        grouped(digits.to_owned()).prop_map(move |grouped| format!("{plus}{grouped}"))
    }), which in 0..6_usize) {
        let masked = nobody(&sentence(&written, which));
        prop_assert!(digits_left(&masked) == 0, "{}: {}", written, masked);
    }

    #[test]
    fn no_iban_is_left(iban in iban(), size in 1..8_usize, between in prop::sample::select(vec![" ", "-", ""]), which in 0..6_usize) {
        let groups: Vec<String> = iban.as_bytes().chunks(size).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        let written = groups.join(between);
        let masked = nobody(&sentence(&written, which));
        prop_assert!(digits_left(&masked) == 0, "{}: {}", written, masked);
    }

    #[test]
    fn no_address_is_left(name in "[a-z0-9._-]{1,12}", host in "[a-z0-9]{1,8}\\.[a-z]{2,5}", which in 0..6_usize) {
        let masked = nobody(&sentence(&format!("{name}@{host}"), which));
        prop_assert!(!masked.contains('@'), "{}", masked);
    }
}

#[test]
fn long_and_nasty_texts_take_no_longer_than_they_are_long() {
    // A text ten times as long may take some ten times as long, never a hundred times; a search without a bound would
    // take minutes here.
    for shard in [
        "1 ",
        "@",
        "a@",
        "one ",
        "at a dot ",
        "DE",
        "d e 8 9 ",
        "4111 ",
        "+",
        "12 Park ",
        "born may ",
        "a.",
        "[",
        "[phone]",
        "oh ",
        "电话1",
        "card ",
    ] {
        let text = shard.repeat(60_000 / shard.len());
        let masked = nobody(&text);
        assert!(masked.len() <= text.len() * 16, "{shard}");
    }
}
