//! Patterns: texts with placeholders, `How was your call[ with {agent}]?`. A part in square brackets is left out if one
//! of its placeholders has no value.

/// Placeholders that a pattern may use.
const NAMES: [&str; 14] =
    ["agent", "topic", "company", "day", "k", "others", "n", "days", "until", "customer", "answer", "d", "m", "month"];

/// Values of placeholders.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    known: Vec<(&'static str, String)>,
}

impl Facts {
    /// Adds a value.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.known.push((name, value.to_string()));
        self
    }

    /// Adds a value if there is one.
    pub fn with_some(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.known.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the filled-in pattern. A placeholder without a value outside brackets becomes empty.
pub fn fill(pattern: &str, facts: &Facts) -> String {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(open) = rest.find('[') {
        let (before, from) = rest.split_at(open);
        text.push_str(&named(before, facts).0);
        let Some(close) = from.find(']') else { break };
        let (part, complete) = named(&from[1..close], facts);
        if complete {
            text.push_str(&part);
        }
        rest = &from[close + 1..];
    }
    text.push_str(&named(rest, facts).0);
    text
}

/// Returns the text with placeholders filled in, and whether all had values.
fn named(pattern: &str, facts: &Facts) -> (String, bool) {
    let mut text = String::with_capacity(pattern.len());
    let (mut rest, mut complete) = (pattern, true);
    while let Some((before, from)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = from.split_once('}') else {
            rest = from;
            continue;
        };
        match facts.get(name) {
            Some(value) => push_name(&mut text, value),
            None => complete = false,
        }
        rest = after;
    }
    text.push_str(rest);
    (text, complete)
}

/// Isolates a name in a right-to-left script, so that it does not reorder the text around it.
fn push_name(text: &mut String, name: &str) {
    let runs_left = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    if name.chars().any(runs_left) || text.chars().any(runs_left) {
        text.push('\u{2068}');
        text.push_str(name);
        text.push('\u{2069}');
    } else {
        text.push_str(name);
    }
}

/// Checks a pattern. Errors: the problem, for the author of the pattern.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    let mut open = false;
    for c in pattern.chars() {
        match (c, open) {
            ('[', true) => return Err("a square bracket within another".into()),
            ('[', false) => open = true,
            (']', false) => return Err("a ] without a [ before it".into()),
            (']', true) => open = false,
            _ => {}
        }
    }
    if open {
        return Err("a [ without a ] behind it".into());
    }
    for piece in pattern.split('{').skip(1) {
        match piece.split_once('}') {
            Some((name, _)) if NAMES.contains(&name) => {}
            Some((name, _)) => {
                return Err(format!(
                    "{{{name}}} is not known; there are {{agent}}, {{topic}}, {{company}} and {{day}}"
                ));
            }
            None => return Err("a { without a } behind it".into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let title = "How was your call[ with {agent}][ about “{topic}”]?";
        let facts = Facts::default().with_some("agent", Some("Sydney"));
        assert_eq!(fill(title, &facts), "How was your call with Sydney?");
        assert_eq!(
            fill(title, &facts.with("topic", "lost [x] {agent}")),
            "How was your call with Sydney about “lost [x] {agent}”?"
        );
        assert_eq!(fill(title, &Facts::default()), "How was your call?");
        assert_eq!(fill("with {agent}", &Facts::default().with("agent", "أحمد")), "with \u{2068}أحمد\u{2069}");
    }

    #[test]
    fn odd_patterns_are_named() {
        for wrong in ["[a", "a]", "[a[b]]", "{agent", "{mood}"] {
            assert!(check_pattern(wrong).is_err(), "{wrong}");
        }
        assert_eq!(check_pattern("a[ {agent}] {company}"), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(pattern in "[\\PC\\[\\]{}]{0,60}", name in "\\PC{0,20}") {
            let _ = (fill(&pattern, &Facts::default().with("agent", name)), check_pattern(&pattern));
        }
    }
}
