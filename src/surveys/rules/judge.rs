//! Evaluates the rules: the applicable rule and its verdict.

use super::{Rule, Rules};
use crate::ids::TeamId;

/// Number of possible draws: a draw is 0 to 9,999.
pub const DRAWS: u16 = 10_000;

/// Facts of a conversation that rules use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// `call`, `chat`, `other`; empty if unknown.
    pub channel: String,
    /// `inbound`, …
    pub direction: Option<String>,
    /// The team.
    pub team: Option<TeamId>,
    /// The queue.
    pub queue: Option<String>,
    /// Tags of the conversation.
    pub tags: Vec<String>,
}

/// Verdict of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This survey is sent; index of the rule, or `None` if no rule applies.
    Ask(String, Option<usize>),
    /// This rule sends no survey.
    Nobody(usize),
    /// This rule applies, and the conversation is not in its share.
    OutOfShare(usize),
    /// No rule applies, and no survey is sent in that case.
    NoRule,
}

/// Reason that a rule was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The rule does not match.
    DoesNotFit,
    /// The rule matches, the conversation is not in its share, and the next rules apply.
    OutOfShare,
    /// The rule's survey is archived, or was never published.
    NotAsked,
}

/// Returns the verdict for a conversation, and the reasons that preceding rules were passed over.
///
/// `draw`: 0 to [`DRAWS`] less one, for a rule. `can_be_asked`: whether this survey is published and not archived.
pub fn judge(
    rules: &Rules,
    about: &About,
    draw: impl Fn(&Rule) -> u16,
    can_be_asked: impl Fn(&str) -> bool,
) -> (Verdict, Vec<Passed>) {
    let mut passed = Vec::new();
    for (at, rule) in rules.rules.iter().enumerate() {
        if !rule.fits(about) {
            passed.push(Passed::DoesNotFit);
        } else if rule.ask.as_deref().is_some_and(|survey| !can_be_asked(survey)) {
            passed.push(Passed::NotAsked);
        } else if draw(rule) >= u16::from(rule.share) * (DRAWS / 100) {
            if !rule.rest_goes_on {
                return (Verdict::OutOfShare(at), passed);
            }
            passed.push(Passed::OutOfShare);
        } else {
            let verdict = rule.ask.clone().map_or(Verdict::Nobody(at), |survey| Verdict::Ask(survey, Some(at)));
            return (verdict, passed);
        }
    }
    let otherwise = rules.otherwise.as_ref().filter(|survey| can_be_asked(survey));
    (otherwise.map_or(Verdict::NoRule, |survey| Verdict::Ask(survey.clone(), None)), passed)
}

impl Rule {
    fn fits(&self, about: &About) -> bool {
        let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
        let any =
            |named: &[String], known: &[String]| named.iter().any(|name| known.iter().any(|other| same(name, other)));
        self.channel.as_ref().is_none_or(|channel| same(channel, &about.channel))
            && self
                .direction
                .as_ref()
                .is_none_or(|direction| about.direction.as_ref().is_some_and(|known| same(direction, known)))
            && (self.teams.is_empty() || about.team.as_ref().is_some_and(|team| self.teams.contains(team)))
            && (self.queues.is_empty() || any(&self.queues, about.queue.as_slice()))
            && (self.tags.is_empty() || any(&self.tags, &about.tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surveys::rules::rule;

    fn chat() -> About {
        let tags = vec!["Lost Parcel".into(), "urgent".into()];
        About {
            channel: "chat".into(),
            direction: Some("inbound".into()),
            team: None,
            queue: Some("Orders-EN".into()),
            tags,
        }
    }

    #[test]
    fn the_first_that_fits_decides() {
        let all = |_: &str| true;
        let chats = Rule { channel: Some("chat".into()), ..rule(Some("nps")) };
        let calls = Rule { channel: Some("call".into()), ..rule(Some("ces")) };
        let rules = Rules { rules: vec![calls.clone(), chats.clone(), rule(None)], otherwise: Some("standard".into()) };
        let ask = |rules: &Rules, about: &About, draw: u16| judge(rules, about, |_| draw, all).0;
        assert_eq!(ask(&rules, &chat(), 0), Verdict::Ask("nps".into(), Some(1)));
        assert_eq!(ask(&rules, &About::default(), 0), Verdict::Nobody(2));
        let none = Rules { rules: vec![calls.clone()], otherwise: None };
        assert_eq!(ask(&none, &chat(), 0), Verdict::NoRule);
        // A rule with an archived survey is passed over, and reported as such.
        let (verdict, passed) = judge(&rules, &chat(), |_| 0, |survey| survey != "nps");
        assert_eq!((verdict, passed), (Verdict::Nobody(2), vec![Passed::DoesNotFit, Passed::NotAsked]));
        assert_eq!(judge(&Rules::default(), &chat(), |_| 0, |_| false).0, Verdict::NoRule);
    }

    #[test]
    fn a_share_is_kept_or_goes_on() {
        let half = Rule { share: 50, ..rule(Some("nps")) };
        let on = Rule { rest_goes_on: true, ..half.clone() };
        let first = |rule: Rule, draw: u16| {
            judge(&Rules { rules: vec![rule], otherwise: Some("standard".into()) }, &chat(), |_| draw, |_| true).0
        };
        assert_eq!(
            (first(half.clone(), 4999), first(half, 5000)),
            (Verdict::Ask("nps".into(), Some(0)), Verdict::OutOfShare(0))
        );
        assert_eq!(first(on, 5000), Verdict::Ask("standard".into(), None));
        assert_eq!(first(Rule { share: 100, ..rule(None) }, DRAWS - 1), Verdict::Nobody(0));
    }

    #[test]
    fn names_fit_whatever_their_case_and_the_unknown_fits_nothing_named() {
        let named = |queues: &[&str], tags: &[&str]| Rule {
            queues: queues.iter().map(ToString::to_string).collect(),
            tags: tags.iter().map(ToString::to_string).collect(),
            ..rule(None)
        };
        assert!(named(&["orders-en", "x"], &["LOST PARCEL"]).fits(&chat()));
        assert!(!named(&["orders"], &[]).fits(&chat()) && !named(&[], &["lost"]).fits(&chat()));
        let nothing = About::default();
        assert!(!named(&["orders-en"], &[]).fits(&nothing) && !named(&[], &["urgent"]).fits(&nothing));
        assert!(!Rule { direction: Some("inbound".into()), ..rule(None) }.fits(&nothing));
        assert!(!Rule { teams: vec![TeamId::random()], ..rule(None) }.fits(&nothing));
    }
}
