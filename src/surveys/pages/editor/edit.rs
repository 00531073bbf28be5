//! `/surveys/{id}`: questions, texts, look.

use super::form::{self, Fields, Part};
use super::view::{Conflict, Head, LookPage, QuestionsPage, TextsPage};
use super::{EditorQuery, shell};
use crate::access::rights::ManageSurveys;
use crate::surveys::Surveys;
use crate::surveys::definition::Definition;
use crate::surveys::editor::{EditError, Listed, difference, problems, step};
use crate::web::page::html_with;
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, redirect};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};

/// Renders one part of the editor.
fn part_page(status: StatusCode, page: Shell, head: Head, part: &Part, draft: &Definition) -> Response {
    match part {
        Part::Questions => html_with(status, &QuestionsPage::new(page, head, draft)),
        Part::Texts(language) => html_with(status, &TextsPage::new(page, head, draft, language)),
        Part::Look => html_with(status, &LookPage::new(page, head, draft)),
    }
}

#[handler]
pub(super) async fn show(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    Query(asked): Query<EditorQuery>,
) -> Result<Response, PageError> {
    let (survey, draft) = (surveys.one(&id).await?, surveys.draft(&id).await?);
    let part = Part::of(&asked.part, &asked.language, &draft.definition);
    let head = Head::new(&survey, &draft.definition, draft.edition, &part, None);
    Ok(part_page(StatusCode::OK, shell(&who, site, &asked), head, &part, &draft.definition))
}

/// Values of a form besides its fields.
struct Sent {
    edition: i64,
    part: Part,
    /// Whether a script sent it: the page is not left.
    quiet: bool,
}

#[handler]
pub(super) async fn save(
    who: Viewer<ManageSurveys>,
    Data(site): Data<&SiteInfo>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    Posted(fields): Posted<Fields>,
    request: &Request,
) -> Result<Response, PageError> {
    let (survey, now) = (surveys.one(&id).await?, surveys.draft(&id).await?);
    let taken = surveys.taken(&id).await?;
    let named = |name: &str| form::field(&fields, name);
    let sent = Sent {
        edition: named("edition")
            .parse()
            .map_err(|_| PageError::BadForm("it does not say which draft it is of".into()))?,
        part: Part::of(named("part"), named("language"), &now.definition),
        quiet: request.headers().get(header::ACCEPT).is_some_and(|accept| accept == "application/json"),
    };
    let mut mine = now.definition.clone();
    form::read(&mut mine, &taken, &sent.part, &fields);
    let wanted = form::step_of(&fields);
    let done = wanted.as_ref().is_none_or(|wanted| step(&mut mine, &taken, wanted));
    let unchanged = mine == now.definition && sent.edition == now.edition;
    let saved = match unchanged {
        true => Ok(sent.edition),
        false => surveys.save_draft(&id, sent.edition, &mine, &who.actor()).await,
    };
    match saved {
        Ok(edition) if sent.quiet => {
            Ok(quietly(StatusCode::OK, &serde_json::json!({ "edition": edition, "problems": problems(&mine) })))
        }
        Ok(_) => Ok(redirect(back(&id, &sent.part, &mine, wanted.as_ref(), done))),
        Err(EditError::Conflict { by, .. }) if sent.quiet => {
            Ok(quietly(StatusCode::CONFLICT, &serde_json::json!({ "conflict": by })))
        }
        Err(EditError::Conflict { by, .. }) => {
            Ok(conflict(shell(&who, site, &EditorQuery::default()), surveys, &survey, &sent.part, &fields, by).await?)
        }
        Err(other) => Err(other.into()),
    }
}

fn quietly(status: StatusCode, body: &serde_json::Value) -> Response {
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}

/// Returns the address after saving: the same part, at the changed place.
fn back(id: &str, part: &Part, draft: &Definition, step: Option<&crate::surveys::editor::Step>, done: bool) -> String {
    use crate::surveys::editor::Step;
    let did = if done { "saved" } else { "not" };
    let part = match (part, step) {
        (_, Some(Step::AddLanguage(language))) if done => Part::Texts(language.clone()),
        (Part::Texts(_), Some(Step::RemoveLanguage(_))) => Part::Texts(draft.default_language.clone()),
        (part, _) => part.clone(),
    };
    let at = match step {
        Some(Step::Add(_)) => draft.questions.last().map(|item| format!("#q{}", item.number)),
        Some(Step::Up(n) | Step::Down(n) | Step::AddOption(n) | Step::RemoveOption(n, _)) => Some(format!("#q{n}")),
        _ => None,
    };
    let language = match &part {
        Part::Texts(language) => format!("&language={}", language.tag()),
        _ => String::new(),
    };
    format!("/surveys/{id}?part={}{language}&did={did}{}", part.code(), at.unwrap_or_default())
}

/// Someone else saved in the meantime: the entered values are shown over theirs, not saved yet.
async fn conflict(
    page: Shell,
    surveys: &Surveys,
    survey: &Listed,
    part: &Part,
    fields: &Fields,
    by: String,
) -> Result<Response, EditError> {
    let theirs = surveys.draft(&survey.id).await?;
    let taken = surveys.taken(&survey.id).await?;
    let mut mine = theirs.definition.clone();
    form::read(&mut mine, &taken, part, fields);
    let orphans = form::orphans(&mine, fields);
    let found = Conflict { by, changes: difference(&theirs.definition, &mine), orphans };
    let head = Head::new(survey, &mine, theirs.edition, part, Some(found));
    Ok(part_page(StatusCode::CONFLICT, page, head, part, &mine))
}
