//! Handlers of the forms.

use super::super::form::{FlagForm, read_clock, read_skills, read_stretches};
use super::super::{Change, Clip, ClipError, MaskingRequest, NewClip, Training};
use super::clip_id;
use super::views::{ClipPage, FlagPage};
use crate::access::rights::{Curate, Learn};
use crate::ids::InteractionId;
use crate::web::page::html_with;
use crate::web::{PageError, Posted, Shell, SiteInfo, Viewer, redirect};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

/// Submitted title, reason, skills and span.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    start: String,
    end: String,
    title: String,
    why: String,
    /// Checked skills.
    known: Vec<String>,
    /// Typed skills.
    skills: String,
    /// Further parts to silence.
    silence: String,
    /// Further words to mask.
    mask_words: String,
    /// Ids of masks to leave out.
    keep: Vec<String>,
    /// `yes`: only show the preview.
    look: String,
}

impl Sent {
    fn skills(&self) -> Vec<String> {
        read_skills(&self.known, &self.skills)
    }

    fn asked(&self) -> Result<MaskingRequest, ClipError> {
        let bad =
            |piece| ClipError::BadMasking(format!("\"{piece}\" is no stretch of time: write it as 0:14.5 to 0:16"));
        let words = self.mask_words.split([',', '\n']).map(str::to_owned).collect();
        Ok(MaskingRequest { silence: read_stretches(&self.silence).map_err(bad)?, words, keep: self.keep.clone() })
    }

    /// Returns the form as it was filled in.
    fn form(&self, known: &[super::super::Skill], action: String) -> FlagForm {
        FlagForm {
            action,
            start: self.start.clone(),
            end: self.end.clone(),
            title: self.title.clone(),
            why: self.why.clone(),
            silence: self.silence.clone(),
            mask_words: self.mask_words.clone(),
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
    Ok(NewClip { interaction, start_ms, end_ms, title, why, skills: sent.skills(), asked: sent.asked()? })
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
    let again = |form: FlagForm, status| {
        let page = Shell::new(&who, site, "/interactions");
        html_with(status, &FlagPage { page, interaction: interaction.to_string(), flag: form })
    };
    let made = match new_clip(interaction.clone(), &sent) {
        Ok(new) if sent.look == "yes" => match training.look(&who, untitled(new)).await {
            Ok(looked) => {
                let form = sent.form(&training.skills().await?, action(&interaction));
                return Ok(again(FlagForm { looked: Some(looked), ..form }, StatusCode::OK));
            }
            Err(error) => Err(error),
        },
        Ok(new) => training.create(&who, new).await,
        Err(error) => Err(error),
    };
    let error = match made {
        Ok(clip) => return Ok(redirect(format!("/library/{clip}?did=flagged"))),
        Err(error) => error,
    };
    match sent.form(&training.skills().await?, action(&interaction)).refused(&error) {
        Some(form) => Ok(again(form, StatusCode::UNPROCESSABLE_ENTITY)),
        None => Err(error.into()),
    }
}

fn action(interaction: &InteractionId) -> String {
    format!("/interactions/{interaction}/clips")
}

/// A preview needs no title or reason yet.
fn untitled(new: NewClip) -> NewClip {
    let filled = |text: String| if text.trim().is_empty() { "…".to_owned() } else { text };
    NewClip { title: filled(new.title), why: filled(new.why), ..new }
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

/// Form of an action that can be undone.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Undo {
    /// `yes` undoes the action.
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
