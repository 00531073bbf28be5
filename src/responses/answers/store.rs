//! SQL of answers. Every write comes through `linked.rs` and `apart.rs`, in batches.

mod rows;

use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{InteractionId, TeamId};
use crate::{execute, fetch_all, fetch_optional, fetch_packed, statements};
use serde::Serialize;
use serde_json::json;

pub use rows::Linked;
pub(in crate::responses) use rows::{AnswerSource, ByToken, Extra, LinkedRow, SealedFound, SealedRow};

/// Condition that no part of a linked answer is counted in a release.
macro_rules! not_counted {
    () => {
        "COALESCE(responses.score_release, '-') = '-'
            AND COALESCE(responses.resolved_release, '-') = '-'
            AND COALESCE(responses.comment_release, '-') = '-'
            AND NOT EXISTS (
                SELECT 1
                FROM response_extras e
                WHERE e.interaction_id = responses.interaction_id
                    AND e.release IS NOT NULL
            )"
    };
}

/// Inserts or updates linked answers where that is allowed.
macro_rules! put_linked {
    () => {
        concat!(
            "INSERT INTO responses (
            interaction_id, agent_id, team_id, survey, score, resolved, comment, month, mix_passes, score_release,
            resolved_release, comment_release, extras_release, quote_id, min_batch_size, external
        )
        SELECT j.value->>'interaction', j.value->>'agent', j.value->>'team', j.value->>'survey',
            CAST(j.value->>'score' AS BIGINT), j.value->>'resolved', j.value->>'comment', j.value->>'month', 1,
            CASE WHEN j.value->>'score' IS NULL THEN '-' END,
            CASE WHEN j.value->>'resolved' IS NULL THEN '-' END,
            CASE WHEN j.value->>'comment' IS NULL THEN '-' END,
            CASE WHEN CAST(j.value->>'extras' AS BOOLEAN) THEN NULL ELSE '-' END,
            j.value->>'quote_id', CAST(j.value->>'min_batch_size' AS BIGINT), CAST(j.value->>'external' AS BIGINT)
        FROM {rows $1} AS j
        WHERE EXISTS (
                SELECT 1
                FROM invitations v
                WHERE v.interaction_id = j.value->>'interaction'
                    AND v.state <> 'closed'
                    AND v.expires_at > $2
            )
            AND NOT EXISTS (SELECT 1 FROM spent_tokens s WHERE s.id = j.value->>'spent')
        ON CONFLICT (interaction_id) DO UPDATE SET score = excluded.score, resolved = excluded.resolved,
            comment = excluded.comment, score_release = excluded.score_release,
            resolved_release = excluded.resolved_release, comment_release = excluded.comment_release,
            extras_release = excluded.extras_release, quote_id = excluded.quote_id,
            min_batch_size = excluded.min_batch_size
        WHERE responses.mix_passes < $3
            AND ",
            not_counted!()
        )
    };
}

