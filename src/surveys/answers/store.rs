//! SQL of answers. Every write comes through `linked.rs` and `apart.rs`, in batches.

use super::{Answer, Invited, Shelved, Value};
use crate::clock::Timestamp;
use crate::config::Choice;
use crate::database::{Conn, DbError};
use crate::ids::{AgentId, InteractionId, TeamId};
use crate::surveys::Version;
use crate::surveys::definition::Question;
use crate::{execute, fetch_all, fetch_optional, fetch_packed, statements};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Invitations by the tokens of a list `j`, packed (see `packed!`); columns in the order of [`ByToken`]'s fields.
macro_rules! by_tokens {
    ($pack:literal, $packed:literal, $hash:literal, $spent:literal, $list:literal) => {
        concat!(
            "SELECT ",
            $pack,
            "v.token_hash, CASE WHEN EXISTS (SELECT 1 FROM spent_tokens s WHERE s.id = ",
            $spent,
            ") THEN 1 ELSE 0 END, v.interaction_id, v.agent_id, v.team_id, v.survey, v.topic, v.channel, v.locale, v.state, v.expires_at, v.sent_at, \
            i.occurred_at, a.name, r.score, r.resolved, r.comment, r.mix_passes, r.score_release, r.resolved_release, r.comment_release, r.quote_id",
            $packed,
            " FROM ",
            $list,
            " AS j CROSS JOIN invitations v JOIN interactions i ON i.id = v.interaction_id \
            LEFT JOIN agents a ON a.id = v.agent_id LEFT JOIN responses r ON r.interaction_id = v.interaction_id WHERE v.token_hash = ",
            $hash
        )
    };
}

/// Linked answers, new or changed, where that may be.
macro_rules! put_linked {
    (sqlite, $telling:literal) => {
        concat!(
            "INSERT INTO responses (interaction_id, agent_id, team_id, survey, score, resolved, comment, month, mix_passes, \
                score_release, resolved_release, comment_release, extras_release, quote_id, min_batch_size, external) \
            SELECT j.value->>'interaction', j.value->>'agent', j.value->>'team', j.value->>'survey', j.value->>'score', \
                j.value->>'resolved', j.value->>'comment', j.value->>'month', 1, \
                CASE WHEN j.value->>'score' IS NULL THEN '-' END, CASE WHEN j.value->>'resolved' IS NULL THEN '-' END, \
                CASE WHEN j.value->>'comment' IS NULL THEN '-' END, CASE WHEN j.value->>'extras' THEN NULL ELSE '-' END, \
                j.value->>'quote_id', j.value->>'min_batch_size', j.value->>'external' \
            FROM json_each($1) AS j \
            WHERE EXISTS (SELECT 1 FROM invitations v WHERE v.interaction_id = j.value->>'interaction' AND v.state <> 'closed' AND v.expires_at > $2) \
                AND NOT EXISTS (SELECT 1 FROM spent_tokens s WHERE s.id = j.value->>'spent') \
            ON CONFLICT (interaction_id) DO UPDATE SET score = excluded.score, resolved = excluded.resolved, comment = excluded.comment, \
                score_release = excluded.score_release, resolved_release = excluded.resolved_release, \
                comment_release = excluded.comment_release, extras_release = excluded.extras_release, quote_id = excluded.quote_id, \
                min_batch_size = excluded.min_batch_size \
            WHERE responses.mix_passes < $3 AND COALESCE(responses.score_release, '-') = '-' AND COALESCE(responses.resolved_release, '-') = '-' \
                AND COALESCE(responses.comment_release, '-') = '-' AND NOT EXISTS (SELECT 1 FROM response_extras e \
                    WHERE e.interaction_id = responses.interaction_id AND e.release IS NOT NULL)",
            $telling
        )
    };
    (pg, $telling:literal) => {
        concat!(
            "INSERT INTO responses (interaction_id, agent_id, team_id, survey, score, resolved, comment, month, mix_passes, \
                score_release, resolved_release, comment_release, extras_release, quote_id, min_batch_size, external) \
            SELECT j->>'interaction', j->>'agent', j->>'team', j->>'survey', (j->>'score')::bigint, \
                j->>'resolved', j->>'comment', j->>'month', 1, \
                CASE WHEN j->>'score' IS NULL THEN '-' END, CASE WHEN j->>'resolved' IS NULL THEN '-' END, \
                CASE WHEN j->>'comment' IS NULL THEN '-' END, CASE WHEN (j->>'extras')::boolean THEN NULL ELSE '-' END, \
                j->>'quote_id', (j->>'min_batch_size')::bigint, (j->>'external')::bigint \
            FROM jsonb_array_elements($1::jsonb) AS j \
            WHERE EXISTS (SELECT 1 FROM invitations v WHERE v.interaction_id = j->>'interaction' AND v.state <> 'closed' AND v.expires_at > $2) \
                AND NOT EXISTS (SELECT 1 FROM spent_tokens s WHERE s.id = j->>'spent') \
            ON CONFLICT (interaction_id) DO UPDATE SET score = excluded.score, resolved = excluded.resolved, comment = excluded.comment, \
                score_release = excluded.score_release, resolved_release = excluded.resolved_release, \
                comment_release = excluded.comment_release, extras_release = excluded.extras_release, quote_id = excluded.quote_id, \
                min_batch_size = excluded.min_batch_size \
            WHERE responses.mix_passes < $3 AND COALESCE(responses.score_release, '-') = '-' AND COALESCE(responses.resolved_release, '-') = '-' \
                AND COALESCE(responses.comment_release, '-') = '-' AND NOT EXISTS (SELECT 1 FROM response_extras e \
                    WHERE e.interaction_id = responses.interaction_id AND e.release IS NOT NULL)",
            $telling
        )
    };
}

