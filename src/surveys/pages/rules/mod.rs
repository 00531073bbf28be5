//! `/surveys/rules`: the rules that select a conversation's survey, and a test of the rules.

mod form;
mod view;

use crate::access::rights::ManageSurveys;
use crate::staff::Directory;
use crate::surveys::Surveys;
use crate::surveys::rules::{Current, Names, Rule, RuleError};
use crate::web::page::{html_with, sentence};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, get, html, post, redirect};
use form::{RuleForm, Tried};
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Response, Route, handler};
use serde::Deserialize;
use view::{RulePage, RulesPage};

/// Adds the pages of rules.
pub fn routes(route: Route) -> Route {
    route
        .at("/surveys/rules", get(show).post(change))
        .at("/surveys/rules/undo", post(take_back))
        .at("/surveys/rules/:id", get(edit).post(save))
}

/// Messages after a redirect.
const DONE: &[(&str, &str)] = &[
    ("saved", "The rules are saved. They apply to decisions from now on."),
    ("removed", "The rule is deleted."),
    ("undone", "The previous rules are restored."),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NoticeQuery {
    did: String,
}

impl From<RuleError> for PageError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::NotFound => Self::NotFound,
            RuleError::Database(inner) => inner.into(),
            other => Self::Refused(sentence(&format!("{other}."))),
        }
    }
}

/// Returns the names of teams and surveys.
pub(super) async fn names(surveys: &Surveys, directory: &Directory) -> Result<Names, PageError> {
    let teams = directory.teams().await?.into_iter().map(|team| (team.id, team.name)).collect();
    let surveys = surveys.all().await?.into_iter().map(|survey| (survey.id, survey.name)).collect();
    Ok(Names { teams, surveys })
}

#[handler]
async fn show(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Data(directory): Data<&Directory>,
    Query(did): Query<NoticeQuery>,
    Query(tried): Query<Tried>,
) -> Result<Response, PageError> {
    let page = Shell::new(&who, site, "/surveys").with_flash(Some(&did.did), DONE);
    let (current, names, listed) = (surveys.rules().await?, names(surveys, directory).await?, surveys.all().await?);
    let teams = directory.teams().await?;
    let outcome = match tried.is_asked() {
        true => Some(surveys.try_rules(&current.rules, &tried.about()).await?),
        false => None,
    };
    let undo = did.did == "removed" || did.did == "saved";
    Ok(html(&RulesPage::new(page, &current, &names, &listed, &teams, tried, outcome, undo)))
}

/// A pressed button of the list.
#[derive(Deserialize)]
struct Change {
    edition: String,
    #[serde(rename = "do")]
    what: String,
    #[serde(default)]
    otherwise: String,
}

#[handler]
async fn change(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    form: Posted<Change>,
) -> Result<Response, PageError> {
    let Change { edition, what, otherwise } = form.0;
    let Current { mut rules, edition: now } = surveys.rules().await?;
    let (verb, id) = what.split_once('.').unwrap_or((&what, ""));
    let at = rules.rules.iter().position(|rule| rule.id == id);
    let mut did = "saved";
    match (verb, at) {
        ("up", Some(at)) if at > 0 => rules.rules.swap(at, at - 1),
        ("down", Some(at)) if at + 1 < rules.rules.len() => rules.rules.swap(at, at + 1),
        ("remove", Some(at)) => {
            rules.rules.remove(at);
            did = "removed";
        }
        ("otherwise", _) => rules.otherwise = Some(otherwise).filter(|id| !id.is_empty()),
        _ if number(&edition)? != now => return Err(RuleError::Conflict("Somebody".into()).into()),
        _ => return Err(RuleError::NotFound.into()),
    }
    surveys.save_rules(number(&edition)?, &rules, &who.actor()).await?;
    Ok(redirect(format!("/surveys/rules?did={did}")))
}

#[derive(Deserialize)]
struct Edition {
    edition: String,
}

/// Returns the edition that a form was made from.
fn number(edition: &str) -> Result<i64, PageError> {
    edition.parse().map_err(|_| PageError::BadForm("it does not say which rules it is of".into()))
}

#[handler]
async fn take_back(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    form: Posted<Edition>,
) -> Result<Response, PageError> {
    surveys.undo_rules(number(&form.0.edition)?, &who.actor()).await?;
    Ok(redirect("/surveys/rules?did=undone"))
}

/// `/surveys/rules/new` and `/surveys/rules/{id}`.
#[handler]
async fn edit(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Data(directory): Data<&Directory>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let current = surveys.rules().await?;
    let rule = match id.as_str() {
        "new" => None,
        id => Some(current.rules.rules.iter().find(|rule| rule.id == id).ok_or(PageError::NotFound)?),
    };
    let (listed, teams) = (surveys.all().await?, directory.teams().await?);
    let page = Shell::new(&who, site, "/surveys");
    Ok(html(&RulePage::new(page, current.edition, &id, &RuleForm::of(rule), &listed, &teams, None)))
}

/// Saves one rule; a new one is added at the end. A rule with problems is shown again as entered.
#[handler]
async fn save(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Data(directory): Data<&Directory>,
    Path(id): Path<String>,
    form: Posted<RuleForm>,
) -> Result<Response, PageError> {
    let (form, Current { mut rules, edition }) = (form.0, surveys.rules().await?);
    let wrong = match form.rule(&id) {
        Err(why) => why.to_owned(),
        Ok(rule) => {
            put(&mut rules.rules, &id, rule)?;
            match surveys.save_rules(number(&form.edition)?, &rules, &who.actor()).await {
                Ok(_) => return Ok(redirect("/surveys/rules?did=saved")),
                Err(RuleError::Wrong(_, why)) => why.to_owned(),
                Err(error @ (RuleError::Conflict(_) | RuleError::TooMany)) => error.to_string(),
                Err(other) => return Err(other.into()),
            }
        }
    };
    let (listed, teams) = (surveys.all().await?, directory.teams().await?);
    let page = Shell::new(&who, site, "/surveys");
    let wrong = Some(sentence(&format!("{wrong}.")));
    let page = RulePage::new(page, edition, &id, &form, &listed, &teams, wrong);
    Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

fn put(rules: &mut Vec<Rule>, id: &str, rule: Rule) -> Result<(), PageError> {
    match rules.iter_mut().find(|known| known.id == id) {
        Some(known) => *known = rule,
        None if id == "new" => rules.push(rule),
        None => return Err(PageError::NotFound),
    }
    Ok(())
}
