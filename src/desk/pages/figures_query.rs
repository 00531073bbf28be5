//! Filters by figures in the list's form: their options, values and labels.

use super::list::Choice;
use crate::desk::words::{count, stretch};
use crate::interactions::{Figures, Measured, Sort};
use crate::web::PageError;

/// Query of the form; as in the API.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct FiguresQuery {
    pub silence_over_ms: String,
    pub interruptions_from: String,
    pub agent_share_over: String,
    pub agent_share_under: String,
    pub first_reply_over_ms: String,
    pub unanswered_over_ms: String,
    pub nags_from: String,
    pub sort: String,
}

/// A field of the form.
pub(super) struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
}

/// Format of a value.
#[derive(Clone, Copy)]
enum FilterKind {
    Time,
    Count,
    Share,
}

/// Name, label, prefix of a value, its format, and the values to choose from.
type Known = (&'static str, &'static str, &'static str, FilterKind, &'static [&'static str]);

const FIELDS: [Known; 7] = [
    ("silence_over_ms", "Longest silence", "over", FilterKind::Time, &["10000", "20000", "30000", "60000", "120000"]),
    ("interruptions_from", "Interruptions", "at least", FilterKind::Count, &["1", "3", "5", "10"]),
    ("agent_share_over", "Agent speaks over", "", FilterKind::Share, &["0.5", "0.6", "0.7", "0.8"]),
    ("agent_share_under", "Agent speaks under", "", FilterKind::Share, &["0.5", "0.4", "0.3", "0.2"]),
    ("first_reply_over_ms", "First reply after", "over", FilterKind::Time, &["60000", "120000", "300000", "600000"]),
    ("unanswered_over_ms", "Waited for a reply", "over", FilterKind::Time, &["120000", "300000", "600000", "1800000"]),
    ("nags_from", "Pressure messages", "at least", FilterKind::Count, &["1", "2", "3"]),
];

impl FiguresQuery {
    fn value(&self, name: &str) -> &str {
        match name {
            "silence_over_ms" => &self.silence_over_ms,
            "interruptions_from" => &self.interruptions_from,
            "agent_share_over" => &self.agent_share_over,
            "agent_share_under" => &self.agent_share_under,
            "first_reply_over_ms" => &self.first_reply_over_ms,
            "unanswered_over_ms" => &self.unanswered_over_ms,
            "nags_from" => &self.nags_from,
            _ => &self.sort,
        }
    }

    /// Returns the set filters, by name: for links.
    pub(super) fn filled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let names = FIELDS.iter().map(|(name, ..)| *name).chain(["sort"]);
        names.map(|name| (name, self.value(name))).filter(|(_, value)| !value.is_empty())
    }

    /// Whether any figure is filtered or sorted by.
    pub(super) fn any(&self) -> bool {
        self.filled().next().is_some()
    }

    /// Returns the filter and order for the list.
    pub(super) fn measured(&self) -> Result<(Measured, Sort), PageError> {
        let wrong = |name: &str| PageError::BadForm(format!("{name} is no number that can be asked for"));
        let whole = |name: &str| match self.value(name) {
            "" => Ok(None),
            text => text.parse::<i64>().ok().filter(|n| *n >= 0).map(Some).ok_or_else(|| wrong(name)),
        };
        let share = |name: &str| match self.value(name) {
            "" => Ok(None),
            text => share(text).map(Some).ok_or_else(|| wrong(name)),
        };
        let measured = Measured {
            silence_over_ms: whole("silence_over_ms")?,
            interruptions_from: whole("interruptions_from")?,
            agent_share_over: share("agent_share_over")?,
            agent_share_under: share("agent_share_under")?,
            first_reply_over_ms: whole("first_reply_over_ms")?,
            unanswered_over_ms: whole("unanswered_over_ms")?,
            nags_from: whole("nags_from")?,
        };
        let sort = match self.sort.as_str() {
            "" => Sort::Newest,
            code => Sort::known(code).ok_or_else(|| PageError::BadForm("there is no such order to choose".into()))?,
        };
        Ok((measured, sort))
    }

    /// Returns the fields with the chosen values; a value that is not among the options is added.
    pub(super) fn fields(&self) -> Vec<Field> {
        let field = |(name, label, before, kind, values): &Known| {
            let asked = self.value(name);
            let mut choices: Vec<Choice> = values
                .iter()
                .map(|value| Choice {
                    code: (*value).to_owned(),
                    words: said(before, *kind, value),
                    chosen: *value == asked,
                })
                .collect();
            if !asked.is_empty() && !choices.iter().any(|choice| choice.chosen) {
                choices.push(Choice { code: asked.to_owned(), words: said(before, *kind, asked), chosen: true });
            }
            Field { name, label, choices }
        };
        FIELDS.iter().map(field).collect()
    }

    /// Returns the selectable orders.
    pub(super) fn sorts(&self) -> Vec<Choice> {
        let choice = |sort: Sort| Choice {
            code: if sort == Sort::Newest { String::new() } else { sort.code().to_owned() },
            words: sort_words(sort).to_owned(),
            chosen: sort.code() == self.sort,
        };
        Sort::ALL.into_iter().map(choice).collect()
    }

    /// Returns the set filters in words: name of the field, and the sentence.
    pub(super) fn chips(&self) -> Vec<(&'static str, String)> {
        let chip = |(name, value): (&'static str, &str)| {
            let words = match FIELDS.iter().find(|(known, ..)| *known == name) {
                Some((_, label, before, kind, _)) => format!("{label} {}", said(before, *kind, value)),
                None => format!("Order: {}", Sort::known(value).map_or("unknown", sort_words)),
            };
            (name, words)
        };
        self.filled().map(chip).collect()
    }

    /// Returns the figures of a row that this list filters or sorts by.
    pub(super) fn why(&self, figures: &Figures) -> Option<String> {
        let about = |names: &[&str]| {
            names.iter().any(|name| {
                self.sort == *name
                    || (*name != "sort"
                        && !self.value(name).is_empty()
                        && FIELDS.iter().any(|(known, ..)| known == name))
            })
        };
        let mut said = Vec::new();
        if let Some(ms) = figures.silence_ms.filter(|_| about(&["silence_over_ms", "silence"])) {
            said.push(format!("quiet for {}", stretch(ms)));
        }
        if let Some(n) = figures.interruptions.filter(|_| about(&["interruptions_from", "interruptions"])) {
            said.push(count(usize::try_from(n).unwrap_or_default(), "interruption", "interruptions"));
        }
        if let Some(share) =
            figures.agent_share.filter(|_| about(&["agent_share_over", "agent_share_under", "agent_share"]))
        {
            said.push(format!("agent speaks {} %", (share + 5) / 10));
        }
        if let Some(ms) = figures.first_reply_ms.filter(|_| about(&["first_reply_over_ms", "first_reply"])) {
            said.push(format!("first reply after {}", stretch(ms)));
        }
        if let Some(ms) = figures.unanswered_ms.filter(|_| about(&["unanswered_over_ms", "unanswered"])) {
            said.push(format!("waited {} for a reply", stretch(ms)));
        }
        if let Some(n) = figures.nags.filter(|_| about(&["nags_from"])) {
            said.push(count(usize::try_from(n).unwrap_or_default(), "pressure message", "pressure messages"));
        }
        (!said.is_empty()).then(|| crate::desk::words::capitalised(&said.join(", ")))
    }
}

/// Parses a share such as 0.6 into thousandths.
fn share(text: &str) -> Option<i64> {
    let part: f64 = text.parse().ok()?;
    (0.0..=1.0).contains(&part).then(|| (part * 1000.0).round() as i64)
}

fn said(before: &str, kind: FilterKind, value: &str) -> String {
    let words = match kind {
        FilterKind::Time => value.parse().map_or_else(|_| value.to_owned(), stretch),
        FilterKind::Count => value.to_owned(),
        FilterKind::Share => share(value).map_or_else(|| value.to_owned(), |n| format!("{} %", n / 10)),
    };
    if before.is_empty() { words } else { format!("{before} {words}") }
}

fn sort_words(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => "Newest",
        Sort::Silence => "Longest silence",
        Sort::Interruptions => "Most interruptions",
        Sort::AgentShare => "Agent speaks most",
        Sort::FirstReply => "Slowest first reply",
        Sort::Unanswered => "Longest wait",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_said_and_stays() {
        let asked = FiguresQuery {
            silence_over_ms: "45000".into(),
            agent_share_over: "0.7".into(),
            sort: "silence".into(),
            ..FiguresQuery::default()
        };
        let chips: Vec<_> = asked.chips().into_iter().map(|(_, words)| words).collect();
        assert_eq!(chips, ["Longest silence over 45 seconds", "Agent speaks over 70 %", "Order: Longest silence"]);
        let silence = &asked.fields()[0];
        assert!(silence.choices.iter().any(|c| c.chosen && c.code == "45000" && c.words == "over 45 seconds"));
        let figures =
            Figures { silence_ms: Some(50_000), agent_share: Some(714), interruptions: Some(3), ..Figures::default() };
        assert_eq!(asked.why(&figures).as_deref(), Some("Quiet for 50 seconds, agent speaks 71 %"));
        assert_eq!(FiguresQuery::default().why(&figures), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for (name, value) in [("silence", "x"), ("silence", "-5"), ("share", "7"), ("share", "NaN"), ("sort", "up")] {
            let mut asked = FiguresQuery::default();
            match name {
                "silence" => asked.silence_over_ms = value.into(),
                "share" => asked.agent_share_under = value.into(),
                _ => asked.sort = value.into(),
            }
            assert!(asked.measured().is_err(), "{name}={value}");
        }
    }
}
