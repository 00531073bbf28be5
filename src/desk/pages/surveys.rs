//! `/surveys`: each survey, its rules, and the number of released answers.

use crate::access::rights::ManageSurveys;
use crate::desk::Desk;
use crate::surveys::{Listed, Names, rule_in_words};
use crate::web::{PageError, Shell, SiteInfo, Viewer, html};
use askama::Template;
use poem::web::{Data, Query};
use poem::{Response, handler};
use serde::Deserialize;

/// Messages after a redirect.
const DONE: &[(&str, &str)] = &[
    ("archived", "The survey is archived. It is no longer sent."),
    ("unarchived", "The survey is restored from the archive. It can be sent again."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoticeQuery {
    did: String,
    survey: String,
}

#[derive(Template)]
#[template(path = "desk/surveys.html")]
struct SurveysPage {
    page: Shell,
    surveys: Vec<SurveyCard>,
    archived: Vec<SurveyCard>,
    /// Form that undoes the last action.
    undo: Option<String>,
}

struct SurveyCard {
    id: String,
    name: String,
    version: Option<i64>,
    draft: Option<String>,
    rules: Vec<String>,
    /// Whether it is sent where no rule applies.
    otherwise: bool,
}

#[handler]
pub(super) async fn show_surveys(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(desk): Data<&Desk>,
    Query(asked): Query<NoticeQuery>,
) -> Result<Response, PageError> {
    let page = Shell::new(&who, site, "/surveys").with_flash(Some(&asked.did), DONE);
    let (listed, current) = (desk.surveys.all().await?, desk.surveys.rules().await?);
    let names = Names {
        teams: desk.directory.teams().await?.into_iter().map(|team| (team.id, team.name)).collect(),
        surveys: listed.iter().map(|survey| (survey.id.clone(), survey.name.clone())).collect(),
    };
    let rules = &current.rules;
    let card = |survey: Listed| {
        let numbered = rules.rules.iter().enumerate().filter(|(_, rule)| rule.ask.as_ref() == Some(&survey.id));
        SurveyCard {
            rules: numbered.map(|(at, rule)| format!("Rule {}: {}", at + 1, rule_in_words(rule, &names))).collect(),
            otherwise: rules.otherwise.as_ref() == Some(&survey.id),
            version: survey.current.map(|current| current.number),
            draft: survey.draft.map(|(_, by)| by),
            id: survey.id,
            name: survey.name,
        }
    };
    let (archived, surveys): (Vec<_>, Vec<_>) = listed.into_iter().partition(|survey| survey.archived);
    let undo =
        (asked.did == "archived").then(|| asked.survey.clone()).filter(|id| archived.iter().any(|one| one.id == *id));
    let page = SurveysPage {
        page,
        archived: archived.into_iter().map(card).collect(),
        surveys: surveys.into_iter().map(card).collect(),
        undo,
    };
    Ok(html(&page))
}
