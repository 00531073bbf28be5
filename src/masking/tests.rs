use super::*;
use proptest::prelude::*;

mod properties;
mod table;
mod talks;
mod whisper;

fn nobody(text: &str) -> String {
    masked(text, &Names::none())
}

/// Compares all cases of a table, and reports every difference at once.
fn all(cases: &[(&str, &str)], names: &Names) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(given, wanted)| (given, wanted, masked(given, names)))
        .filter(|(_, wanted, got)| *wanted != got)
        .map(|(given, wanted, got)| format!("  {given}\n    wanted {wanted}\n    got    {got}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn what_tells_who_it_is_goes() {
    all(table::GOES, &Names::none());
}

#[test]
fn what_is_nobodys_data_stays() {
    let same: Vec<(&str, &str)> = table::STAYS.iter().map(|text| (*text, *text)).collect();
    all(&same, &Names::none());
    all(&same, &Names::of("Emma Clark").but("Alice Morgan"));
}

#[test]
fn known_names_go_and_words_that_look_like_them_stay() {
    all(table::NAMES, &Names::of("Emma Clark").but("Alice Morgan"));
    all(table::NAMES_THAT_ARE_WORDS, &Names::of("Will May"));
    for (text, name, wanted) in [
        ("Γειά σου Ελένη", "Ελένη", "Γειά σου [name]"),
        ("我是王小明，你好", "王小明", "我是[name]，你好"),
        ("Jo and Joanna", "Jo", "[name] and Joanna"),
        ("no name", "  ", "no name"),
        ("A X said x", "A X", "[name] said x"),
        ("Jean-Luc and jean luc", "Jean-Luc", "[name] and [name]"),
    ] {
        assert_eq!(masked(text, &Names::of(name)), wanted, "{text}");
    }
    // The agent's own name stays, even where the customer has the same.
    let both = Names::of("Alice Brown").but("Alice Morgan");
    assert_eq!(
        masked("My name is Alice. Hi Alice Brown, or Mrs Brown.", &both),
        "My name is Alice. Hi [name], or Mrs [name]."
    );
}

#[test]
fn the_table_is_as_large_as_promised() {
    let (goes, stays) =
        (table::GOES.len() + table::NAMES.len() + table::NAMES_THAT_ARE_WORDS.len(), table::STAYS.len());
    assert!(goes + stays >= 200 && stays >= 100, "{goes} go, {stays} stay");
}

#[test]
fn torn_out_of_their_conversation_long_numbers_go_too() {
    for (given, wanted) in [
        ("order 47291, two items", "order [number], two items"),
        ("Sure, it is four seven two nine one.", "Sure, it is [number]."),
        ("AB-1234567-X", "AB-[phone]-X"),
        (
            "Ring 0306 999 0123 or jerry@example.net, card 4111 1111 1111 1111",
            "Ring [phone] or [e-mail], card [card number]",
        ),
        ("It took 25 minutes and cost 1,200 dollars.", "It took 25 minutes and cost 1,200 dollars."),
        ("Fridays at 10:30, room 12; 50% of 4-5 stars in 2026", "Fridays at 10:30, room 12; 50% of 4-5 stars in 2026"),
    ] {
        assert_eq!(mask(given), wanted, "{given}");
    }
}

#[test]
fn what_was_taken_out_can_be_shown_as_such() {
    use Piece::{Masked, Plain};
    let masked = mask("Ring 0306 999 0123 or jerry@example.net.");
    assert_eq!(pieces(&masked), [Plain("Ring "), Masked("phone"), Plain(" or "), Masked("e-mail"), Plain(".")]);
    assert_eq!(pieces(""), []);
    assert_eq!(pieces("[x] ["), [Plain("[x] [")]);
}

#[test]
fn spans_of_another_text_do_no_harm() {
    let span = |range| Span { kind: Kind::Phone, range };
    assert_eq!(apply("grün", &[span(3..9)]), "grün");
    assert_eq!(apply("grün", &[span(0..3)]), "grün");
    assert_eq!(apply("ab", &[span(1..2), span(0..1), span(2..2)]), "a[phone]");
    assert_eq!(serde_json::to_string(&span(1..2)).unwrap(), r#"{"kind":"phone","range":{"start":1,"end":2}}"#);
}

/// The answer to a question ends with its sentence.
#[test]
fn an_answer_ends_where_something_else_is_told() {
    let lines = [
        Utterance { speaker: "agent", customer: false, time_ms: None, text: "What is your date of birth?" },
        Utterance {
            speaker: "customer",
            customer: true,
            time_ms: None,
            text: "3 May 1982. I live at 12 Hill Street, order 47291.",
        },
    ];
    let found = find_in_talk(&lines, &Names::none());
    assert_eq!(apply(lines[1].text, &found[1]), "[date of birth]. I live at [address], order 47291.", "{found:?}");
}
