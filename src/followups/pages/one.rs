//! One follow-up: where it stands, what was done, and what can be done.

use super::views::{ContactView, OnePage};
use super::{Asked, DID, back, checked};
use crate::followups::{Cause, Change, FollowUpError, FollowUps, Outcome};
use crate::ids::{FollowUpId, InteractionId};
use crate::web::rights::FollowUp as SeeFollowUps;
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Nothing {}

async fn page(
    who: &Viewer<SeeFollowUps>,
    site: &SiteInfo,
    followups: &FollowUps,
    id: &FollowUpId,
    did: Option<&str>,
    contact: Option<ContactView>,
) -> Result<Response, PageError> {
    let found = followups.find(who, id).await?;
    let (steps, owners) = (followups.steps(id).await?, followups.owners(&found).await?);
    let shell = Shell::new(who, site, "/follow-ups").with_flash(did, DID);
    let own = who.staff_id().is_some() && who.staff_id() == found.owner_id.as_ref();
    Ok(html(&OnePage::new(shell, found, steps, owners, own, &followups.today(), contact)))
}

#[handler]
pub(super) async fn show(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    page(&who, site, followups, &checked(path)?, asked.did.as_deref(), None).await
}

/// Shows what the customer left, once: it stands in no address and in no other answer.
#[handler]
pub(super) async fn show_contact(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    _form: Posted<Nothing>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    let contact = followups.contact(&who, &id).await?;
    page(&who, site, followups, &id, None, Some(contact.into())).await
}

#[derive(Deserialize)]
pub(super) struct OwnerForm {
    #[serde(default)]
    owner: String,
}

#[handler]
pub(super) async fn assign(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<OwnerForm>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    let (change, did) = if form.owner.is_empty() {
        (Change::Take, "taken")
    } else {
        (Change::Assign(form.owner.parse().map_err(|_| FollowUpError::NotAnOwner)?), "assigned")
    };
    followups.change(&who, &id, change).await?;
    Ok(back(id.as_str(), did))
}

#[derive(Deserialize)]
pub(super) struct DueForm {
    #[serde(default)]
    due: String,
}

#[handler]
pub(super) async fn set_due(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<DueForm>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    followups.change(&who, &id, Change::Due(form.due)).await?;
    Ok(back(id.as_str(), "due"))
}

#[derive(Deserialize)]
pub(super) struct NoteForm {
    #[serde(default)]
    note: String,
}

#[handler]
pub(super) async fn note(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<NoteForm>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    followups.change(&who, &id, Change::Note(form.note)).await?;
    Ok(back(id.as_str(), "noted"))
}

#[derive(Deserialize)]
pub(super) struct OutcomeForm {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    cause: String,
    #[serde(default)]
    note: String,
}

#[handler]
pub(super) async fn finish(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<OutcomeForm>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    let outcome = Outcome::known(&form.outcome).ok_or(FollowUpError::BadOutcome)?;
    let cause = Cause::known(&form.cause).ok_or(FollowUpError::BadOutcome)?;
    followups.change(&who, &id, Change::Finish { outcome, cause, note: form.note }).await?;
    Ok(back(id.as_str(), "finished"))
}

#[handler]
pub(super) async fn undo(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    _form: Posted<Nothing>,
) -> Result<Response, PageError> {
    let id = checked(path)?;
    followups.change(&who, &id, Change::Undo).await?;
    Ok(back(id.as_str(), "undone"))
}

#[derive(Deserialize)]
pub(super) struct OpenForm {
    #[serde(default)]
    why: String,
    #[serde(default)]
    due: String,
}

#[handler]
pub(super) async fn open(
    who: Viewer<SeeFollowUps>,
    Data(followups): Data<&FollowUps>,
    Path(interaction): Path<String>,
    Posted(form): Posted<OpenForm>,
) -> Result<Response, PageError> {
    let interaction: InteractionId = interaction.parse().map_err(|_| PageError::NotFound)?;
    let id = followups.open(&who, &interaction, &form.why, Some(&form.due)).await?;
    Ok(redirect(format!("/follow-ups/{id}?did=opened")))
}