/// Linked answers and whether they can still be changed.
macro_rules! changeable {
    ($which:literal) => {
        concat!(
            "SELECT interaction_id, CAST(CASE WHEN mix_passes < $2 AND COALESCE(score_release, '-') = '-' AND COALESCE(resolved_release, '-') = '-' \
                AND COALESCE(comment_release, '-') = '-' AND NOT EXISTS (SELECT 1 FROM response_extras e \
                    WHERE e.interaction_id = responses.interaction_id AND e.release IS NOT NULL) THEN 1 ELSE 0 END AS BIGINT) \
            FROM responses WHERE ",
            $which
        )
    };
}

statements! {
    // PostgreSQL: one writer of answers at a time, across nodes. SQLite has no other.
    LOCK = sqlite "SELECT 1", pg "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7261646)) AS held";
    // $1: JSON array of [hash of the token, mark of the token]. The invitation, the linked answer beside it, and whether the token
    // is spent.
    BY_TOKENS = sqlite by_tokens!("json_group_array(json_array(", "))", "j.value->>0", "j.value->>1", "json_each($1)"),
        pg by_tokens!("COALESCE(json_agg(json_build_array(", ")), '[]'::json)::text", "j->>0", "j->>1", "jsonb_array_elements($1::jsonb)");
    LINKED = "SELECT survey, score, resolved, comment, month FROM responses WHERE interaction_id = $1";
    // $1: JSON array of interactions.
    LINKED_SCORES = sqlite "SELECT interaction_id, score FROM responses WHERE score IS NOT NULL \
            AND interaction_id IN (SELECT value FROM json_each($1))",
        pg "SELECT interaction_id, score FROM responses WHERE score IS NOT NULL \
            AND interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb))";
    // $1: JSON array of teams. In the order of the conversations: nothing tells the order of the answers.
    EXTREMES = sqlite "SELECT r.interaction_id, r.score FROM responses r JOIN interactions i ON i.id = r.interaction_id \
            WHERE r.score IN (1, 2, 5) AND i.team_id IN (SELECT value FROM json_each($1)) ORDER BY i.occurred_at DESC, i.id LIMIT $2",
        pg "SELECT r.interaction_id, r.score FROM responses r JOIN interactions i ON i.id = r.interaction_id \
            WHERE r.score IN (1, 2, 5) AND i.team_id IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY i.occurred_at DESC, i.id LIMIT $2";
    // What the mix holds for a token: its records, and a row without one where the token is spent.
    // $1: JSON array of ids.
    IN_THE_MIX = sqlite "SELECT sealed, mix_passes FROM sealed_answers WHERE id IN (SELECT value FROM json_each($1)) \
            UNION ALL SELECT CAST(NULL AS TEXT) AS sealed, CAST(0 AS BIGINT) AS mix_passes FROM spent_tokens WHERE id = $2",
        pg "SELECT sealed, mix_passes FROM sealed_answers WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb)) \
            UNION ALL SELECT CAST(NULL AS TEXT) AS sealed, CAST(0 AS BIGINT) AS mix_passes FROM spent_tokens WHERE id = $2";
    EXTRAS = "SELECT question, value, text, release FROM response_extras WHERE interaction_id = $1 ORDER BY question";
    // $1: JSON array of interactions: what was answered before the change goes.
    CLEAR_EXTRAS = sqlite "DELETE FROM response_extras WHERE interaction_id IN (SELECT value FROM json_each($1))",
        pg "DELETE FROM response_extras WHERE interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb))";
    // $1: JSON array of rows.
    PUT_EXTRAS = sqlite "INSERT INTO response_extras (interaction_id, question, value, text) \
            SELECT j.value->>'interaction', j.value->>'question', j.value->>'value', j.value->>'text' FROM json_each($1) AS j",
        pg "INSERT INTO response_extras (interaction_id, question, value, text) \
            SELECT j->>'interaction', j->>'question', (j->>'value')::bigint, j->>'text' FROM jsonb_array_elements($1::jsonb) AS j";
    // $1: JSON array of rows. A question that was not answered has nothing to be released, and says so with '-'.
    PUT_LINKED = sqlite put_linked!(sqlite, ""), pg put_linked!(pg, "");
    // The same, telling which were taken: a row of its own for each, which costs.
    PUT_LINKED_TELLING = sqlite put_linked!(sqlite, " RETURNING interaction_id"), pg put_linked!(pg, " RETURNING interaction_id");
    // $1: JSON array of interactions. Whether a linked answer is less ripe than $2, and no part of a total.
    CHANGEABLE = sqlite changeable!("interaction_id IN (SELECT value FROM json_each($1))"),
        pg changeable!("interaction_id IN (SELECT jsonb_array_elements_text($1::jsonb))");
    // $1: JSON array of {interaction, below}.
    REMOVE_LINKED = sqlite "DELETE FROM responses WHERE COALESCE(score_release, '-') = '-' AND COALESCE(resolved_release, '-') = '-' \
                AND COALESCE(comment_release, '-') = '-' AND NOT EXISTS (SELECT 1 FROM response_extras e \
                    WHERE e.interaction_id = responses.interaction_id AND e.release IS NOT NULL) AND EXISTS (SELECT 1 FROM json_each($1) AS j \
                WHERE j.value->>'interaction' = responses.interaction_id AND responses.mix_passes < j.value->>'below') \
            AND interaction_id IN (SELECT j.value->>'interaction' FROM json_each($1) AS j) RETURNING interaction_id",
        pg "DELETE FROM responses USING jsonb_array_elements($1::jsonb) AS j \
            WHERE responses.interaction_id = j->>'interaction' AND responses.mix_passes < (j->>'below')::bigint \
                AND COALESCE(score_release, '-') = '-' AND COALESCE(resolved_release, '-') = '-' AND COALESCE(comment_release, '-') = '-' \
                AND NOT EXISTS (SELECT 1 FROM response_extras e WHERE e.interaction_id = responses.interaction_id AND e.release IS NOT NULL) \
            RETURNING responses.interaction_id";
    MARK_SPENT = sqlite "INSERT INTO spent_tokens (id, purge_month) SELECT j.value->>0, j.value->>1 FROM json_each($1) AS j WHERE true \
            ON CONFLICT (id) DO NOTHING",
        pg "INSERT INTO spent_tokens (id, purge_month) SELECT j->>0, j->>1 FROM jsonb_array_elements($1::jsonb) AS j \
            ON CONFLICT (id) DO NOTHING";
    MARK_SPENT_TELLING = sqlite "INSERT INTO spent_tokens (id, purge_month) SELECT j.value->>0, j.value->>1 FROM json_each($1) AS j WHERE true \
            ON CONFLICT (id) DO NOTHING RETURNING id",
        pg "INSERT INTO spent_tokens (id, purge_month) SELECT j->>0, j->>1 FROM jsonb_array_elements($1::jsonb) AS j \
            ON CONFLICT (id) DO NOTHING RETURNING id";
    // $1: JSON array of [mark of a person, id of what is kept aside]. Only where something is; the mark is kept as long.
    MARK_PERSON = sqlite "INSERT INTO spent_tokens (id, purge_month) SELECT j.value->>0, s.purge_month FROM json_each($1) AS j \
            CROSS JOIN suspects s ON s.id = j.value->>1 WHERE true ON CONFLICT (id) DO NOTHING",
        pg "INSERT INTO spent_tokens (id, purge_month) SELECT j->>0, s.purge_month FROM jsonb_array_elements($1::jsonb) AS j \
            JOIN suspects s ON s.id = j->>1 ON CONFLICT (id) DO NOTHING";
    // $1: JSON array of marks.
    MARKED = sqlite "SELECT id FROM spent_tokens WHERE id IN (SELECT value FROM json_each($1))",
        pg "SELECT id FROM spent_tokens WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb))";
    // A comment that is not to be quoted any more, while it is in the mix.
    RESEAL = "UPDATE sealed_answers SET sealed = $2 WHERE id = $1";
    UNMARK_SPENT = "DELETE FROM spent_tokens WHERE id = $1";
    UNRIPE = sqlite "SELECT id FROM sealed_answers WHERE mix_passes < $2 AND id IN (SELECT value FROM json_each($1))",
        pg "SELECT id FROM sealed_answers WHERE mix_passes < $2 AND id IN (SELECT jsonb_array_elements_text($1::jsonb))";
    PUT_SEALED = sqlite "INSERT INTO sealed_answers (id, sealed, mix_passes) \
            SELECT j.value->>'id', j.value->>'sealed', 1 FROM json_each($1) AS j WHERE true \
            ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
        pg "INSERT INTO sealed_answers (id, sealed, mix_passes) \
            SELECT j->>'id', j->>'sealed', 1 FROM jsonb_array_elements($1::jsonb) AS j ORDER BY random() \
            ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed";
    REMOVE_SEALED = sqlite "DELETE FROM sealed_answers WHERE id IN (SELECT value FROM json_each($1)) RETURNING id",
        pg "DELETE FROM sealed_answers WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb)) RETURNING id";
    PURGE_SPENT = "DELETE FROM spent_tokens WHERE purge_month < $1";
    // The last condition is that of the index responses_unreleased: what is counted is not looked at again.
    RIPEN_LINKED = "UPDATE responses SET mix_passes = mix_passes + 1 WHERE interaction_id IN (SELECT interaction_id FROM responses \
        WHERE interaction_id > $1 AND mix_passes < $2 \
            AND (score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL OR extras_release IS NULL) \
        ORDER BY interaction_id LIMIT $3) RETURNING interaction_id";
    // A place within a page tells the order of arrival until the row is written anew. The first pass makes it longer by a byte, so that
    // SQLite can't write it where it was (0 and 1 take none, 2 takes one: ripeness begins at 1).
    // A heap keeps the order of arrival, so PostgreSQL writes the rows anew in a random one; a table that is its index does not.
    RIPEN_SEALED = sqlite "UPDATE sealed_answers SET mix_passes = mix_passes + 1 WHERE id IN (SELECT id FROM sealed_answers \
            WHERE id > $1 AND mix_passes < $2 ORDER BY id LIMIT $3) RETURNING id",
        pg "WITH chosen AS (SELECT id FROM sealed_answers WHERE id > $1 AND mix_passes < $2 ORDER BY id LIMIT $3), \
            taken AS (DELETE FROM sealed_answers WHERE id IN (SELECT id FROM chosen) RETURNING id, sealed, mix_passes) \
            INSERT INTO sealed_answers (id, sealed, mix_passes) SELECT id, sealed, mix_passes + 1 FROM taken ORDER BY random() RETURNING id";
    // As above.
    RENEW_SPENT = sqlite "UPDATE spent_tokens SET mix_passes = 2 WHERE id IN (SELECT id FROM spent_tokens INDEXED BY spent_tokens_unmixed \
            WHERE mix_passes = 1 AND id > $1 ORDER BY id LIMIT $2) RETURNING id",
        pg "WITH chosen AS (SELECT id FROM spent_tokens WHERE mix_passes = 1 AND id > $1 ORDER BY id LIMIT $2), \
            taken AS (DELETE FROM spent_tokens WHERE id IN (SELECT id FROM chosen) RETURNING id, purge_month) \
            INSERT INTO spent_tokens (id, purge_month, mix_passes) SELECT id, purge_month, 2 FROM taken ORDER BY random() RETURNING id";
}

