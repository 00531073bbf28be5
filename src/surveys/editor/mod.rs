//! Administration of surveys: drafts, versions, copies, the archive.
//!
//! Each survey has one draft, saved on the server. Every save names the edition that it was made from; if someone else
//! saved in the meantime, nothing is overwritten and both are shown. Publishing a draft makes a version, which never
//! changes.

mod change;
mod difference;
mod logos;
mod problems;
mod store;

pub use change::{Step, Taken, set_kind, step};
pub use difference::{difference, kind_in_words, name as question_in_words, role_in_words};
pub use logos::{LogoError, MAX_LOGO_BYTES};
pub use problems::problems;

use super::Surveys;
use super::definition::{Definition, DefinitionError};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::effects::{Actor, Effects};

/// Maximum number of characters of a survey's name.
const MAX_NAME_CHARS: usize = 120;

/// A survey, as shown in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// `standard`, or a random id.
    pub id: String,
    /// Internal name; customers never see it.
    pub name: String,
    /// Whether it is archived: no longer sent.
    pub archived: bool,
    /// Current version; `None` if it was never published.
    pub current: Option<Published>,
    /// Time and author of the draft's last save; `None` if there is no draft.
    pub draft: Option<(Timestamp, String)>,
}

/// Publication of a version: time and author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Number of the version: 1, 2, …
    pub number: i64,
    /// Time of publication; 0 for the built-in version.
    pub at: Timestamp,
    /// Name of the author at that time.
    pub by: String,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedVersion {
    /// Id, as invitations name it.
    pub id: String,
    /// Time and author of the publication.
    pub published: Published,
    /// Content of the version.
    pub definition: Definition,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Content of the draft; the current version if there is no draft.
    pub definition: Definition,
    /// Edition of the draft. A save names the edition that it was made from.
    pub edition: i64,
    /// Time and author of the last save; `None` if there is no draft.
    pub saved: Option<(Timestamp, String)>,
}

/// Errors of editing a survey.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is no such survey, or no such version.
    #[error("there is no such survey")]
    NotFound,
    /// The name is empty or too long.
    #[error("a survey needs a name of 1 to {MAX_NAME_CHARS} characters")]
    Name,
    /// Someone else saved in the meantime.
    #[error("{by} has changed this survey in the meantime; nothing of yours or theirs is lost")]
    Conflict {
        /// Author of the other save.
        by: String,
        /// Time of the other save.
        at: Option<Timestamp>,
    },
    /// The draft can't be published; all reasons.
    #[error("it can't be published yet: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Incomplete(Vec<DefinitionError>),
    /// The draft equals the published version.
    #[error("nothing has changed since the last version")]
    Unchanged,
    /// A number that was published with another kind.
    #[error("question {0} was published as something else: give it another number, results are summed by it")]
    Renumbered(u16),
    /// The standard survey can't be archived: it is sent where no rule applies.
    #[error("the last survey that can be asked can't be archived")]
    Last,
    /// The picture is not accepted.
    #[error(transparent)]
    Logo(#[from] LogoError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<store::SurveyRow> for Listed {
    fn from(row: store::SurveyRow) -> Self {
        let current = row.number.zip(row.published_at).map(|(number, at)| Published {
            number,
            at,
            by: row.published_by.unwrap_or_default(),
        });
        let draft = row.draft_saved_at.zip(row.draft_saved_by);
        Self { id: row.id, name: row.name, archived: row.state == "archived", current, draft }
    }
}

/// Returns a stored definition; `None` stands for the built-in one.
fn read(json: Option<&str>) -> Definition {
    let parsed = json.map(serde_json::from_str);
    match parsed {
        None => Definition::standard(),
        Some(Ok(definition)) => definition,
        Some(Err(error)) => {
            tracing::error!(%error, "a stored survey can't be read");
            Definition::standard()
        }
    }
}

fn write(definition: &Definition) -> String {
    serde_json::to_string(definition).unwrap_or_default()
}

fn checked_name(name: &str) -> Result<String, EditError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) { Ok(name) } else { Err(EditError::Name) }
}

fn subject(id: &str) -> String {
    format!("survey:{id}")
}