statements! {
    // PostgreSQL: one writer of answers at a time, across nodes. SQLite has no other.
    LOCK = sqlite "SELECT 1", pg "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7261646)) AS held";
    // $1: JSON array of [hash of the token, mark of the token]. Returns the invitation, its linked answer, and whether
    // the token is spent, in the order of the fields of `ByToken`.
    BY_TOKENS = "
        SELECT {packed
            v.token_hash,
            CASE WHEN EXISTS (SELECT 1 FROM spent_tokens s WHERE s.id = j.value->>1) THEN 1 ELSE 0 END,
            v.interaction_id, v.agent_id, v.team_id, v.survey, v.topic, v.channel, v.locale, v.state, v.expires_at,
            v.sent_at, i.occurred_at, i.utc_offset, a.name, a.display_name, r.score, r.resolved, r.comment, r.mix_passes,
            r.score_release, r.resolved_release, r.comment_release, r.quote_id}
        FROM {rows $1} AS j
        CROSS JOIN invitations v
        JOIN interactions i ON i.id = v.interaction_id
        LEFT JOIN agents a ON a.id = v.agent_id
        LEFT JOIN responses r ON r.interaction_id = v.interaction_id
        WHERE v.token_hash = j.value->>0";
    LINKED = "
        SELECT survey, score, resolved, comment, month
        FROM responses
        WHERE interaction_id = $1";
    // $1: JSON array of interactions.
    LINKED_SCORES = "
        SELECT interaction_id, score
        FROM responses
        WHERE score IS NOT NULL
            AND interaction_id IN {list $1}";
    // $1: JSON array of teams. In the order of the conversations, so that the order of the answers is not revealed.
    EXTREMES = "
        SELECT r.interaction_id, r.score
        FROM responses r
        JOIN interactions i ON i.id = r.interaction_id
        WHERE r.score IN (1, 2, 5)
            AND i.team_id IN {list $1}
        ORDER BY i.occurred_at DESC, i.id
        LIMIT $2";
    // Returns the records in the mix for a token, and a row without a record if the token is spent. $1: JSON array of
    // ids.
    IN_THE_MIX = "
        SELECT sealed, mix_passes
        FROM sealed_answers
        WHERE id IN {list $1}
        UNION ALL
        SELECT CAST(NULL AS TEXT) AS sealed, CAST(0 AS BIGINT) AS mix_passes
        FROM spent_tokens
        WHERE id = $2";
    EXTRAS = "
        SELECT question, value, text, release
        FROM response_extras
        WHERE interaction_id = $1
        ORDER BY question";
    // $1: JSON array of interactions. Removes the earlier answers before a change.
    CLEAR_EXTRAS = "DELETE FROM response_extras WHERE interaction_id IN {list $1}";
    // $1: JSON array of rows.
    PUT_EXTRAS = "
        INSERT INTO response_extras (interaction_id, question, value, text)
        SELECT j.value->>'interaction', j.value->>'question', CAST(j.value->>'value' AS BIGINT), j.value->>'text'
        FROM {rows $1} AS j";
    // $1: JSON array of rows. A question that was not answered has nothing to release, and is marked with '-'.
    PUT_LINKED = put_linked!();
    // As above, and returns which were taken: costs a result row for each.
    PUT_LINKED_TELLING = concat!(put_linked!(), " RETURNING interaction_id");
    // $1: JSON array of interactions. Selects whether a linked answer's ripeness is below $2 and it is not counted.
    CHANGEABLE = concat!("
        SELECT interaction_id,
            CAST(CASE WHEN mix_passes < $2
                AND ", not_counted!(), "
                THEN 1 ELSE 0 END AS BIGINT)
        FROM responses
        WHERE interaction_id IN {list $1}");
    // $1: JSON array of {interaction, below}.
    REMOVE_LINKED = concat!("
        DELETE FROM responses
        WHERE ", not_counted!(), "
            AND EXISTS (
                SELECT 1
                FROM {rows $1} AS j
                WHERE j.value->>'interaction' = responses.interaction_id
                    AND responses.mix_passes < CAST(j.value->>'below' AS BIGINT)
            )
            AND interaction_id IN (SELECT j.value->>'interaction' FROM {rows $1} AS j)
        RETURNING interaction_id");
    MARK_SPENT = "
        INSERT INTO spent_tokens (id, purge_month)
        SELECT j.value->>0, j.value->>1
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (id) DO NOTHING";
    MARK_SPENT_TELLING = "
        INSERT INTO spent_tokens (id, purge_month)
        SELECT j.value->>0, j.value->>1
        FROM {rows $1} AS j
        WHERE true
        ON CONFLICT (id) DO NOTHING
        RETURNING id";
    // $1: JSON array of [mark of a person, id of the suspected answer]. Only if there is a suspected answer; the mark
    // is kept equally long.
    MARK_PERSON = "
        INSERT INTO spent_tokens (id, purge_month)
        SELECT j.value->>0, s.purge_month
        FROM {rows $1} AS j
        CROSS JOIN suspects s
        WHERE s.id = j.value->>1
        ON CONFLICT (id) DO NOTHING";
    // $1: JSON array of marks.
    MARKED = "SELECT id FROM spent_tokens WHERE id IN {list $1}";
    // Replaces a comment in the mix that may no longer be quoted.
    RESEAL = "UPDATE sealed_answers SET sealed = $2 WHERE id = $1";
    UNMARK_SPENT = "DELETE FROM spent_tokens WHERE id = $1";
    UNRIPE = "
        SELECT id
        FROM sealed_answers
        WHERE mix_passes < $2
            AND id IN {list $1}";
    PUT_SEALED = "
        INSERT INTO sealed_answers (id, sealed, mix_passes)
        SELECT j.value->>'id', j.value->>'sealed', 1
        FROM {rows $1} AS j
        WHERE true
        {pg ORDER BY random()}
        ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed";
    REMOVE_SEALED = "DELETE FROM sealed_answers WHERE id IN {list $1} RETURNING id";
    PURGE_SPENT = "DELETE FROM spent_tokens WHERE purge_month < $1";
    // The last condition is that of the index responses_unreleased: counted answers are not read again.
    RIPEN_LINKED = "
        UPDATE responses
        SET mix_passes = mix_passes + 1
        WHERE interaction_id IN (
            SELECT interaction_id
            FROM responses
            WHERE interaction_id > $1
                AND mix_passes < $2
                AND (score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL
                    OR extras_release IS NULL)
            ORDER BY interaction_id
            LIMIT $3
        )
        RETURNING interaction_id";
    // The position of a row within a page reveals the order of arrival until the row is rewritten. The first pass makes
    // the row longer by a byte, so that SQLite can't write it to its old place (0 and 1 take no byte, 2 takes one:
    // ripeness begins at 1). A heap keeps the order of arrival, so PostgreSQL rewrites the rows in a random order; a
    // table that is its own index does not need this.
    RIPEN_SEALED = sqlite "
            UPDATE sealed_answers
            SET mix_passes = mix_passes + 1
            WHERE id IN (
                SELECT id
                FROM sealed_answers
                WHERE id > $1
                    AND mix_passes < $2
                ORDER BY id
                LIMIT $3
            )
            RETURNING id",
        pg "
            WITH chosen AS (
                SELECT id
                FROM sealed_answers
                WHERE id > $1
                    AND mix_passes < $2
                ORDER BY id
                LIMIT $3
            ), taken AS (
                DELETE FROM sealed_answers
                WHERE id IN (SELECT id FROM chosen)
                RETURNING id, sealed, mix_passes
            )
            INSERT INTO sealed_answers (id, sealed, mix_passes)
            SELECT id, sealed, mix_passes + 1
            FROM taken
            ORDER BY random()
            RETURNING id";
    // As above.
    RENEW_SPENT = sqlite "
            UPDATE spent_tokens
            SET mix_passes = 2
            WHERE id IN (
                SELECT id
                FROM spent_tokens INDEXED BY spent_tokens_unmixed
                WHERE mix_passes = 1
                    AND id > $1
                ORDER BY id
                LIMIT $2
            )
            RETURNING id",
        pg "
            WITH chosen AS (
                SELECT id
                FROM spent_tokens
                WHERE mix_passes = 1
                    AND id > $1
                ORDER BY id
                LIMIT $2
            ), taken AS (
                DELETE FROM spent_tokens
                WHERE id IN (SELECT id FROM chosen)
                RETURNING id, purge_month
            )
            INSERT INTO spent_tokens (id, purge_month, mix_passes)
            SELECT id, purge_month, 2
            FROM taken
            ORDER BY random()
            RETURNING id";
}

/// Prevents other writers of answers until the transaction ends. Locks no row and leaves no trace.
pub async fn lock_answers(conn: Conn<'_>) -> Result<(), DbError> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        conn @ Conn::Pg(..) => execute!(conn, LOCK).map(drop),
    }
}

fn to_json(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_default()
}

fn firsts(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(first,)| first).collect()
}