/// Lets nobody else write answers until the transaction ends. Takes no row and leaves no trace.
pub async fn lock_answers(conn: Conn<'_>) -> Result<(), DbError> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        conn @ Conn::Pg(..) => execute!(conn, LOCK).map(drop),
    }
}

/// An invitation by its token, with the linked answer beside it.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::surveys) struct ByToken {
    pub(super) token_hash: String,
    /// 1: the mix has, or had, something for it.
    pub(super) spent: i64,
    pub(super) interaction_id: InteractionId,
    agent_id: Option<AgentId>,
    team_id: Option<TeamId>,
    pub(super) survey: String,
    topic: Option<String>,
    channel: String,
    locale: Option<String>,
    pub(super) state: String,
    pub(super) expires_at: Timestamp,
    sent_at: Option<Timestamp>,
    occurred_at: Timestamp,
    agent_name: Option<String>,
    score: Option<i64>,
    resolved: Option<String>,
    comment: Option<String>,
    mix_passes: Option<i64>,
    score_release: Option<String>,
    resolved_release: Option<String>,
    comment_release: Option<String>,
    quote_id: Option<String>,
}

impl ByToken {
    /// What the page knows of the invitation.
    pub(super) fn invited(self, version: Arc<Version>) -> Invited {
        Invited {
            interaction: self.interaction_id,
            agent: self.agent_id,
            agent_name: self.agent_name,
            team: self.team_id,
            version,
            locale: self.locale,
            topic: self.topic,
            channel: self.channel,
            occurred_at: self.occurred_at,
            sent_at: self.sent_at,
        }
    }

