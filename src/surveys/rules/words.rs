//! Rules in words.

use super::Rule;
use crate::ids::TeamId;
use std::collections::HashMap;

/// Names of teams and surveys.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Names of teams by id.
    pub teams: HashMap<TeamId, String>,
    /// Names of surveys by id.
    pub surveys: HashMap<String, String>,
}

impl Names {
    /// Returns the name of a survey.
    pub fn survey(&self, id: &str) -> &str {
        self.surveys.get(id).map_or("a survey that is gone", String::as_str)
    }
}

fn or(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

fn quoted(words: &[String]) -> Vec<String> {
    words.iter().map(|word| format!("“{word}”")).collect()
}

/// Returns a description of the conversations that a rule matches: `Inbound chats of Orders, in the queue “orders-en”,
/// tagged “lost parcel”`.
fn about(rule: &Rule, names: &Names) -> String {
    let what = match rule.channel.as_deref() {
        Some("call") => "calls",
        Some("chat") => "chats",
        Some(_) => "other conversations",
        None => "conversations",
    };
    let mut text = match rule.direction.as_deref() {
        Some("inbound") => format!("Inbound {what}"),
        Some("outbound") => format!("Outbound {what}"),
        Some(other) => format!("{what} ({other})"),
        None if rule.channel.is_none() && rule.teams.is_empty() && rule.queues.is_empty() && rule.tags.is_empty() => {
            "All conversations".into()
        }
        None => what[..1].to_uppercase() + &what[1..],
    };
    let teams: Vec<String> = rule
        .teams
        .iter()
        .map(|id| names.teams.get(id).cloned().unwrap_or_else(|| "a team that is gone".into()))
        .collect();
    if !teams.is_empty() {
        text += &format!(" of {}", or(&teams));
    }
    if !rule.queues.is_empty() {
        text += &format!(", in the queue {}", or(&quoted(&rule.queues)));
    }
    if !rule.tags.is_empty() {
        text += &format!(", tagged {}", or(&quoted(&rule.tags)));
    }
    text
}

/// Returns a rule in one or two sentences.
pub fn in_words(rule: &Rule, names: &Names) -> String {
    let asked = match &rule.ask {
        Some(id) => format!("get “{}”", names.survey(id)),
        None => "are not surveyed".into(),
    };
    let mut text = match rule.share {
        100 => format!("{} {asked}.", about(rule, names)),
        share => {
            let rest =
                if rule.rest_goes_on { "the rest continues with the next rule" } else { "the rest is not surveyed" };
            format!("{}: {share} of 100 {asked}; {rest}.", about(rule, names))
        }
    };
    let days = |n: u16| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
    if let Some(n) = rule.quiet_days {
        text += &format!(" Quiet for {} afterwards.", days(n));
    }
    if let Some(n) = rule.expires_days {
        text += &format!(" The link works for {}.", days(n));
    }
    match rule.remind_days {
        Some(0) => text += " No reminder.",
        Some(n) => text += &format!(" A reminder after {}.", days(n)),
        None => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::rules::rule;

    #[test]
    fn rules_read_as_people_say_them() {
        let team = TeamId::random();
        let names = Names {
            teams: [(team.clone(), "Orders".to_owned())].into(),
            surveys: [("nps".to_owned(), "After chats".to_owned())].into(),
        };
        let chats = Rule {
            channel: Some("chat".into()),
            direction: Some("inbound".into()),
            teams: vec![team],
            ..rule(Some("nps"))
        };
        let tagged = Rule { tags: vec!["a".into(), "b".into()], share: 50, remind_days: Some(3), ..rule(Some("nps")) };
        for (rule, words) in [
            (rule(None), "All conversations are not surveyed."),
            (chats, "Inbound chats of Orders get “After chats”."),
            (
                tagged,
                "Conversations, tagged “a” or “b”: 50 of 100 get “After chats”; the rest is not surveyed. A reminder after 3 days.",
            ),
        ] {
            assert_eq!(in_words(&rule, &names), words);
        }
    }
}
