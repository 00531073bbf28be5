//! `/interactions`: calls and chats, newest first, filtered by a plain form.

use crate::desk::{Desk, Line};
use crate::interactions::{Channel, Filter, SurveyState};
use crate::web::principal::Visible;
use crate::web::rights::{Right, SeeInteractions, SeeResponses};
use crate::web::{Cursor, PageError, Role, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};

const SIZE: usize = 50;

/// What the form of filters sends.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Asked {
    team: String,
    agent: String,
    channel: String,
    survey: String,
    cursor: String,
}

/// Something to choose from.
struct Choice {
    code: String,
    words: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "desk/interactions.html")]
struct ListPage {
    page: Shell,
    lines: Vec<Line>,
    teams: Vec<Choice>,
    agents: Vec<Choice>,
    channels: Vec<Choice>,
    surveys: Vec<Choice>,
    filtered: bool,
    sees_ratings: bool,
    is_agent: bool,
    is_admin: bool,
    newest: Option<String>,
    older: Option<String>,
}

/// The same list behind a cursor, or from its beginning.
fn link(asked: &Asked, cursor: Option<&Cursor>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let fields =
        [("team", &asked.team), ("agent", &asked.agent), ("channel", &asked.channel), ("survey", &asked.survey)];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", &cursor.to_string());
    }
    format!("/interactions?{}", query.finish())
}

/// A filter that names nothing there is lets nothing through, rather than everything.
fn wrong<E>(what: &'static str) -> impl Fn(E) -> PageError {
    move |_| PageError::BadForm(format!("there is no such {what} to choose"))
}

fn filter(asked: &Asked) -> Result<Filter, PageError> {
    let filled = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    Ok(Filter {
        agent: filled(&asked.agent).map(|id| id.parse()).transpose().map_err(wrong("agent"))?,
        team: filled(&asked.team).map(|id| id.parse()).transpose().map_err(wrong("team"))?,
        channel: filled(&asked.channel).map(|c| Channel::known(&c).ok_or(())).transpose().map_err(wrong("channel"))?,
        survey: filled(&asked.survey).map(|s| SurveyState::known(&s).ok_or(())).transpose().map_err(wrong("survey"))?,
    })
}

#[handler]
pub(super) async fn show_list(
    who: Viewer<SeeInteractions>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let filter = filter(&asked)?;
    // A cursor that is none shows the first page.
    let after: Option<Cursor> = asked.cursor.parse().ok();
    let visible = who.visible();
    let found = desk.interactions.list(&visible, &filter, after.as_ref().unwrap_or(&Cursor::start()), SIZE).await?;
    let (teams, agents) = people(desk, &visible, &who.principal, &asked).await?;
    let choice = |code: &str, words: &str, asked: &str| Choice {
        code: code.to_owned(),
        words: words.to_owned(),
        chosen: code == asked,
    };
    let survey = |state: &SurveyState| choice(state.code(), crate::desk::words::survey(*state).0, &asked.survey);
    Ok(html(&ListPage {
        page: Shell::new(&who, site, "/interactions"),
        lines: desk.lines(&who.principal, &found.items).await?,
        teams,
        agents,
        channels: [("call", "Calls"), ("chat", "Chats")]
            .map(|(code, words)| choice(code, words, &asked.channel))
            .into(),
        surveys: SurveyState::ALL.iter().map(survey).collect(),
        filtered: [&asked.team, &asked.agent, &asked.channel, &asked.survey].iter().any(|value| !value.is_empty()),
        sees_ratings: SeeResponses::has(&who),
        is_agent: who.role() == Some(Role::Agent),
        is_admin: who.role() == Some(Role::Admin),
        newest: after.is_some().then(|| link(&asked, None)),
        older: found.next.as_ref().map(|next| link(&asked, Some(next))),
    }))
}

/// The teams and agents to choose from: only those whose interactions can be seen. An agent has nobody to choose.
async fn people(
    desk: &Desk,
    visible: &Visible,
    who: &crate::web::Principal,
    asked: &Asked,
) -> Result<(Vec<Choice>, Vec<Choice>), PageError> {
    if matches!(visible, Visible::Own(_) | Visible::None) {
        return Ok((Vec::new(), Vec::new()));
    }
    let teams = desk.teams_of(who).await?;
    let seen = |team: &Option<crate::ids::TeamId>| match visible {
        Visible::Teams(own) => team.as_ref().is_some_and(|id| own.contains(id)),
        _ => true,
    };
    let agents = desk.directory.agents().await?.into_iter().filter(|agent| seen(&agent.team_id));
    let agents = agents
        .map(|a| Choice { chosen: a.id.as_str() == asked.agent, code: a.id.to_string(), words: a.name })
        .collect();
    let teams = teams.into_iter().map(|t| Choice {
        chosen: t.id.as_str() == asked.team,
        code: t.id.to_string(),
        words: t.name,
    });
    Ok((teams.collect(), agents))
}
