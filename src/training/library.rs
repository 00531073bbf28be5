//! The library: searching, skills in use.

use super::{ClipError, Training, fold, store};
use crate::clock::Timestamp;
use crate::ids::{ClipId, InteractionId};
use crate::web::{Cursor, Page, Principal};

/// What somebody looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Every one of these words stands in title, reason, skills or transcript; case and accents don't matter.
    pub words: String,
    /// Clips that show this skill.
    pub skill: String,
}

/// A clip in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipCard {
    /// Its id.
    pub id: ClipId,
    /// `call` or `chat`.
    pub channel: String,
    /// Its title.
    pub title: String,
    /// Why it is exemplary.
    pub why: String,
    /// What it shows.
    pub skills: Vec<String>,
    /// How long it is.
    pub length_ms: i64,
    /// Who flagged it.
    pub created_name: String,
    /// When.
    pub created_at: Timestamp,
    /// When whoever looks finished it.
    pub finished_at: Option<Timestamp>,
}

/// A skill that clips show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// Its name.
    pub name: String,
    /// How many clips show it.
    pub clips: i64,
}

/// A clip where it was taken from.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ClipPlace {
    /// Its id.
    pub id: ClipId,
    /// Its title.
    pub title: String,
    /// Where it begins in the recording, or since a chat's first message.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
}

impl Training {
    /// The clips that were taken from a call or chat, in their order there. Whether whoever asks may see it is for
    /// `Interactions::find` to say before.
    pub async fn of_interaction(&self, id: &InteractionId) -> Result<Vec<ClipPlace>, ClipError> {
        Ok(store::of_interaction(self.inner.db.read().await?.conn(), id).await?)
    }

    /// Newest first.
    pub async fn library(
        &self,
        who: &Principal,
        search: &Search,
        from: &Cursor,
        size: usize,
    ) -> Result<Page<ClipCard>, ClipError> {
        let words: Vec<String> = fold::fold(&search.words).split_whitespace().map(like).collect();
        let mut reader = self.inner.db.read().await?;
        let found = store::library(reader.conn(), &words, &search.skill, who.staff_id(), from, size + 1).await?;
        Ok(Page::from_surplus(found, size, |last| Cursor { at: last.created_at, id: last.id.to_string() }))
    }

    /// Skills in use, by name.
    pub async fn skills(&self) -> Result<Vec<Skill>, ClipError> {
        Ok(store::skills(self.inner.db.read().await?.conn()).await?)
    }
}

/// The pattern of LIKE that finds a word anywhere; its own `%`, `_` and `\` mean themselves.
fn like(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
