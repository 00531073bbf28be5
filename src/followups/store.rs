//! SQL of follow-ups.

use super::{CauseCount, FollowUp, Step, Which};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, FollowUpId, InteractionId, StaffId, TeamId};
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};
use serde_json::json;

/// Columns and tables of a follow-up; a macro, since statements are literals.
macro_rules! follow_up {
    () => {
        "SELECT f.id, f.team_id, t.name AS team_name, f.interaction_id, f.agent_id,
            COALESCE(a.name, a.external_id) AS agent_name, f.reason, f.why, f.state, f.opened_on, f.due_on, f.owner_id,
            f.owner_name, f.outcome, f.cause, f.closed_on, f.callback_request_id
        FROM follow_ups f
        LEFT JOIN teams t ON t.id = f.team_id
        LEFT JOIN agents a ON a.id = f.agent_id"
    };
}

/// $1: JSON array of the viewer's teams. Follow-ups without a team are shown to every supervisor.
macro_rules! seen {
    () => {
        "(f.team_id IN {list $1} OR f.team_id IS NULL)"
    };
}

statements! {
    ADD = "
        INSERT INTO follow_ups (
            id, team_id, interaction_id, agent_id, reason, why, state, opened_on, due_on, callback_request_id
        )
        VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)
        ON CONFLICT DO NOTHING";
    FIND = concat!("
        ", follow_up!(), "
        WHERE ", seen!(), "
            AND f.id = $2");
    OF_INTERACTION = concat!("
        ", follow_up!(), "
        WHERE ", seen!(), "
            AND f.interaction_id = $2
        ORDER BY f.opened_on DESC, f.id
        LIMIT 50");
    // $2: '' or an owner; $3, $4: position. Ordered by due day.
    LIST_OPEN = concat!("
        ", follow_up!(), "
        WHERE ", seen!(), "
            AND f.state <> 'closed'
            AND ($2 = '' OR f.owner_id = $2)
            AND (f.due_on > $3 OR (f.due_on = $3 AND f.id > $4))
        ORDER BY f.due_on, f.id
        LIMIT $5");
    LIST_CLOSED = concat!("
        ", follow_up!(), "
        WHERE ", seen!(), "
            AND f.state = 'closed'
            AND ($2 = '' OR f.owner_id = $2)
            AND (f.closed_on < $3 OR (f.closed_on = $3 AND f.id > $4))
        ORDER BY f.closed_on DESC, f.id
        LIMIT $5");
    // $2: today.
    WAITING = "
        SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN f.due_on < $2 THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM follow_ups f
        WHERE (f.team_id IN {list $1} OR f.team_id IS NULL)
            AND f.state <> 'closed'";
    CAUSES = "
        SELECT f.cause, COUNT(*) AS n
        FROM follow_ups f
        WHERE (f.team_id IN {list $1} OR f.team_id IS NULL)
            AND f.state = 'closed'
            AND f.closed_on >= $2
            AND f.cause IS NOT NULL
        GROUP BY f.cause
        ORDER BY 2 DESC, 1";
    CHANGE = "
        UPDATE follow_ups
        SET state = $2, owner_id = $3, owner_name = $4, due_on = $5, outcome = $6, cause = $7, closed_on = $8
        WHERE id = $1";
    STEPS = "
        SELECT number, what, at, name, note, before
        FROM follow_up_steps
        WHERE follow_up_id = $1
        ORDER BY number";
    ADD_STEP = "
        INSERT INTO follow_up_steps (follow_up_id, number, what, at, staff_id, name, note, before)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_SCORE = "
        SELECT interaction_id
        FROM follow_ups
        WHERE reason = 'score'
            AND state <> 'closed'
            AND interaction_id IS NOT NULL";
    GONE = "
        UPDATE follow_ups
        SET reason = 'removed'
        WHERE interaction_id = $1
            AND reason = 'score'";
    CLOSE_RETRACTED = "
        UPDATE follow_ups
        SET reason = 'removed', callback_request_id = NULL, state = 'closed', closed_on = COALESCE(closed_on, $2),
            outcome = COALESCE(outcome, 'withdrawn')
        WHERE callback_request_id = $1";
    CLEAR_ERASED = "UPDATE follow_ups SET callback_request_id = NULL WHERE callback_request_id = $1";
    // $1, $2: JSON arrays of conversations and of callback requests.
    ABOUT = "
        SELECT id, callback_request_id
        FROM follow_ups
        WHERE interaction_id IN {list $1}
        UNION
        SELECT id, callback_request_id
        FROM follow_ups
        WHERE callback_request_id IN {list $2}";
    // $1: JSON array of ids, in these three.
    ERASE = "
        UPDATE follow_ups
        SET reason = 'removed', why = NULL, callback_request_id = NULL, interaction_id = NULL, agent_id = NULL,
            state = 'closed', closed_on = COALESCE(closed_on, $2), outcome = COALESCE(outcome, 'erased')
        WHERE id IN {list $1}";
    ERASE_NOTES = "
        UPDATE follow_up_steps
        SET note = NULL
        WHERE what IN ('note', 'finished')
            AND follow_up_id IN {list $1}";
    ERASE_STEP = "
        INSERT INTO follow_up_steps (follow_up_id, number, what, at, name)
        SELECT f.id, COALESCE((SELECT MAX(s.number) FROM follow_up_steps s WHERE s.follow_up_id = f.id), 0) + 1,
            'erased', CAST($2 AS BIGINT), 'Afterword'
        FROM follow_ups f
        WHERE f.id IN {list $1}";
    WITH_CALLBACK_REQUEST = "SELECT callback_request_id FROM follow_ups WHERE callback_request_id IS NOT NULL";
    WAITING_IN = "
        SELECT COUNT(*)
        FROM follow_ups
        WHERE (team_id IN {list $1} OR team_id IS NULL)
            AND state = 'open'
            AND reason = $2";
    SUBSCRIPTIONS = "
        SELECT kind
        FROM alert_subscriptions
        WHERE staff_id = $1
        ORDER BY kind";
    SUBSCRIBERS = "
        SELECT staff_id
        FROM alert_subscriptions
        WHERE kind = $1
        ORDER BY staff_id";
    SUBSCRIBE = "
        INSERT INTO alert_subscriptions (staff_id, kind)
        VALUES ($1, $2)
        ON CONFLICT DO NOTHING";
    UNSUBSCRIBE = "DELETE FROM alert_subscriptions WHERE staff_id = $1";
}

/// A follow-up to insert.
#[derive(Debug)]
pub(super) struct NewFollowUp {
    pub id: FollowUpId,
    pub team: Option<TeamId>,
    pub interaction: Option<InteractionId>,
    pub agent: Option<AgentId>,
    pub reason: &'static str,
    pub why: Option<String>,
    pub opened_on: String,
    pub due_on: String,
    pub callback: Option<String>,
}

/// A step to insert.
#[derive(Debug)]
pub(super) struct NewStep<'a> {
    pub number: i64,
    pub what: &'static str,
    pub at: Timestamp,
    pub by: &'a StaffId,
    pub name: &'a str,
    pub note: Option<&'a str>,
    pub before: Option<String>,
}

fn teams_json(teams: &[TeamId]) -> String {
    json!(teams).to_string()
}

/// Returns false if there is one already.
pub(super) async fn add(conn: Conn<'_>, new: &NewFollowUp) -> Result<bool, DbError> {
    let added = execute!(
        conn,
        ADD,
        &new.id,
        &new.team,
        &new.interaction,
        &new.agent,
        new.reason,
        &new.why,
        &new.opened_on,
        &new.due_on,
        &new.callback
    )?;
    Ok(added > 0)
}

pub(super) async fn find(conn: Conn<'_>, teams: &[TeamId], id: &FollowUpId) -> Result<Option<FollowUp>, DbError> {
    fetch_optional!(conn, FIND => FollowUp, teams_json(teams), id)
}

pub(super) async fn of_interaction(
    conn: Conn<'_>,
    teams: &[TeamId],
    id: &InteractionId,
) -> Result<Vec<FollowUp>, DbError> {
    fetch_all!(conn, OF_INTERACTION => FollowUp, teams_json(teams), id)
}

/// Returns those after this day and id.
pub(super) async fn list(
    conn: Conn<'_>,
    teams: &[TeamId],
    which: Which,
    owner: &str,
    behind: (&str, &str),
    most: usize,
) -> Result<Vec<FollowUp>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let teams = teams_json(teams);
    if which == Which::Closed {
        fetch_all!(conn, LIST_CLOSED => FollowUp, teams, owner, behind.0, behind.1, most)
    } else {
        fetch_all!(conn, LIST_OPEN => FollowUp, teams, owner, behind.0, behind.1, most)
    }
}

/// Returns the number of open ones, and of those that are overdue.
pub(super) async fn waiting(conn: Conn<'_>, teams: &[TeamId], today: &str) -> Result<(i64, i64), DbError> {
    fetch_one!(conn, WAITING => (i64, i64), teams_json(teams), today)
}

pub(super) async fn causes(conn: Conn<'_>, teams: &[TeamId], since: &str) -> Result<Vec<CauseCount>, DbError> {
    fetch_all!(conn, CAUSES => CauseCount, teams_json(teams), since)
}

pub(super) async fn change(conn: Conn<'_>, to: &FollowUp) -> Result<(), DbError> {
    execute!(
        conn,
        CHANGE,
        &to.id,
        to.state.code(),
        &to.owner_id,
        &to.owner_name,
        &to.due_on,
        to.outcome.as_deref(),
        to.cause.as_deref(),
        &to.closed_on
    )
    .map(drop)
}

pub(super) async fn steps(conn: Conn<'_>, id: &FollowUpId) -> Result<Vec<Step>, DbError> {
    fetch_all!(conn, STEPS => Step, id)
}

/// Errors: [`DbError::Duplicate`] if someone else took a step at this position.
pub(super) async fn add_step(conn: Conn<'_>, id: &FollowUpId, step: &NewStep<'_>) -> Result<(), DbError> {
    execute!(conn, ADD_STEP, id, step.number, step.what, step.at, step.by, step.name, step.note, step.before.as_deref())
        .map(drop)
}

/// Returns the interactions of open follow-ups that a low score opened.
pub(super) async fn by_score(conn: Conn<'_>) -> Result<Vec<InteractionId>, DbError> {
    Ok(fetch_all!(conn, BY_SCORE => (InteractionId,))?.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn score_gone(conn: Conn<'_>, id: &InteractionId) -> Result<(), DbError> {
    execute!(conn, GONE, id).map(drop)
}

pub(super) async fn close_retracted(conn: Conn<'_>, callback: &str, today: &str) -> Result<(), DbError> {
    execute!(conn, CLOSE_RETRACTED, callback, today).map(drop)
}

pub(super) async fn clear_erased(conn: Conn<'_>, callback: &str) -> Result<(), DbError> {
    execute!(conn, CLEAR_ERASED, callback).map(drop)
}

/// Returns those about these conversations or from these callback requests, each with its request.
pub(super) async fn about(
    conn: Conn<'_>,
    ids: &[InteractionId],
    callbacks: &[String],
) -> Result<Vec<(FollowUpId, Option<String>)>, DbError> {
    fetch_all!(conn, ABOUT => (FollowUpId, Option<String>), json!(ids).to_string(), json!(callbacks).to_string())
}

/// Closes them without texts, request, conversation and agent; the last step records it. Waits for a concurrent step.
pub(super) async fn erase(mut conn: Conn<'_>, ids: &[FollowUpId], today: &str, now: Timestamp) -> Result<(), DbError> {
    let ids = json!(ids).to_string();
    execute!(conn.reborrow(), ERASE_STEP, &ids, now)?;
    execute!(conn.reborrow(), ERASE_NOTES, &ids)?;
    execute!(conn, ERASE, &ids, today).map(drop)
}

pub(super) async fn with_callback(conn: Conn<'_>) -> Result<Vec<String>, DbError> {
    Ok(fetch_all!(conn, WITH_CALLBACK_REQUEST => (String,))?.into_iter().map(|(id,)| id).collect())
}

/// Returns the number of unassigned ones with this reason.
pub(super) async fn waiting_for(conn: Conn<'_>, teams: &[TeamId], reason: &str) -> Result<i64, DbError> {
    Ok(fetch_one!(conn, WAITING_IN => (i64,), teams_json(teams), reason)?.0)
}

pub(super) async fn subscriptions(conn: Conn<'_>, staff: &StaffId) -> Result<Vec<String>, DbError> {
    Ok(fetch_all!(conn, SUBSCRIPTIONS => (String,), staff)?.into_iter().map(|(kind,)| kind).collect())
}

pub(super) async fn subscribers(conn: Conn<'_>, kind: &str) -> Result<Vec<StaffId>, DbError> {
    Ok(fetch_all!(conn, SUBSCRIBERS => (StaffId,), kind)?.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn subscribe(mut conn: Conn<'_>, staff: &StaffId, kinds: &[&str]) -> Result<(), DbError> {
    execute!(conn.reborrow(), UNSUBSCRIBE, staff)?;
    for kind in kinds {
        execute!(conn.reborrow(), SUBSCRIBE, staff, *kind)?;
    }
    Ok(())
}
