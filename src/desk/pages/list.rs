//! `/interactions`: calls and chats, newest first, filtered by a plain form.

use super::figures_query;
use crate::access::Role;
use crate::access::principal::Visible;
use crate::access::rights::{Right, SeeInteractions, SeeResponses};
use crate::desk::{Desk, InteractionLine};
use crate::interactions::{Channel, Filter, Interaction, SurveyState};
use crate::paging::Cursor;
use crate::staff::AgentSummary;
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};
use std::collections::HashSet;
use std::time::Duration;

const SIZE: usize = 50;

/// Query of the filter form.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct InteractionsQuery {
    team: String,
    agent: String,
    channel: String,
    survey: String,
    cursor: String,
    #[serde(flatten)]
    figures: figures_query::FiguresQuery,
}

impl InteractionsQuery {
    /// Returns the set filters, by name.
    fn filled(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let plain: [(&'static str, &str); 4] =
            [("team", &self.team), ("agent", &self.agent), ("channel", &self.channel), ("survey", &self.survey)];
        plain.into_iter().filter(|(_, value)| !value.is_empty()).chain(self.figures.filled())
    }
}

/// A selectable option.
pub(super) struct Choice {
    pub code: String,
    pub words: String,
    pub chosen: bool,
}

/// A set filter, and the list without it.
struct Chip {
    words: String,
    without: String,
}

#[derive(Template)]
#[template(path = "desk/interactions.html")]
struct ListPage {
    page: Shell,
    lines: Vec<InteractionLine>,
    teams: Vec<Choice>,
    agents: Vec<Choice>,
    channels: Vec<Choice>,
    surveys: Vec<Choice>,
    measures: Vec<figures_query::Field>,
    sorts: Vec<Choice>,
    /// Whether figures are filtered, so that each row shows its own.
    measured: bool,
    chips: Vec<Chip>,
    filtered: bool,
    sees_ratings: bool,
    is_agent: bool,
    is_admin: bool,
    newest: Option<String>,
    older: Option<String>,
}

/// Returns the URL of the list after a cursor, or from its start; without one of the set filters.
fn link(asked: &InteractionsQuery, cursor: Option<&Cursor>, without: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.filled().filter(|(name, _)| *name != without) {
        query.append_pair(name, value);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    match query.finish() {
        text if text.is_empty() => "/interactions".to_owned(),
        text => format!("/interactions?{text}"),
    }
}

/// Returns the set filters, each with a link to remove it.
fn chips(asked: &InteractionsQuery, choices: &[(&'static str, &[Choice])]) -> Vec<Chip> {
    let chosen = |(name, choices): &(&'static str, &[Choice])| {
        let words = choices.iter().find(|choice| choice.chosen && !choice.code.is_empty())?.words.clone();
        Some((*name, words))
    };
    let plain = choices.iter().filter_map(chosen).map(|(name, words)| match name {
        "survey" => (name, format!("Survey {words}")),
        _ => (name, words),
    });
    let all = plain.chain(asked.figures.chips());
    all.map(|(name, words)| Chip { without: link(asked, None, name), words }).collect()
}

/// A filter with an unknown value is an error, rather than no filter.
fn wrong<E>(what: &'static str) -> impl Fn(E) -> PageError {
    move |_| PageError::BadForm(format!("there is no such {what} to choose"))
}

fn filter(asked: &InteractionsQuery) -> Result<Filter, PageError> {
    let filled = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let (measured, sort) = asked.figures.measured()?;
    Ok(Filter {
        agent: filled(&asked.agent).map(|id| id.parse()).transpose().map_err(wrong("agent"))?,
        team: filled(&asked.team).map(|id| id.parse()).transpose().map_err(wrong("team"))?,
        channel: filled(&asked.channel).map(|c| Channel::known(&c).ok_or(())).transpose().map_err(wrong("channel"))?,
        survey: filled(&asked.survey).map(|s| SurveyState::known(&s).ok_or(())).transpose().map_err(wrong("survey"))?,
        measured,
        sort,
        ..Filter::default()
    })
}

#[handler]
pub(super) async fn show_list(
    who: Viewer<SeeInteractions>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<InteractionsQuery>,
) -> Result<Response, PageError> {
    let filter = filter(&asked)?;
    // An invalid cursor shows the first page.
    let after: Option<Cursor> = asked.cursor.parse().ok();
    let visible = who.visible();
    let found = desk.interactions.list(&visible, &filter, after.as_ref().unwrap_or(&Cursor::start()), SIZE).await?;
    let (teams, agents) = people(desk, &visible, &who.principal, (&asked.team, &asked.agent)).await?;
    let choice = |code: &str, words: &str, asked: &str| Choice {
        code: code.to_owned(),
        words: words.to_owned(),
        chosen: code == asked,
    };
    let survey = |state: &SurveyState| choice(state.code(), crate::desk::words::survey(*state).0, &asked.survey);
    let channels: Vec<Choice> =
        [("call", "Calls"), ("chat", "Chats")].map(|(code, words)| choice(code, words, &asked.channel)).into();
    let surveys: Vec<Choice> = SurveyState::ALL.iter().map(survey).collect();
    let chosen: [(&'static str, &[Choice]); 4] =
        [("team", &teams), ("agent", &agents), ("channel", &channels), ("survey", &surveys)];
    Ok(html(&ListPage {
        page: Shell::new(&who, site, "/interactions"),
        lines: lines(desk, &who.principal, &found.items, &asked).await?,
        chips: chips(&asked, &chosen),
        teams,
        agents,
        channels,
        surveys,
        measures: asked.figures.fields(),
        sorts: asked.figures.sorts(),
        measured: asked.figures.any(),
        filtered: asked.filled().next().is_some(),
        sees_ratings: SeeResponses::has(&who),
        is_agent: who.role() == Some(Role::Agent),
        is_admin: who.role() == Some(Role::Admin),
        newest: after.is_some().then(|| link(&asked, None, "")),
        older: found.next.as_ref().map(|next| link(&asked, Some(next), "")),
    }))
}

/// Returns the rows; if figures are filtered, each with its own.
async fn lines(
    desk: &Desk,
    who: &crate::access::Principal,
    found: &[Interaction],
    asked: &InteractionsQuery,
) -> Result<Vec<InteractionLine>, PageError> {
    let mut lines = desk.lines(who, found).await?;
    if asked.figures.any() {
        let ids: Vec<_> = found.iter().map(|one| one.id.clone()).collect();
        let figures = desk.interactions.figures(&ids).await?;
        for (line, one) in lines.iter_mut().zip(found) {
            let own = figures.iter().find(|(id, _)| *id == one.id);
            line.why = own.and_then(|(_, figures)| asked.figures.why(figures));
        }
    }
    Ok(lines)
}

/// Time for which an agent of another team who has handled an interaction of a team can be chosen by its supervisors.
const CHOICE_SPAN: Duration = Duration::from_secs(365 * 86_400);

/// Returns the teams and agents to choose from: only those whose interactions are visible. Empty for an agent.
pub(super) async fn people(
    desk: &Desk,
    visible: &Visible,
    who: &crate::access::Principal,
    (team, agent): (&str, &str),
) -> Result<(Vec<Choice>, Vec<Choice>), PageError> {
    if matches!(visible, Visible::Own(_) | Visible::None) {
        return Ok((Vec::new(), Vec::new()));
    }
    let teams = desk.teams_of(who).await?;
    let handled = match visible {
        Visible::Teams(own) => {
            let now = desk.clock.now();
            desk.interactions.agents_of_teams(own, now.minus(CHOICE_SPAN), now).await?
        }
        _ => HashSet::new(),
    };
    let seen = |agent: &AgentSummary| match visible {
        Visible::Teams(own) => agent.team_id.as_ref().is_some_and(|id| own.contains(id)) || handled.contains(&agent.id),
        _ => true,
    };
    let agents = desk.directory.agents().await?.into_iter().filter(seen);
    let agents =
        agents.map(|a| Choice { chosen: a.has_identity(agent), code: a.id.to_string(), words: a.name }).collect();
    let teams =
        teams.into_iter().map(|t| Choice { chosen: t.id.as_str() == team, code: t.id.to_string(), words: t.name });
    Ok((teams.collect(), agents))
}