/// Returns the invitations of these links, each given as the hash and the mark of its token.
pub(super) async fn by_tokens(conn: Conn<'_>, links: &[(&str, &str)]) -> Result<Vec<ByToken>, DbError> {
    fetch_packed!(conn, BY_TOKENS => ByToken, to_json(&links))
}

pub(in crate::responses) async fn linked(conn: Conn<'_>, id: &InteractionId) -> Result<Option<Linked>, DbError> {
    fetch_optional!(conn, LINKED => Linked, id)
}

pub(in crate::responses) async fn linked_scores(
    conn: Conn<'_>,
    ids: &[InteractionId],
) -> Result<Vec<(InteractionId, i64)>, DbError> {
    fetch_all!(conn, LINKED_SCORES => (InteractionId, i64), to_json(&ids))
}

/// Returns interactions of these teams with a very good or a poor linked answer, newest interaction first.
pub(in crate::responses) async fn extremes(
    conn: Conn<'_>,
    teams: &[TeamId],
    most: i64,
) -> Result<Vec<(InteractionId, i64)>, DbError> {
    fetch_all!(conn, EXTREMES => (InteractionId, i64), to_json(&teams), most)
}

/// Returns the sealed records with these ids, and whether the token is spent.
pub(super) async fn in_the_mix(
    conn: Conn<'_>,
    ids: &[String],
    spent: &str,
) -> Result<(Vec<SealedFound>, bool), DbError> {
    let rows = fetch_all!(conn, IN_THE_MIX => (Option<String>, i64), to_json(&ids), spent)?;
    let is_spent = rows.iter().any(|(sealed, _)| sealed.is_none());
    let found = rows.into_iter().filter_map(|(sealed, ripeness)| Some(SealedFound { sealed: sealed?, ripeness }));
    Ok((found.collect(), is_spent))
}

