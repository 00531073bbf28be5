//! Conversations: numbers over several lines, and answers to questions.

use super::*;

/// Speaker, seconds, text.
fn talk(lines: &[(&str, u64, &str)]) -> Vec<String> {
    let said: Vec<Utterance<'_>> = lines
        .iter()
        .map(|(speaker, second, text)| Utterance {
            speaker,
            customer: *speaker == "customer",
            time_ms: Some((second * 1000, second * 1000 + 2000)),
            text,
        })
        .collect();
    let found = find_in_talk(&said, &Names::none());
    said.iter().zip(found).map(|(line, spans)| apply(line.text, &spans)).collect()
}

#[test]
fn a_number_goes_on_in_the_speakers_next_line() {
    let left = talk(&[
        ("agent", 0, "Can I have your card number?"),
        ("customer", 3, "Yes, four one one one"),
        ("agent", 6, "Okay."),
        ("customer", 7, "one one one one, one one one one"),
        ("agent", 10, "Go on."),
        ("customer", 12, "one one one one. Do you have it?"),
        ("agent", 15, "And when does it expire?"),
        ("customer", 17, "Twelve twenty seven."),
        ("agent", 19, "And the security code?"),
        ("customer", 21, "It's one two three."),
        ("customer", 40, "My order was three boxes."),
    ]);
    assert_eq!(left[1], "Yes, [card number]");
    assert_eq!(left[3], "[card number]");
    assert_eq!(left[5], "[card number]. Do you have it?");
    assert_eq!(left[7], "[expiry date].");
    assert_eq!(left[9], "It's [security code].");
    assert_eq!(left[10], "My order was three boxes.");
}

#[test]
fn the_agent_asks_and_the_customer_answers() {
    let left = talk(&[
        ("agent", 0, "What is your date of birth?"),
        ("customer", 3, "The third of May, nineteen eighty two."),
        ("agent", 6, "Thank you. It arrives on the fifth of June."),
        ("agent", 8, "What number can we reach you at?"),
        ("customer", 11, "Five five five, zero one, double nine."),
        ("agent", 14, "And the order number?"),
        ("customer", 16, "Oh three four five six seven eight nine one."),
        ("agent", 19, "Your postcode?"),
        ("customer", 21, "N W one, six X E."),
    ]);
    assert_eq!(left[1], "The [date of birth].");
    assert_eq!(left[2], "Thank you. It arrives on the fifth of June.");
    assert_eq!(left[4], "[phone].");
    assert_eq!(left[6], "Oh three four five six seven eight nine one.");
    assert_eq!(left[8], "[address].");
}

#[test]
fn after_a_long_pause_it_is_another_number() {
    let digits = "four one one one one one one one";
    let near = talk(&[("customer", 0, digits), ("customer", 10, "one one one one one one one one")]);
    assert_eq!(near, ["[card number]", "[card number]"]);
    let far = talk(&[("customer", 0, digits), ("customer", 60, "one one one one one one one one")]);
    assert_eq!(far, ["[number]", "[number]"], "of whatever kind, so many digits are taken out");
}

#[test]
fn customers_introduce_themselves_and_agents_keep_their_names() {
    let left = talk(&[
        ("agent", 0, "Northwind, my name is Alice. How can I help?"),
        ("customer", 5, "Hi, my name is Emma Clark. My package never arrived."),
        ("agent", 10, "I am sorry, Emma. Alice will help you, Mrs Clark."),
    ]);
    assert_eq!(left[0], "Northwind, my name is Alice. How can I help?");
    assert_eq!(left[1], "Hi, my name is [name]. My package never arrived.");
    assert_eq!(left[2], "I am sorry, [name]. Alice will help you, Mrs [name].");
}

#[test]
fn a_chat_has_no_pauses() {
    let said = |speaker, text| Utterance { speaker, customer: speaker == "customer", time_ms: None, text };
    let lines = [
        said("customer", "4111 1111"),
        said("agent", "yes?"),
        said("customer", "1111 1111"),
        said("bot", "12 Park Street"),
    ];
    let found = find_in_talk(&lines, &Names::none());
    assert_eq!(found[0], [Span { kind: Kind::Card, range: 0..9 }]);
    assert_eq!(found[2], [Span { kind: Kind::Card, range: 0..9 }]);
    assert_eq!(found[3], [Span { kind: Kind::Address, range: 0..14 }]);
    assert!(found[1].is_empty());
}
