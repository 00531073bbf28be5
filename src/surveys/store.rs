//! SQL of versions. That of the editor and of the rules is beside them.

use crate::database::{Conn, DbError};
use crate::{fetch_optional, statements};

statements! {
    VERSION = "SELECT id, survey_id, number, definition FROM survey_versions WHERE id = $1";
}

/// A survey's version, as stored.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct VersionRow {
    pub id: String,
    pub survey_id: String,
    pub number: i64,
    pub definition: Option<String>,
}

pub(super) async fn version(conn: Conn<'_>, id: &str) -> Result<Option<VersionRow>, DbError> {
    fetch_optional!(conn, VERSION => VersionRow, id)
}