impl Surveys {
    /// Returns all surveys, active ones first.
    pub async fn all(&self) -> Result<Vec<Listed>, DbError> {
        let rows = store::surveys(self.inner.db.read().await?.conn(), "").await?;
        Ok(rows.into_iter().map(Listed::from).collect())
    }

    /// Returns one survey.
    pub async fn one(&self, id: &str) -> Result<Listed, EditError> {
        let rows = store::surveys(self.inner.db.read().await?.conn(), id).await?;
        rows.into_iter().find(|row| row.id == id).map(Listed::from).ok_or(EditError::NotFound)
    }

    /// Returns its versions, newest first.
    pub async fn versions(&self, id: &str) -> Result<Vec<PublishedVersion>, DbError> {
        let rows = store::versions(self.inner.db.read().await?.conn(), id).await?;
        let kept = |row: store::VersionRow| PublishedVersion {
            definition: read(row.definition.as_deref()),
            id: row.id,
            published: Published { number: row.number, at: row.published_at, by: row.published_by },
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    /// Returns the draft, or the current version if there is none.
    pub async fn draft(&self, id: &str) -> Result<Draft, EditError> {
        let mut reader = self.inner.db.read().await?;
        let row = store::draft(reader.conn(), id).await?;
        let edition = row.as_ref().map_or(0, |row| row.edition);
        if let Some(store::DraftRow { definition: Some(json), saved_at, saved_by, .. }) = row {
            return Ok(Draft { definition: read(Some(&json)), edition, saved: Some((saved_at, saved_by)) });
        }
        let newest = store::versions(reader.conn(), id).await?.into_iter().next().ok_or(EditError::NotFound)?;
        Ok(Draft { definition: read(newest.definition.as_deref()), edition, saved: None })
    }

    /// Saves the draft and returns its new edition. `edition`: the edition that it was made from.
    pub async fn save_draft(
        &self,
        id: &str,
        edition: i64,
        definition: &Definition,
        by: &Actor,
    ) -> Result<i64, EditError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        if !store::set_draft(tx.conn(), id, Some(&write(definition)), edition, by.name(), now).await? {
            return Err(conflict(tx.conn(), id).await?);
        }
        tx.commit().await?;
        Ok(edition + 1)
    }

    /// Discards the draft; the current version stays.
    pub async fn discard_draft(&self, id: &str, edition: i64, by: &Actor) -> Result<(), EditError> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        if edition > 0 && !store::set_draft(tx.conn(), id, None, edition, by.name(), now).await? {
            return Err(conflict(tx.conn(), id).await?);
        }
        Effects::new().audit(by, "survey.draft_discarded", subject(id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Publishes the draft of this edition as the current version; returns its number.
    ///
    /// # Errors
    /// [`EditError::Incomplete`] with all problems; [`EditError::Conflict`] if someone else saved in the meantime.
    pub async fn publish(&self, id: &str, edition: i64, by: &Actor) -> Result<i64, EditError> {
        let now = self.now();
        let draft = self.draft(id).await?;
        let versions = self.versions(id).await?;
        let newest = versions.first();
        if newest.is_some_and(|newest| newest.definition == draft.definition) {
            return Err(EditError::Unchanged);
        }
        let wrong = draft.definition.check();
        if !wrong.is_empty() {
            return Err(EditError::Incomplete(wrong));
        }
        if let Some(number) = Taken::by(versions.iter().map(|version| &version.definition)).clash(&draft.definition) {
            return Err(EditError::Renumbered(number));
        }
        let mut tx = self.inner.db.begin().await?;
        if draft.edition != edition || !store::set_draft(tx.conn(), id, None, edition, by.name(), now).await? {
            return Err(conflict(tx.conn(), id).await?);
        }
        let number = newest.map_or(0, |newest| newest.published.number) + 1;
        let (version, json) = (uuid::Uuid::new_v4().to_string(), write(&draft.definition));
        let new = store::NewVersion { id: &version, survey: id, number, definition: &json, by: by.name() };
        store::add_version(tx.conn(), &new, now).await?;
        let detail = serde_json::json!({ "version": number });
        Effects::new().audit(by, "survey.published", subject(id), Some(detail)).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(number)
    }

    /// Publishes this definition if there is no draft; returns its number.
    pub async fn publish_at_once(&self, id: &str, definition: &Definition, by: &Actor) -> Result<i64, EditError> {
        let draft = self.draft(id).await?;
        if let Some((at, by)) = draft.saved {
            return Err(EditError::Conflict { by, at: Some(at) });
        }
        let wrong = definition.check();
        if !wrong.is_empty() {
            return Err(EditError::Incomplete(wrong));
        }
        if draft.definition == *definition {
            return Err(EditError::Unchanged);
        }
        let versions = self.versions(id).await?;
        if let Some(number) = Taken::by(versions.iter().map(|version| &version.definition)).clash(definition) {
            return Err(EditError::Renumbered(number));
        }
        let edition = self.save_draft(id, draft.edition, definition, by).await?;
        self.publish(id, edition, by).await
    }

    /// Makes an old version the draft and replaces the present one.
    pub async fn restore(&self, id: &str, number: i64, edition: i64, by: &Actor) -> Result<i64, EditError> {
        let versions = self.versions(id).await?;
        let old = versions.into_iter().find(|version| version.published.number == number).ok_or(EditError::NotFound)?;
        self.save_draft(id, edition, &old.definition, by).await
    }

    /// Creates a survey with only a draft; returns its id.
    pub async fn create(&self, name: &str, draft: &Definition, by: &Actor) -> Result<String, EditError> {
        let (name, now) = (checked_name(name)?, self.now());
        let id = uuid::Uuid::new_v4().to_string();
        let mut tx = self.inner.db.begin().await?;
        store::add_survey(tx.conn(), &id, &name, now).await?;
        store::set_draft(tx.conn(), &id, Some(&write(draft)), 0, by.name(), now).await?;
        Effects::new().audit(by, "survey.created", subject(&id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Creates a copy of the draft, or of the current version; returns its id. The copy has no versions and no answers.
    pub async fn duplicate(&self, id: &str, by: &Actor) -> Result<String, EditError> {
        let (original, draft) = (self.one(id).await?, self.draft(id).await?);
        let name: String = format!("{} (copy)", original.name).chars().take(MAX_NAME_CHARS).collect();
        self.create(&name, &draft.definition, by).await
    }

    /// Renames the survey; customers never see the name.
    pub async fn rename(&self, id: &str, name: &str, by: &Actor) -> Result<(), EditError> {
        let (name, now) = (checked_name(name)?, self.now());
        let mut tx = self.inner.db.begin().await?;
        if !store::set_name(tx.conn(), id, &name).await? {
            return Err(EditError::NotFound);
        }
        Effects::new().audit(by, "survey.renamed", subject(id), None).save(tx.conn(), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Moves the survey into the archive, or back. An archived survey is no longer sent; links already sent can still
    /// be answered.
    pub async fn set_archived(&self, id: &str, archived: bool, by: &Actor) -> Result<(), EditError> {
        let now = self.now();
        let others = self
            .all()
            .await?
            .into_iter()
            .filter(|other| other.id != id && !other.archived && other.current.is_some())
            .count();
        if archived && others == 0 {
            return Err(EditError::Last);
        }
        self.one(id).await?;
        let mut tx = self.inner.db.begin().await?;
        let (state, action) = if archived { ("archived", "survey.archived") } else { ("active", "survey.unarchived") };
        if store::set_state(tx.conn(), id, state).await? {
            Effects::new().audit(by, action, subject(id), None).save(tx.conn(), now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Returns the numbers used by published versions.
    pub async fn taken(&self, id: &str) -> Result<Taken, DbError> {
        let versions = self.versions(id).await?;
        Ok(Taken::by(versions.iter().map(|version| &version.definition)))
    }
}

async fn conflict(conn: Conn<'_>, id: &str) -> Result<EditError, DbError> {
    Ok(match store::draft(conn, id).await? {
        Some(row) => EditError::Conflict { by: row.saved_by, at: Some(row.saved_at) },
        // The draft was discarded, or never existed.
        None => EditError::Conflict { by: "Somebody".into(), at: None },
    })
}
