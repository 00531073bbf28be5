//! The library: search, skills in use.

use super::{ClipError, Training, fold, store};
use crate::access::Principal;
use crate::clock::Timestamp;
use crate::ids::{ClipId, InteractionId};
use crate::paging::{Cursor, Page};

/// Query of the library.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words that must all occur in title, reason, skills or transcript; case and accents are ignored.
    pub words: String,
    /// Skill to filter by.
    pub skill: String,
}

/// A clip, as shown in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipCard {
    /// Its id.
    pub id: ClipId,
    /// `call` or `chat`.
    pub channel: String,
    /// Title of the clip.
    pub title: String,
    /// Reason that it is exemplary.
    pub why: String,
    /// Skills that it demonstrates.
    pub skills: Vec<String>,
    /// Length in ms.
    pub length_ms: i64,
    /// Name of the author.
    pub created_name: String,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time at which the viewer finished it.
    pub finished_at: Option<Timestamp>,
}

/// A skill in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// Name of the skill.
    pub name: String,
    /// Number of clips with it.
    pub clips: i64,
}

/// A clip, with its position in its interaction.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ClipPlace {
    /// Its id.
    pub id: ClipId,
    /// Title of the clip.
    pub title: String,
    /// Start, in ms of the recording, or since a chat's first message.
    pub start_ms: i64,
    /// End, in ms likewise.
    pub end_ms: i64,
}

impl Training {
    /// Returns the clips of a call or chat, in the order of their positions. The caller checks access first with
    /// `Interactions::find`.
    pub async fn of_interaction(&self, id: &InteractionId) -> Result<Vec<ClipPlace>, ClipError> {
        Ok(store::of_interaction(self.inner.db.read().await?.conn(), id).await?)
    }

    /// Returns a page of clips, newest first.
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

    /// Returns the skills in use, by name.
    pub async fn skills(&self) -> Result<Vec<Skill>, ClipError> {
        Ok(store::skills(self.inner.db.read().await?.conn()).await?)
    }
}

/// Returns the LIKE pattern that finds a word anywhere; its `%`, `_` and `\` are escaped.
fn like(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
