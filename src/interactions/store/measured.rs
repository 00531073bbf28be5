//! SQL of the figures, and of the lists that use them.

use super::{Filter, Interaction, SurveyState, further};
use crate::access::principal::Visible;
use crate::database::{Conn, DbError, VisibleBinds};
use crate::ids::InteractionId;
use crate::interactions::Channel;
use crate::interactions::figures::{Figures, Measured, Notable, Notice, Sort, Sorted};
use crate::paging::Cursor;
use crate::{execute, fetch_all, same_person, statements, visible_to};

/// Condition on the figures in row `f`: $10 to $16.
macro_rules! fits {
    () => {
        "($10 < 0 OR f.silence_ms > $10)
            AND ($11 < 0 OR f.interruptions >= $11)
            AND ($12 < 0 OR f.agent_share > $12)
            AND ($13 < 0 OR f.agent_share < $13)
            AND ($14 < 0 OR f.first_reply_ms > $14)
            AND ($15 < 0 OR f.unanswered_ms > $15)
            AND ($16 < 0 OR f.nags >= $16)"
    };
}

/// Figure to sort by: $17 names it.
macro_rules! sort_key {
    () => {
        "(CASE $17
            WHEN 'silence' THEN f.silence_ms
            WHEN 'interruptions' THEN f.interruptions
            WHEN 'agent_share' THEN f.agent_share
            WHEN 'first_reply' THEN f.first_reply_ms
            ELSE f.unanswered_ms
        END)"
    };
}

statements! {
    SET = "
        INSERT INTO figures (
            interaction_id, silence_ms, interruptions, agent_share, first_reply_ms, unanswered_ms, nags
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (interaction_id) DO UPDATE SET silence_ms = excluded.silence_ms,
            interruptions = excluded.interruptions, agent_share = excluded.agent_share,
            first_reply_ms = excluded.first_reply_ms, unanswered_ms = excluded.unanswered_ms, nags = excluded.nags";
    CLEAR = "DELETE FROM figures WHERE interaction_id = $1";
    OF = "
        SELECT interaction_id, silence_ms, interruptions, agent_share, first_reply_ms, unanswered_ms, nags
        FROM figures
        WHERE interaction_id IN {list $1}";
    // The few matching rows are found in the narrow table first.
    LIST_MEASURED = concat!("
        ", interaction!(), "
        WHERE ", visible_to!(), "
            AND (i.occurred_at < $4 OR (i.occurred_at = $4 AND i.id > $5))
            AND ", filters!(), "
            AND ", further_filters!(18), "
            AND i.id IN (SELECT f.interaction_id FROM figures f WHERE ", fits!(), ")
        ORDER BY i.occurred_at DESC, i.id
        LIMIT $17");
    LIST_SORTED = concat!("
        ", sorted_interaction!(), "
        WHERE ", visible_to!(), "
            AND ", filters!(), "
            AND ", further_filters!(19), "
            AND ", fits!(), "
            AND ", sort_key!(), " IS NOT NULL
            AND (", sort_key!(), " < $4 OR (", sort_key!(), " = $4 AND i.id > $5))
        ORDER BY sort_key DESC, i.id
        LIMIT $18");
    NOTABLE = concat!("
        SELECT f.interaction_id, f.silence_ms, f.interruptions, f.agent_share, f.first_reply_ms, f.unanswered_ms,
            f.nags
        FROM interactions i
        JOIN figures f ON f.interaction_id = i.id
        WHERE ", visible_to!(), "
            AND i.occurred_at >= $4
            AND (f.silence_ms >= $5 OR f.unanswered_ms >= $6 OR f.nags > 0)
        ORDER BY i.occurred_at DESC, i.id
        LIMIT $7");
}

#[derive(sqlx::FromRow)]
struct Row {
    interaction_id: InteractionId,
    #[sqlx(flatten)]
    figures: Figures,
}

pub(in crate::interactions) async fn set(conn: Conn<'_>, id: &InteractionId, f: &Figures) -> Result<(), DbError> {
    execute!(conn, SET, id, f.silence_ms, f.interruptions, f.agent_share, f.first_reply_ms, f.unanswered_ms, f.nags)
        .map(drop)
}

pub(in crate::interactions) async fn clear(conn: Conn<'_>, id: &InteractionId) -> Result<(), DbError> {
    execute!(conn, CLEAR, id).map(drop)
}

pub(in crate::interactions) async fn of(
    conn: Conn<'_>,
    ids: &[InteractionId],
) -> Result<Vec<(InteractionId, Figures)>, DbError> {
    let rows = fetch_all!(conn, OF => Row, serde_json::json!(ids).to_string())?;
    Ok(rows.into_iter().map(|row| (row.interaction_id, row.figures)).collect())
}

/// Returns the parameters of [`fits!`]: a negative value filters nothing.
fn binds(m: &Measured) -> [i64; 7] {
    [
        m.silence_over_ms,
        m.interruptions_from,
        m.agent_share_over,
        m.agent_share_under,
        m.first_reply_over_ms,
        m.unanswered_over_ms,
        m.nags_from,
    ]
    .map(|asked| asked.unwrap_or(-1))
}

pub(in crate::interactions) async fn list(
    conn: Conn<'_>,
    visible: &Visible,
    filter: &Filter,
    from: &Cursor,
    most: usize,
) -> Result<Vec<Interaction>, DbError> {
    let v = VisibleBinds::from(visible);
    let m = binds(&filter.measured);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, LIST_MEASURED => Interaction, v.all, v.teams, v.agent, from.at, &from.id, &filter.agent, &filter.team,
        filter.channel.map(Channel::code), filter.survey.map(SurveyState::code), m[0], m[1], m[2], m[3], m[4], m[5], m[6], most,
        further(filter))
}

pub(in crate::interactions) async fn sorted(
    conn: Conn<'_>,
    visible: &Visible,
    filter: &Filter,
    from: &Cursor,
    most: usize,
) -> Result<Vec<Sorted>, DbError> {
    let v = VisibleBinds::from(visible);
    let m = binds(&filter.measured);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, LIST_SORTED => Sorted, v.all, v.teams, v.agent, from.at, &from.id, &filter.agent, &filter.team,
        filter.channel.map(Channel::code), filter.survey.map(SurveyState::code), m[0], m[1], m[2], m[3], m[4], m[5], m[6],
        Sort::code(filter.sort), most, further(filter))
}

pub(in crate::interactions) async fn notable(
    conn: Conn<'_>,
    visible: &Visible,
    notice: Notice,
    most: i64,
) -> Result<Vec<Notable>, DbError> {
    let v = VisibleBinds::from(visible);
    let rows = fetch_all!(conn, NOTABLE => Row, v.all, v.teams, v.agent, notice.since, notice.silence_ms,
        notice.unanswered_ms, most)?;
    Ok(rows.into_iter().map(|row| Notable { id: row.interaction_id, figures: row.figures }).collect())
}
