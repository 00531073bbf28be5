//! Publishes and discards drafts; lists versions.

use super::view::time;
use super::{Edition, EditorQuery, shell};
use crate::access::rights::ManageSurveys;
use crate::surveys::Surveys;
use crate::surveys::editor::{EditError, Listed, PublishedVersion, difference, problems};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};

#[derive(Template)]
#[template(path = "surveys/editor/publish.html")]
struct PublishPage {
    page: Shell,
    survey: Listed,
    edition: i64,
    next: i64,
    first: bool,
    changes: Vec<String>,
    problems: Vec<String>,
    drafted: bool,
}

/// Shows the confirmation page with the changes.
#[handler]
pub(super) async fn ask(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    Query(asked): Query<EditorQuery>,
) -> Result<Response, PageError> {
    let (survey, draft, versions) = (surveys.one(&id).await?, surveys.draft(&id).await?, surveys.versions(&id).await?);
    let newest = versions.first();
    let page = PublishPage {
        page: shell(&who, site, &asked),
        edition: draft.edition,
        next: newest.map_or(0, |newest| newest.published.number) + 1,
        first: newest.is_none(),
        changes: newest.map(|newest| difference(&newest.definition, &draft.definition)).unwrap_or_default(),
        problems: problems(&draft.definition),
        drafted: draft.saved.is_some(),
        survey,
    };
    Ok(html(&page))
}

/// Publishes only the draft that was confirmed.
#[handler]
pub(super) async fn publish(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    form: Posted<Edition>,
) -> Result<Response, PageError> {
    match surveys.publish(&id, form.0.number()?, &who.actor()).await {
        Ok(_) => Ok(redirect(format!("/surveys/{id}?did=published"))),
        // Shows the confirmation page again, with the problems or the changes since.
        Err(EditError::Incomplete(_) | EditError::Unchanged) => Ok(redirect(format!("/surveys/{id}/publish"))),
        Err(other) => Err(other.into()),
    }
}

#[handler]
pub(super) async fn discard(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    form: Posted<Edition>,
) -> Result<Response, PageError> {
    surveys.discard_draft(&id, form.0.number()?, &who.actor()).await?;
    Ok(redirect(format!("/surveys/{id}?did=discarded")))
}

#[derive(Template)]
#[template(path = "surveys/editor/versions.html")]
struct VersionsPage {
    page: Shell,
    survey: Listed,
    edition: i64,
    drafted: bool,
    versions: Vec<VersionView>,
}

struct VersionView {
    number: i64,
    current: bool,
    at: Option<(String, String)>,
    by: String,
    questions: usize,
    languages: String,
    changes: Vec<String>,
    first: bool,
}

impl VersionView {
    fn new(version: &PublishedVersion, before: Option<&PublishedVersion>, current: Option<i64>) -> Self {
        let names: Vec<&str> = version.definition.texts.keys().map(|language| language.name()).collect();
        let published = &version.published;
        Self {
            number: published.number,
            current: current == Some(published.number),
            // The built-in version has no time of publication.
            at: (published.at.0 > 0).then(|| time(published.at)),
            by: published.by.clone(),
            questions: version.definition.questions.len(),
            languages: names.join(", "),
            changes: before.map(|before| difference(&before.definition, &version.definition)).unwrap_or_default(),
            first: before.is_none(),
        }
    }
}

#[handler]
pub(super) async fn show_versions(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    Query(asked): Query<EditorQuery>,
) -> Result<Response, PageError> {
    let (survey, kept) = (surveys.one(&id).await?, surveys.versions(&id).await?);
    let draft = surveys.draft(&id).await?;
    let current = survey.current.as_ref().map(|current| current.number);
    let versions =
        kept.iter().enumerate().map(|(at, version)| VersionView::new(version, kept.get(at + 1), current)).collect();
    let page = VersionsPage {
        page: shell(&who, site, &asked),
        edition: draft.edition,
        drafted: draft.saved.is_some(),
        versions,
        survey,
    };
    Ok(html(&page))
}

#[handler]
pub(super) async fn restore(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path((id, number)): Path<(String, i64)>,
    form: Posted<Edition>,
) -> Result<Response, PageError> {
    surveys.restore(&id, number, form.0.number()?, &who.actor()).await?;
    Ok(redirect(format!("/surveys/{id}?did=restored")))
}