    /// The linked answer, without the answers to further questions.
    pub(super) fn linked(&self) -> Option<(Answer, Shelved)> {
        let ripeness = self.mix_passes?;
        let mut values = BTreeMap::new();
        values.extend(self.score.map(|score| (Question::Score, Value::Number(score))));
        values
            .extend(self.resolved.as_deref().map(|said| (Question::Resolved, Value::Number(i64::from(said == "yes")))));
        values.extend(self.comment.clone().map(|text| (Question::Comment, Value::Text(text))));
        let releases = [&self.score_release, &self.resolved_release, &self.comment_release];
        let counted = releases.into_iter().flatten().any(|release| release != "-");
        Some((Answer { values, choice: Choice::Linked, quote: self.quote_id.is_some() }, Shelved { ripeness, counted }))
    }
}

/// A linked answer to a further question.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::surveys) struct Extra {
    question: String,
    value: Option<i64>,
    text: Option<String>,
    pub release: Option<String>,
}

impl Extra {
    /// The question and what was answered; none where it is no question's code.
    pub fn value(self) -> Option<(Question, Value)> {
        let value = self.value.map(Value::Number).or(self.text.map(Value::Text))?;
        Some((Question::known(&self.question)?, value))
    }
}

/// A linked answer, as the supervisors of its team see it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Linked {
    /// Which version was answered.
    pub survey: String,
    /// 1 to 5.
    pub score: Option<i64>,
    /// `yes`, `no`, or not answered.
    pub resolved: Option<String>,
    /// In the customer's words.
    pub comment: Option<String>,
    /// The month of the answer, `2026-11`; nothing finer is known.
    pub month: String,
}

