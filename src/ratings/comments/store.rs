//! SQL of released comments, one by one.

use super::{Released, Waiting};
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, TeamId};
use crate::{execute, fetch_all, same_person, statements};
use serde_json::json;

/// Columns and tables of a comment; a macro, since statements are literals.
macro_rules! released {
    () => {
        "SELECT c.id, c.text, r.month, COALESCE(a.name, a.external_id) AS agent_name, t.name AS team_name, c.listed_on,
            c.kudos_name
        FROM released_comments c
        JOIN releases r ON r.id = c.release_id
        LEFT JOIN agents a ON a.id = r.agent_id
        LEFT JOIN teams t ON t.id = r.team_id"
    };
}

statements! {
    DATE = "UPDATE released_comments SET listed_on = $1 WHERE listed_on IS NULL";
    // $1: JSON array of teams. Comments without a team are shown to every supervisor.
    UNREAD = concat!("
        ", released!(), "
        WHERE c.read_on IS NULL
            AND (r.team_id IN {list $1} OR r.team_id IS NULL)
        ORDER BY c.listed_on, c.id
        LIMIT $2");
    MARK_READ = "
        UPDATE released_comments
        SET read_name = $3, read_on = $4
        WHERE id = $2
            AND read_on IS NULL
            AND release_id IN (
                SELECT id
                FROM releases
                WHERE team_id IN {list $1}
                    OR team_id IS NULL
            )";
    MARK_KUDOS = "
        UPDATE released_comments
        SET kudos_name = $3, kudos_on = $4
        WHERE id = $2
            AND release_id IN (
                SELECT id
                FROM releases
                WHERE team_id IN {list $1}
                    OR team_id IS NULL
            )";
    OF_AGENT = concat!("
        ", released!(), "
        WHERE r.scope = 'agent'
            AND ", same_person!("r.agent_id", "$1"), "
        ORDER BY CASE WHEN c.kudos_on IS NULL THEN 1 ELSE 0 END, c.kudos_on DESC, r.month DESC, c.id
        LIMIT $2");
    UNREAD_SINCE = "
        SELECT r.team_id, COUNT(*) AS n
        FROM released_comments c
        JOIN releases r ON r.id = c.release_id
        WHERE c.read_on IS NULL
            AND c.listed_on <= $1
        GROUP BY r.team_id";
}

fn teams_json(teams: &[TeamId]) -> String {
    json!(teams).to_string()
}

pub(super) async fn date(conn: Conn<'_>, day: &str) -> Result<(), DbError> {
    execute!(conn, DATE, day).map(drop)
}

pub(super) async fn unread(conn: Conn<'_>, teams: &[TeamId], most: i64) -> Result<Vec<Released>, DbError> {
    fetch_all!(conn, UNREAD => Released, teams_json(teams), most)
}

pub(super) async fn mark_read(
    conn: Conn<'_>,
    teams: &[TeamId],
    id: &str,
    name: &str,
    day: &str,
) -> Result<bool, DbError> {
    Ok(execute!(conn, MARK_READ, teams_json(teams), id, name, day)? > 0)
}

pub(super) async fn mark_kudos(
    conn: Conn<'_>,
    teams: &[TeamId],
    id: &str,
    praise: Option<(&str, &str)>,
) -> Result<bool, DbError> {
    let (name, day) = praise.unzip();
    Ok(execute!(conn, MARK_KUDOS, teams_json(teams), id, name, day)? > 0)
}

pub(super) async fn of_agent(conn: Conn<'_>, agent: &AgentId, most: i64) -> Result<Vec<Released>, DbError> {
    fetch_all!(conn, OF_AGENT => Released, agent, most)
}

pub(super) async fn unread_since(conn: Conn<'_>, day: &str) -> Result<Vec<Waiting>, DbError> {
    fetch_all!(conn, UNREAD_SINCE => Waiting, day)
}
