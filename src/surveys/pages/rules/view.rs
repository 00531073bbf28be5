//! Views of the rules' pages.

use super::form::{RuleForm, Tried};
use crate::staff::Team;
use crate::surveys::editor::Listed;
use crate::surveys::rules::{Current, MAX_RULES, Names, Passed, Verdict, in_words};
use crate::web::Shell;
use askama::Template;

/// A selectable option.
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

fn choice(value: &str, label: &str, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), chosen: value == chosen }
}

/// Returns the surveys that can be sent, and the selected one in any case.
fn asked(listed: &[Listed], chosen: &str) -> Vec<Choice> {
    let can = |survey: &&Listed| (!survey.archived && survey.current.is_some()) || survey.id == chosen;
    let named = |survey: &Listed| {
        let more = if survey.archived {
            " (in the archive)"
        } else if survey.current.is_none() {
            " (not published)"
        } else {
            ""
        };
        choice(&survey.id, &format!("{}{more}", survey.name), chosen)
    };
    listed.iter().filter(can).map(named).collect()
}

#[derive(Template)]
#[template(path = "surveys/rules/list.html")]
pub(super) struct RulesPage {
    pub page: Shell,
    pub edition: i64,
    pub rules: Vec<RuleView>,
    pub otherwise: Vec<Choice>,
    pub nobody: bool,
    pub teams: Vec<Choice>,
    pub tried: Tried,
    pub outcome: Option<Outcome>,
    pub undo: bool,
    pub full: bool,
}

pub(super) struct RuleView {
    pub id: String,
    pub words: String,
    pub first: bool,
    pub last: bool,
    /// Whether its survey is not sent at present.
    pub paused: bool,
}

/// Result of the test.
pub(super) struct Outcome {
    pub says: String,
    pub passed: Vec<String>,
}

impl RulesPage {
    pub fn new(
        page: Shell,
        current: &Current,
        names: &Names,
        listed: &[Listed],
        teams: &[Team],
        tried: Tried,
        outcome: Option<(Verdict, Vec<Passed>)>,
        undo: bool,
    ) -> Self {
        let rules = &current.rules.rules;
        let is_asked =
            |id: &String| listed.iter().any(|survey| survey.id == *id && !survey.archived && survey.current.is_some());
        let view = |(at, rule): (usize, &crate::surveys::rules::Rule)| RuleView {
            id: rule.id.clone(),
            words: in_words(rule, names),
            first: at == 0,
            last: at + 1 == rules.len(),
            paused: rule.ask.as_ref().is_some_and(|id| !is_asked(id)),
        };
        Self {
            edition: current.edition,
            rules: rules.iter().enumerate().map(view).collect(),
            otherwise: asked(listed, current.rules.otherwise.as_deref().unwrap_or_default()),
            nobody: current.rules.otherwise.is_none(),
            teams: teams.iter().map(|team| choice(team.id.as_str(), &team.name, &tried.team)).collect(),
            outcome: outcome.map(|(verdict, passed)| Outcome::new(&verdict, &passed, current, names)),
            undo: undo && current.edition > 0,
            full: rules.len() >= MAX_RULES,
            tried,
            page,
        }
    }
}

impl Outcome {
    fn new(verdict: &Verdict, passed: &[Passed], current: &Current, names: &Names) -> Self {
        let share = |at: usize| current.rules.rules.get(at).map_or(100, |rule| rule.share);
        let says = match verdict {
            Verdict::Ask(id, Some(at)) if share(*at) < 100 => {
                format!("Rule {}: {} of 100 such conversations get “{}”.", at + 1, share(*at), names.survey(id))
            }
            Verdict::Ask(id, Some(at)) => format!("Rule {}: it gets “{}”.", at + 1, names.survey(id)),
            Verdict::Ask(id, None) => format!("No rule applies: it gets “{}”.", names.survey(id)),
            Verdict::Nobody(at) => format!("Rule {}: it is not surveyed.", at + 1),
            Verdict::OutOfShare(at) => format!("Rule {}: it is not in the share, and not surveyed.", at + 1),
            Verdict::NoRule => "No rule applies: it is not surveyed.".into(),
        };
        let why = |(at, why): (usize, &Passed)| match why {
            Passed::DoesNotFit => format!("Rule {} does not match.", at + 1),
            Passed::OutOfShare => format!("Rule {} surveys a share; the rest continues.", at + 1),
            Passed::NotAsked => format!("Rule {} matches, but its survey is not active.", at + 1),
        };
        Self { says, passed: passed.iter().enumerate().map(why).collect() }
    }
}

#[derive(Template)]
#[template(path = "surveys/rules/one.html")]
pub(super) struct RulePage {
    pub page: Shell,
    pub edition: i64,
    pub id: String,
    pub new: bool,
    pub form: RuleForm,
    pub surveys: Vec<Choice>,
    pub teams: Vec<Choice>,
    pub wrong: Option<String>,
}

impl RulePage {
    pub fn new(
        page: Shell,
        edition: i64,
        id: &str,
        form: &RuleForm,
        listed: &[Listed],
        teams: &[Team],
        wrong: Option<String>,
    ) -> Self {
        let chosen: Vec<&str> = form.teams.iter().map(String::as_str).collect();
        let team = |team: &Team| Choice {
            value: team.id.to_string(),
            label: team.name.clone(),
            chosen: chosen.contains(&team.id.as_str()),
        };
        Self {
            edition,
            id: id.to_owned(),
            new: id == "new",
            surveys: asked(listed, &form.ask),
            teams: teams.iter().map(team).collect(),
            form: form.clone(),
            wrong,
            page,
        }
    }
}
