//! What a change brings along: jobs and audit lines, saved in the change's own transaction, so that a crash neither loses
//! nor invents any.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{ApiKeyId, AuditId, StaffId};
use crate::jobs::{self, NewJob};
use crate::{execute, statements};

statements! {
    AUDIT = "INSERT INTO audit_log (id, at, actor, name, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)";
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody signed in.
    Staff(StaffId, String),
    /// A program, by its key.
    Key(ApiKeyId, String),
    /// Afterword itself.
    System,
}

impl Actor {
    /// `staff:<id>`, `key:<id>` or `system`.
    pub fn code(&self) -> String {
        match self {
            Self::Staff(id, _) => format!("staff:{id}"),
            Self::Key(id, _) => format!("key:{id}"),
            Self::System => "system".into(),
        }
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        match self {
            Self::Staff(_, name) | Self::Key(_, name) => name,
            Self::System => "Afterword",
        }
    }
}

/// One line of the audit log. Never holds an answer, an address or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Who.
    pub actor: Actor,
    /// What: `recording.played`, `clip.created`, …
    pub action: &'static str,
    /// To what: `interaction:<id>`, …
    pub subject: String,
    /// What else there is to know, as JSON.
    pub detail: Option<serde_json::Value>,
}

/// What is saved with a change.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    jobs: Vec<NewJob>,
    audit: Vec<AuditLine>,
}

impl Effects {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this job.
    pub fn job(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    /// And these jobs.
    pub fn jobs(mut self, jobs: impl IntoIterator<Item = NewJob>) -> Self {
        self.jobs.extend(jobs);
        self
    }

    /// And this line of the audit log.
    pub fn audit(
        mut self,
        actor: &Actor,
        action: &'static str,
        subject: impl Into<String>,
        detail: Option<serde_json::Value>,
    ) -> Self {
        self.audit.push(AuditLine { actor: actor.clone(), action, subject: subject.into(), detail });
        self
    }

    /// Saves all of it in the caller's transaction.
    pub async fn save(self, mut conn: Conn<'_>, now: Timestamp) -> Result<(), DbError> {
        jobs::save(conn.again(), &self.jobs, now).await?;
        for line in self.audit {
            let detail = line.detail.map(|d| d.to_string());
            execute!(
                conn.again(),
                AUDIT,
                AuditId::random(),
                now,
                line.actor.code(),
                line.actor.name(),
                line.action,
                line.subject,
                detail
            )?;
        }
        Ok(())
    }
}
