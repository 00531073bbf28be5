//! Creates, copies, renames and archives surveys.

use crate::access::rights::ManageSurveys;
use crate::surveys::Surveys;
use crate::surveys::definition::Definition;
use crate::surveys::editor::Listed;
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Named {
    name: String,
}

/// Creates a survey with the questions of the standard one.
#[handler]
pub(super) async fn create(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    form: Posted<Named>,
) -> Result<Response, PageError> {
    let id = surveys.create(&form.0.name, &Definition::standard(), &who.actor()).await?;
    Ok(redirect(format!("/surveys/{id}")))
}

#[handler]
pub(super) async fn rename(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    form: Posted<Named>,
) -> Result<Response, PageError> {
    surveys.rename(&id, &form.0.name, &who.actor()).await?;
    Ok(redirect(format!("/surveys/{id}?did=renamed")))
}

#[handler]
pub(super) async fn duplicate(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let copy = surveys.duplicate(&id, &who.actor()).await?;
    Ok(redirect(format!("/surveys/{copy}?did=copied")))
}

#[derive(Template)]
#[template(path = "surveys/editor/archive.html")]
struct ArchivePage {
    page: Shell,
    survey: Listed,
    rules: usize,
    /// Whether it is sent where no rule applies.
    otherwise: bool,
}

#[handler]
pub(super) async fn ask_archive(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let survey = surveys.one(&id).await?;
    let rules = surveys.rules().await?.rules;
    let (otherwise, page) = (rules.otherwise.as_ref() == Some(&id), Shell::new(&who, site, "/surveys"));
    let rules = rules.rules.iter().filter(|rule| rule.ask.as_ref() == Some(&id)).count();
    Ok(html(&ArchivePage { page, survey, rules, otherwise }))
}

#[handler]
pub(super) async fn archive(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    surveys.set_archived(&id, true, &who.actor()).await?;
    Ok(redirect(format!("/surveys?did=archived&survey={id}")))
}

#[handler]
pub(super) async fn unarchive(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    surveys.set_archived(&id, false, &who.actor()).await?;
    Ok(redirect("/surveys?did=unarchived"))
}