/// A linked answer to be written.
#[derive(Debug, Clone, Serialize)]
pub(in crate::surveys) struct LinkedRow {
    pub interaction: InteractionId,
    pub agent: Option<AgentId>,
    pub team: Option<TeamId>,
    pub survey: String,
    pub score: Option<i64>,
    pub resolved: Option<&'static str>,
    pub comment: Option<String>,
    pub month: String,
    /// Under which id the comment may be quoted.
    pub quote_id: Option<String>,
    /// The mark that an apart answer would have left.
    pub spent: String,
    /// Under which id an answer of the same link would be kept aside.
    #[serde(skip)]
    pub suspect: String,
    /// The mark of a person.
    #[serde(skip)]
    pub person: String,
    /// The smallest batch that it may be counted in.
    pub min_batch_size: u32,
    /// 1: from a kiosk or a phone keypad.
    pub external: i64,
    /// Does its survey ask further questions?
    #[serde(skip)]
    pub asks_further: bool,
    /// Answers to further questions; as JSON: are there any?
    #[serde(rename = "extras", serialize_with = "are_there_any")]
    pub further: Vec<(Question, Value)>,
}

fn are_there_any<S: serde::Serializer>(further: &[(Question, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(!further.is_empty())
}

/// A sealed record to be written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::surveys) struct SealedRow {
    pub id: String,
    pub sealed: String,
}

/// A sealed record that is there.
#[derive(Debug)]
pub(super) struct SealedFound {
    pub sealed: String,
    pub ripeness: i64,
}

/// Where answers lie.
#[derive(Debug, Clone, Copy)]
pub(in crate::surveys) enum AnswerSource {
    Sealed,
    Linked,
}

fn to_json(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_default()
}

fn firsts(rows: Vec<(String,)>) -> Vec<String> {
    rows.into_iter().map(|(first,)| first).collect()
}

/// The invitations of these links, each given as the hash and the mark of its token.
pub(super) async fn by_tokens(conn: Conn<'_>, links: &[(&str, &str)]) -> Result<Vec<ByToken>, DbError> {
    fetch_packed!(conn, BY_TOKENS => ByToken, to_json(&links))
}

pub(in crate::surveys) async fn linked(conn: Conn<'_>, id: &InteractionId) -> Result<Option<Linked>, DbError> {
    fetch_optional!(conn, LINKED => Linked, id)
}

pub(in crate::surveys) async fn linked_scores(
    conn: Conn<'_>,
    ids: &[InteractionId],
) -> Result<Vec<(InteractionId, i64)>, DbError> {
    fetch_all!(conn, LINKED_SCORES => (InteractionId, i64), to_json(&ids))
}

/// Interactions of these teams with a very good or a poor answer beside them, the newest interaction first.
pub(in crate::surveys) async fn extremes(
    conn: Conn<'_>,
    teams: &[TeamId],
    most: i64,
) -> Result<Vec<(InteractionId, i64)>, DbError> {
    fetch_all!(conn, EXTREMES => (InteractionId, i64), to_json(&teams), most)
}

/// The sealed records under these ids, and whether the token is spent.
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

/// How many answers were taken.
pub(super) async fn put_linked(
    conn: Conn<'_>,
    rows: &[&LinkedRow],
    ripe_at: i64,
    now: Timestamp,
) -> Result<u64, DbError> {
    execute!(conn, PUT_LINKED, to_json(&rows), now, ripe_at)
}

/// The interactions whose answers were taken.
pub(super) async fn put_linked_telling(
    conn: Conn<'_>,
    rows: &[&LinkedRow],
    ripe_at: i64,
    now: Timestamp,
) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, PUT_LINKED_TELLING => (String,), to_json(&rows), now, ripe_at)?))
}