/// Returns the number of answers that were taken.
pub(super) async fn put_linked(
    conn: Conn<'_>,
    rows: &[&LinkedRow],
    ripe_at: i64,
    now: Timestamp,
) -> Result<u64, DbError> {
    execute!(conn, PUT_LINKED, to_json(&rows), now, ripe_at)
}

/// Returns the interactions whose answers were taken.
pub(super) async fn put_linked_telling(
    conn: Conn<'_>,
    rows: &[&LinkedRow],
    ripe_at: i64,
    now: Timestamp,
) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, PUT_LINKED_TELLING => (String,), to_json(&rows), now, ripe_at)?))
}

/// Returns the linked answers to further questions.
pub(in crate::responses) async fn extras(conn: Conn<'_>, id: &InteractionId) -> Result<Vec<Extra>, DbError> {
    fetch_all!(conn, EXTRAS => Extra, id)
}

/// Replaces the answers to further questions. Runs no statement for responses without further questions.
pub(super) async fn put_extras(mut conn: Conn<'_>, rows: &[&LinkedRow]) -> Result<(), DbError> {
    let ids: Vec<_> = rows.iter().filter(|row| row.asks_further).map(|row| &row.interaction).collect();
    if ids.is_empty() {
        return Ok(());
    }
    execute!(conn.reborrow(), CLEAR_EXTRAS, to_json(&ids))?;
    let extras: Vec<serde_json::Value> = rows
        .iter()
        .flat_map(|row| row.further.iter().map(move |(question, value)| (row, question, value)))
        .map(|(row, question, value)| {
            json!({ "interaction": row.interaction, "question": question.code(), "value": value.number(), "text": value.text() })
        })
        .collect();
    if !extras.is_empty() {
        execute!(conn, PUT_EXTRAS, to_json(&extras))?;
    }
    Ok(())
}

