//! Page of one follow-up: its state, its steps, and forms. A rejected form is shown again on its page with its values.

use super::views::{OnePage, OpenPage, Typed};
use super::{DID, FollowUpsQuery, again, back, checked};
use crate::access::rights::FollowUp as SeeFollowUps;
use crate::followups::{Cause, Change, FollowUpError, FollowUps, Outcome};
use crate::ids::{FollowUpId, InteractionId};
use crate::web::page::html_with;
use crate::web::{EmptyForm, PageError, Posted, Shell, SiteInfo, Viewer, html, redirect};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

/// Context of a request about a follow-up.
struct FollowUpPage<'a> {
    who: &'a Viewer<SeeFollowUps>,
    site: &'a SiteInfo,
    followups: &'a FollowUps,
    id: FollowUpId,
}

impl FollowUpPage<'_> {
    async fn page(&self, did: Option<&str>) -> Result<OnePage, PageError> {
        let Self { who, followups, id, .. } = self;
        let found = followups.find(who, id).await?;
        let (steps, owners) = (followups.steps(id).await?, followups.owners(&found).await?);
        let shell = Shell::new(who, self.site, "/follow-ups").with_flash(did, DID);
        let own = who.staff_id().is_some() && who.staff_id() == found.owner_id.as_ref();
        Ok(OnePage::new(shell, found, steps, owners, own, &followups.today()))
    }

    /// Applies the change and redirects to the page, or shows the page with the entered values and the problem.
    async fn change(
        &self,
        change: Result<Change, FollowUpError>,
        did: &str,
        typed: Typed,
    ) -> Result<Response, PageError> {
        let changed = match change {
            Ok(change) => self.followups.change(self.who, &self.id, change).await,
            Err(error) => Err(error),
        };
        match changed {
            Ok(_) => Ok(back(self.id.as_str(), did)),
            Err(error) => self.again(error, typed).await,
        }
    }

    async fn again(&self, error: FollowUpError, typed: Typed) -> Result<Response, PageError> {
        let (status, problem) = again(error)?;
        Ok(html_with(status, &self.page(None).await?.with(typed, problem)))
    }
}

#[handler]
pub(super) async fn show(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Query(asked): Query<FollowUpsQuery>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    Ok(html(&here.page(asked.did.as_deref()).await?))
}

/// Shows the contact data once: they are in no URL and in no other response.
#[handler]
pub(super) async fn show_contact(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    match followups.contact(&who, &here.id).await {
        Ok(contact) => Ok(html(&here.page(None).await?.showing(contact))),
        Err(error) => here.again(error, Typed::default()).await,
    }
}

#[derive(Deserialize)]
pub(super) struct OwnerForm {
    #[serde(default)]
    owner: String,
}

#[handler]
pub(super) async fn assign(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<OwnerForm>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    let (change, did) = match form.owner.as_str() {
        "" => (Ok(Change::AssignToMe), "taken"),
        owner => (owner.parse().map(Change::Assign).map_err(|_| FollowUpError::NotAnOwner), "assigned"),
    };
    here.change(change, did, Typed { owner: form.owner, ..Typed::default() }).await
}

#[derive(Deserialize)]
pub(super) struct DueForm {
    #[serde(default)]
    due: String,
}

#[handler]
pub(super) async fn set_due(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<DueForm>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    here.change(Ok(Change::Due(form.due.clone())), "due", Typed { due: Some(form.due), ..Typed::default() }).await
}

#[derive(Deserialize)]
pub(super) struct NoteForm {
    #[serde(default)]
    note: String,
}

#[handler]
pub(super) async fn note(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<NoteForm>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    here.change(Ok(Change::Note(form.note.clone())), "noted", Typed { note: form.note, ..Typed::default() }).await
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

impl OutcomeForm {
    fn change(&self) -> Result<Change, FollowUpError> {
        let outcome = Outcome::known(&self.outcome).ok_or(FollowUpError::BadOutcome)?;
        let cause = Cause::known(&self.cause).ok_or(FollowUpError::BadOutcome)?;
        Ok(Change::Finish { outcome, cause, note: self.note.clone() })
    }
}

#[handler]
pub(super) async fn finish(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    Posted(form): Posted<OutcomeForm>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    let change = form.change();
    let OutcomeForm { outcome, cause, note: last } = form;
    here.change(change, "finished", Typed { outcome, cause, last, ..Typed::default() }).await
}

#[handler]
pub(super) async fn undo(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    path: Path<String>,
    _form: Posted<EmptyForm>,
) -> Result<Response, PageError> {
    let here = FollowUpPage { who: &who, site, followups, id: checked(path)? };
    here.change(Ok(Change::Undo), "undone", Typed::default()).await
}

#[derive(Deserialize)]
pub(super) struct OpenForm {
    #[serde(default)]
    why: String,
    #[serde(default)]
    due: String,
}

/// Opens a follow-up from a conversation's page; a rejected form has a page of its own.
#[handler]
pub(super) async fn open(
    who: Viewer<SeeFollowUps>,
    Data(site): Data<&SiteInfo>,
    Data(followups): Data<&FollowUps>,
    Path(interaction): Path<String>,
    Posted(form): Posted<OpenForm>,
) -> Result<Response, PageError> {
    let interaction: InteractionId = interaction.parse().map_err(|_| PageError::NotFound)?;
    let error = match followups.open(&who, &interaction, &form.why, Some(&form.due)).await {
        Ok(id) => return Ok(redirect(format!("/follow-ups/{id}?did=opened"))),
        Err(error) => error,
    };
    // A conversation that is not visible is not found, whatever was entered.
    if !followups.sees(&who, &interaction).await? {
        return Err(PageError::NotFound);
    }
    let (status, problem) = again(error)?;
    let page = Shell::new(&who, site, "/interactions");
    let OpenForm { why, due } = form;
    Ok(html_with(status, &OpenPage { page, interaction: interaction.to_string(), why, due, problem }))
}