/// The linked answers to further questions.
pub(in crate::surveys) async fn extras(conn: Conn<'_>, id: &InteractionId) -> Result<Vec<Extra>, DbError> {
    fetch_all!(conn, EXTRAS => Extra, id)
}

/// Writes answers to further questions, in place of those that there were. Surveys without any cost nothing.
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

/// The interactions whose answers went.
pub(super) async fn remove_linked(conn: Conn<'_>, which: &[(&InteractionId, i64)]) -> Result<Vec<String>, DbError> {
    let rows: Vec<serde_json::Value> =
        which.iter().map(|(id, below)| json!({ "interaction": id, "below": below })).collect();
    Ok(firsts(fetch_all!(conn, REMOVE_LINKED => (String,), to_json(&rows))?))
}

/// The linked answers beside these interactions, and whether each can still be changed.
pub(super) async fn changeable(
    conn: Conn<'_>,
    ids: &[&InteractionId],
    ripe_at: i64,
) -> Result<Vec<(InteractionId, bool)>, DbError> {
    let rows = fetch_all!(conn, CHANGEABLE => (InteractionId, i64), to_json(&ids), ripe_at)?;
    Ok(rows.into_iter().map(|(id, changeable)| (id, changeable == 1)).collect())
}

/// Notes that persons have used these links, each given as its mark and the id of what may be kept aside; only where something is.
pub(super) async fn mark_person(conn: Conn<'_>, links: &[(&str, &str)]) -> Result<(), DbError> {
    execute!(conn, MARK_PERSON, to_json(&links)).map(drop)
}

