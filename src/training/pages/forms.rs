//! What the forms do.

use super::super::form::{FlagForm, read_clock, read_skills};
use super::super::{Change, Clip, ClipError, NewClip, Training};
use super::clip_id;
use super::views::{ClipPage, FlagPage};
use crate::ids::InteractionId;
use crate::web::page::html_with;
use crate::web::rights::{Curate, Learn};
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, redirect};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

/// Title, reason, skills and span, as they were sent.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    start: String,
    end: String,
    title: String,
    why: String,
    /// Those that were ticked, a line each.
    known: String,
    /// Those that were typed.
    skills: String,
}

impl Sent {
    fn skills(&self) -> Vec<String> {
        read_skills(&self.known, &self.skills)
    }

    /// The form again, as it was filled in.
    fn form(&self, known: &[super::super::Skill], action: String) -> FlagForm {
        FlagForm {
            action,
            start: self.start.clone(),
            end: self.end.clone(),
            title: self.title.clone(),
            why: self.why.clone(),
            ..FlagForm::with_skills(&self.skills(), known)
        }
    }
}

fn time(text: &str) -> Result<i64, ClipError> {
    read_clock(text).ok_or_else(|| ClipError::BadSpan(format!("\"{text}\" is not a time: write it as 1:12.5")))
}

fn new_clip(interaction: InteractionId, sent: &Sent) -> Result<NewClip, ClipError> {
    let (start_ms, end_ms) = (time(&sent.start)?, time(&sent.end)?);
    let (title, why) = (sent.title.clone(), sent.why.clone());
    Ok(NewClip { interaction, start_ms, end_ms, title, why, skills: sent.skills() })
}

#[handler]
pub(super) async fn flag(
    who: Viewer<Curate>,
    Data(site): Data<&SiteInfo>,
    Data(training): Data<&Training>,
    Path(id): Path<String>,
    Posted(sent): Posted<Sent>,
) -> Result<Response, PageError> {
    let interaction: InteractionId = id.parse().map_err(|_| PageError::NotFound)?;
    let made = match new_clip(interaction.clone(), &sent) {
        Ok(new) => training.create(&who, new).await,
        Err(error) => Err(error),
    };
    let error = match made {
        Ok(clip) => return Ok(redirect(format!("/library/{clip}?did=flagged"))),
        Err(error) => error,
    };
    let form = sent.form(&training.skills().await?, format!("/interactions/{interaction}/clips"));
    match form.refused(&error) {
        Some(flag) => {
            let page = Shell::new(&who, site, "/interactions");
            Ok(html_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &FlagPage { page, interaction: interaction.to_string(), flag },
            ))
        }
        None => Err(error.into()),
    }
}

#[handler]
pub(super) async fn change(
    who: Viewer<Curate>,
    Data(site): Data<&SiteInfo>,
    Data(training): Data<&Training>,
    Path(id): Path<String>,
    Posted(sent): Posted<Sent>,
) -> Result<Response, PageError> {
    let id = clip_id(&id)?;
    let texts = Change { title: Some(sent.title.clone()), why: Some(sent.why.clone()), skills: Some(sent.skills()) };
    let Err(error) = training.change(&who, &id, texts).await else {
        return Ok(redirect(format!("/library/{id}?did=changed")));
    };
    let known = training.skills().await?;
    let Some(form) = sent.form(&known, format!("/library/{id}")).refused(&error) else { return Err(error.into()) };
    let clip: Clip = training.find(&who, &id).await?;
    let page = ClipPage::new(Shell::new(&who, site, "/library"), &who, clip, &known).with_form(form);
    Ok(html_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// A thing to be so or not.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Undo {
    /// `yes` takes it back.
    undo: String,
}

#[handler]
pub(super) async fn remove(
    who: Viewer<Curate>,
    Data(training): Data<&Training>,
    Path(id): Path<String>,
    Posted(sent): Posted<Undo>,
) -> Result<Response, PageError> {
    let (id, back) = (clip_id(&id)?, sent.undo == "yes");
    training.set_removed(&who, &id, !back).await?;
    let to = if back { format!("/library/{id}?did=restored") } else { format!("/library?removed={id}") };
    Ok(redirect(to))
}

#[handler]
pub(super) async fn finish(
    who: Viewer<Learn>,
    Data(training): Data<&Training>,
    Path(id): Path<String>,
    Posted(sent): Posted<Undo>,
) -> Result<Response, PageError> {
    let id = clip_id(&id)?;
    if sent.undo == "yes" {
        training.unfinish(&who, &id).await?;
        return Ok(redirect(format!("/library/{id}?did=unfinished")));
    }
    training.finish(&who, &id).await?;
    Ok(redirect(format!("/library/{id}?did=finished")))
}
