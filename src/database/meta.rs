//! Metadata of the database: a few named values.

use super::{Conn, Db, DbError};
use crate::{execute, fetch_optional, statements};

statements! {
    GET = "SELECT value FROM meta WHERE name = $1";
    // An existing value is kept.
    SET = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    REPLACE = "
        INSERT INTO meta (name, value)
        VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

impl Db {
    /// Returns the value of this name.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, DbError> {
        meta(self.read().await?.conn(), name).await
    }

    /// Sets the value of a name, unless it has one.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        execute!(tx.conn(), SET, name, value)?;
        tx.commit().await
    }

    /// Replaces the value of a name.
    pub async fn replace_meta(&self, name: &str, value: &str) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        replace_meta(tx.conn(), name, value).await?;
        tx.commit().await
    }
}

/// Returns the value of this name, in the caller's transaction.
pub async fn meta(conn: Conn<'_>, name: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, GET => (String,), name)?.map(|(value,)| value))
}

/// Replaces the value of a name, in the caller's transaction.
pub async fn replace_meta(conn: Conn<'_>, name: &str, value: &str) -> Result<(), DbError> {
    execute!(conn, REPLACE, name, value).map(drop)
}