/// Those of these marks that are there.
pub(super) async fn marked(conn: Conn<'_>, marks: &[&str]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, MARKED => (String,), to_json(&marks))?))
}

/// How many of the marks are new.
pub(super) async fn mark_spent(conn: Conn<'_>, marks: &[(&str, &str)]) -> Result<u64, DbError> {
    execute!(conn, MARK_SPENT, to_json(&marks))
}

/// The marks that are new.
pub(super) async fn mark_spent_telling(conn: Conn<'_>, marks: &[(&str, &str)]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, MARK_SPENT_TELLING => (String,), to_json(&marks))?))
}

pub(super) async fn unmark_spent(conn: Conn<'_>, id: &str) -> Result<(), DbError> {
    execute!(conn, UNMARK_SPENT, id).map(drop)
}

/// Writes a record anew, where it is still in the mix.
pub(in crate::surveys) async fn reseal_comment(conn: Conn<'_>, id: &str, sealed: &str) -> Result<(), DbError> {
    execute!(conn, RESEAL, id, sealed).map(drop)
}

/// Those of these that are less ripe than that.
pub(super) async fn unripe(conn: Conn<'_>, ids: &[&str], ripe_at: i64) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, UNRIPE => (String,), to_json(&ids), ripe_at)?))
}

pub(super) async fn put_sealed(conn: Conn<'_>, rows: &[&SealedRow]) -> Result<(), DbError> {
    execute!(conn, PUT_SEALED, to_json(&rows)).map(drop)
}

/// Those that were there.
pub(super) async fn remove_sealed(conn: Conn<'_>, ids: &[&str]) -> Result<Vec<String>, DbError> {
    Ok(firsts(fetch_all!(conn, REMOVE_SEALED => (String,), to_json(&ids))?))
}

/// Forgets the marks of months that are over.
pub(in crate::surveys) async fn purge_spent(conn: Conn<'_>, month: &str) -> Result<(), DbError> {
    execute!(conn, PURGE_SPENT, month).map(drop)
}

/// Writes the next `most` fresh marks behind `from` anew; their ids.
pub(in crate::surveys) async fn renew_spent(conn: Conn<'_>, from: &str, most: usize) -> Result<Vec<String>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(firsts(fetch_all!(conn, RENEW_SPENT => (String,), from, most)?))
}

/// Raises the next `most` of a shelf behind `from` that are less ripe than `below`; their ids.
pub(in crate::surveys) async fn ripen(
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
