//! Logos: uploaded by a form, served to all customers.

use crate::access::rights::ManageSurveys;
use crate::surveys::Surveys;
use crate::surveys::editor::{EditError, MAX_LOGO_BYTES};
use crate::web::{PageError, PostedFile, Viewer, redirect};
use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};

/// Stores the picture and adds it to the draft.
#[handler]
pub(super) async fn upload(
    who: Viewer<ManageSurveys>,
    Data(surveys): Data<&Surveys>,
    Path(id): Path<String>,
    form: PostedFile<{ MAX_LOGO_BYTES + 1 }>,
) -> Result<Response, PageError> {
    let edition =
        form.field("edition").parse().map_err(|_| PageError::BadForm("it does not say which draft it is of".into()))?;
    let mut draft = surveys.draft(&id).await?;
    if draft.edition != edition {
        let (by, at) = draft.saved.map_or_else(|| ("Somebody".to_owned(), None), |(at, by)| (by, Some(at)));
        return Err(EditError::Conflict { by, at }.into());
    }
    draft.definition.look.logo = Some(surveys.add_logo(&form.file).await?);
    surveys.save_draft(&id, edition, &draft.definition, &who.actor()).await?;
    Ok(redirect(format!("/surveys/{id}?part=look&did=logo")))
}

/// `GET /logos/{sha256}`: immutable; contains nothing executable.
#[handler]
pub(super) async fn serve(Data(surveys): Data<&Surveys>, Path(name): Path<String>) -> Result<Response, PageError> {
    let logo = surveys.logo(&name).await?.ok_or(PageError::NotFound)?;
    Ok(Response::builder()
        .status(StatusCode::OK)
        .content_type(&logo.media_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header("content-security-policy", "default-src 'none'; sandbox")
        .header("cross-origin-resource-policy", "cross-origin")
        .body(logo.bytes))
}