/// Returns the interactions whose answers were removed.
pub(super) async fn remove_linked(conn: Conn<'_>, which: &[(&InteractionId, i64)]) -> Result<Vec<String>, DbError> {
    let rows: Vec<serde_json::Value> =
        which.iter().map(|(id, below)| json!({ "interaction": id, "below": below })).collect();
    Ok(firsts(fetch_all!(conn, REMOVE_LINKED => (String,), to_json(&rows))?))
}

/// Returns the linked answers of these interactions, and whether each can still be changed.
pub(super) async fn changeable(
    conn: Conn<'_>,
    ids: &[&InteractionId],
    ripe_at: i64,
) -> Result<Vec<(InteractionId, bool)>, DbError> {
    let rows = fetch_all!(conn, CHANGEABLE => (InteractionId, i64), to_json(&ids), ripe_at)?;
    Ok(rows.into_iter().map(|(id, changeable)| (id, changeable == 1)).collect())
}

/// Records that persons have used these links, each given as its mark and the id of a suspected answer; only if there
/// is one.
pub(super) async fn mark_person(conn: Conn<'_>, links: &[(&str, &str)]) -> Result<(), DbError> {
    execute!(conn, MARK_PERSON, to_json(&links)).map(drop)
}

/// Returns those of these marks that exist.
pub(super) async fn marked(conn: Conn<'_>, marks: &[&str]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, MARKED => (String,), to_json(&marks))?))
}

/// Returns the number of new marks.
pub(super) async fn mark_spent(conn: Conn<'_>, marks: &[(&str, &str)]) -> Result<u64, DbError> {
    execute!(conn, MARK_SPENT, to_json(&marks))
}

/// Returns the new marks.
pub(super) async fn mark_spent_telling(conn: Conn<'_>, marks: &[(&str, &str)]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, MARK_SPENT_TELLING => (String,), to_json(&marks))?))
}

pub(super) async fn unmark_spent(conn: Conn<'_>, id: &str) -> Result<(), DbError> {
    execute!(conn, UNMARK_SPENT, id).map(drop)
}

/// Replaces a record if it is still in the mix.
pub(in crate::responses) async fn reseal_comment(conn: Conn<'_>, id: &str, sealed: &str) -> Result<(), DbError> {
    execute!(conn, RESEAL, id, sealed).map(drop)
}

/// Returns those ids whose ripeness is below `ripe_at`.
pub(super) async fn unripe(conn: Conn<'_>, ids: &[&str], ripe_at: i64) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, UNRIPE => (String,), to_json(&ids), ripe_at)?))
}

pub(super) async fn put_sealed(conn: Conn<'_>, rows: &[&SealedRow]) -> Result<(), DbError> {
    execute!(conn, PUT_SEALED, to_json(&rows)).map(drop)
}

/// Removes the records and returns the ids of those that existed.
pub(super) async fn remove_sealed(conn: Conn<'_>, ids: &[&str]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, REMOVE_SEALED => (String,), to_json(&ids))?))
}

/// Deletes the marks of past months.
pub(in crate::responses) async fn purge_spent(conn: Conn<'_>, month: &str) -> Result<(), DbError> {
    execute!(conn, PURGE_SPENT, month).map(drop)
}

/// Rewrites the next `most` fresh marks after `from` and returns their ids.
pub(in crate::responses) async fn renew_spent(conn: Conn<'_>, from: &str, most: usize) -> Result<Vec<String>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(firsts(fetch_all!(conn, RENEW_SPENT => (String,), from, most)?))
}

/// Raises the ripeness of the next `most` answers of a source after `from` that are below `below`; returns their ids.
pub(in crate::responses) async fn ripen(
    conn: Conn<'_>,
    shelf: AnswerSource,
    from: &str,
    below: i64,
    most: usize,
) -> Result<Vec<String>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let raised = match shelf {
        AnswerSource::Sealed => fetch_all!(conn, RIPEN_SEALED => (String,), from, below, most),
        AnswerSource::Linked => fetch_all!(conn, RIPEN_LINKED => (String,), from, below, most),
    };
    Ok(firsts(raised?))
}
