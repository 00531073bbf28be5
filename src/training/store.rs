//! SQL of the library.

use super::clip::{Words, search_words};
use super::{Clip, ClipCard, ClipPlace, Skill};
use crate::clock::Timestamp;
use crate::database::{Conn, DbError};
use crate::ids::{ClipId, InteractionId, StaffId, TeamId};
use crate::paging::Cursor;
use crate::{execute, fetch_all, fetch_one, fetch_optional, statements};

/// Columns of a card; `f` is the viewer's completion.
macro_rules! card {
    () => {
        "SELECT c.id, c.channel, c.title, c.why, c.skills, c.end_ms - c.start_ms AS length_ms, c.created_name,
            c.created_at, f.completed_at AS finished_at
        FROM clips c"
    };
}

statements! {
    FIND = "
        SELECT c.id, c.interaction_id, c.team_id, c.channel, c.title, c.why, c.skills, c.start_ms, c.end_ms, c.lines,
            c.source_key, c.speakers, c.audio_key, c.audio_problem, c.mask_choices, c.words_version, c.silences,
            c.peaks, c.created_by, c.created_name, c.created_at, c.removed_at, f.completed_at AS finished_at
        FROM clips c
        LEFT JOIN clip_completions f ON f.clip_id = c.id
            AND f.staff_id = $2
        WHERE c.id = $1";
    ADD = "
        INSERT INTO clips (
            id, interaction_id, team_id, channel, title, why, skills, search, search_words, start_ms, end_ms, lines,
            source_key, speakers, created_by, created_name, created_at, mask_choices, silences
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    SET_TEXTS = "UPDATE clips SET title = $1, why = $2, skills = $3, search = $4 WHERE id = $5";
    SET_REMOVED = "UPDATE clips SET removed_at = $1 WHERE id = $2";
    SET_AUDIO = "
        UPDATE clips
        SET audio_key = $1, peaks = $2, silences = $3, audio_problem = NULL
        WHERE id = $4
            AND audio_key IS NULL
            AND words_version = $5";
    FORGET_AUDIO = "
        UPDATE clips
        SET audio_key = NULL, peaks = NULL
        WHERE id = $1
            AND audio_key = $2";
    WITH_AUDIO = "
        SELECT id, audio_key
        FROM clips
        WHERE audio_key IS NOT NULL
            AND id > $1
        ORDER BY id
        LIMIT $2";
    NAMED = "SELECT audio_key FROM clips WHERE audio_key IN {list $1}";
    WITH_OTHER_SPEAKERS = "
        SELECT id
        FROM clips
        WHERE interaction_id = $1
            AND source_key = $2
            AND speakers <> $3";
    RESET = "
        UPDATE clips
        SET speakers = $1, lines = $2, search_words = $3, silences = $4, mask_choices = $5, audio_key = NULL,
            audio_problem = NULL, peaks = NULL, words_version = words_version + 1
        WHERE id = $6";
    SET_AUDIO_PROBLEM = "
        UPDATE clips
        SET audio_problem = $1
        WHERE id = $2
            AND audio_key IS NULL";
    SET_LINES = "
        UPDATE clips
        SET lines = $1, search_words = $2, silences = $3
        WHERE id = $4
            AND lines IS NULL";
    PURGE = "DELETE FROM clips WHERE removed_at < $1 RETURNING audio_key";
    // $2: JSON array of patterns, all of which must match.
    LIBRARY = concat!("
        ", card!(), "
        LEFT JOIN clip_completions f ON f.clip_id = c.id
            AND f.staff_id = $1
        WHERE c.removed_at IS NULL
            AND NOT EXISTS (
                SELECT 1
                FROM {texts $2} AS w
                WHERE (c.search || ' ' || c.search_words) NOT LIKE w.value ESCAPE '\\'
            )
            AND ($3 = '' OR EXISTS (SELECT 1 FROM {texts c.skills} AS s WHERE s.value = $3))
            AND (c.created_at < $4 OR (c.created_at = $4 AND c.id > $5))
        ORDER BY c.created_at DESC, c.id
        LIMIT $6");
    SKILLS = "
        SELECT s.value AS name, COUNT(*) AS clips
        FROM clips c
        CROSS JOIN {texts c.skills} AS s
        WHERE c.removed_at IS NULL
        GROUP BY s.value
        ORDER BY s.value";
    OF_INTERACTION = "
        SELECT id, title, start_ms, end_ms
        FROM clips
        WHERE interaction_id = $1
            AND removed_at IS NULL
        ORDER BY start_ms, id";
    FINISH = "
        INSERT INTO clip_completions (clip_id, staff_id, completed_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (clip_id, staff_id) DO NOTHING";
    UNFINISH = "DELETE FROM clip_completions WHERE clip_id = $1 AND staff_id = $2";
    FINISHED_AT = "
        SELECT completed_at
        FROM clip_completions
        WHERE clip_id = $1
            AND staff_id = $2";
    PROGRESS = "
        SELECT COUNT(*), COUNT(f.completed_at)
        FROM clips c
        LEFT JOIN clip_completions f ON f.clip_id = c.id
            AND f.staff_id = $1
        WHERE c.removed_at IS NULL";
    UNFINISHED = concat!("
        ", card!(), "
        LEFT JOIN clip_completions f ON f.clip_id = c.id
            AND f.staff_id = $1
        WHERE c.removed_at IS NULL
            AND f.completed_at IS NULL
        ORDER BY c.created_at DESC, c.id
        LIMIT $2");
    FINISHED = concat!("
        ", card!(), "
        JOIN clip_completions f ON f.clip_id = c.id
            AND f.staff_id = $1
        WHERE c.removed_at IS NULL
        ORDER BY f.completed_at DESC, c.id
        LIMIT $2");
}

#[derive(sqlx::FromRow)]
struct ClipRow {
    id: ClipId,
    interaction_id: Option<InteractionId>,
    team_id: Option<TeamId>,
    channel: String,
    title: String,
    why: String,
    skills: String,
    start_ms: i64,
    end_ms: i64,
    lines: Option<String>,
    source_key: Option<String>,
    speakers: String,
    audio_key: Option<String>,
    audio_problem: Option<String>,
    mask_choices: Option<String>,
    words_version: i64,
    silences: Option<String>,
    peaks: Option<String>,
    created_by: String,
    created_name: String,
    created_at: Timestamp,
    removed_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// Parses a stored list; empty if the table was changed externally.
fn list<T: serde::de::DeserializeOwned>(json: &str) -> Vec<T> {
    serde_json::from_str(json).unwrap_or_default()
}

impl From<ClipRow> for Clip {
    fn from(row: ClipRow) -> Self {
        Self {
            id: row.id,
            interaction_id: row.interaction_id,
            team_id: row.team_id,
            channel: row.channel,
            title: row.title,
            why: row.why,
            skills: list(&row.skills),
            start_ms: row.start_ms,
            end_ms: row.end_ms,
            lines: row.lines.as_deref().map(list),
            source_key: row.source_key,
            speakers: list(&row.speakers),
            audio_key: row.audio_key,
            audio_problem: row.audio_problem,
            asked: row.mask_choices.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            words_version: row.words_version,
            silences: row.silences.as_deref().map(list).unwrap_or_default(),
            peaks: row.peaks,
            created_by: row.created_by,
            created_name: row.created_name,
            created_at: row.created_at,
            removed_at: row.removed_at,
            finished_at: row.finished_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct CardRow {
    id: ClipId,
    channel: String,
    title: String,
    why: String,
    skills: String,
    length_ms: i64,
    created_name: String,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl From<CardRow> for ClipCard {
    fn from(row: CardRow) -> Self {
        Self {
            id: row.id,
            channel: row.channel,
            title: row.title,
            why: row.why,
            skills: list(&row.skills),
            length_ms: row.length_ms,
            created_name: row.created_name,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

fn cards(rows: Vec<CardRow>) -> Vec<ClipCard> {
    rows.into_iter().map(ClipCard::from).collect()
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::json!(value).to_string()
}

/// Returns the clip, with the time at which `viewer` finished it.
pub(super) async fn find(conn: Conn<'_>, id: &ClipId, viewer: Option<&StaffId>) -> Result<Option<Clip>, DbError> {
    Ok(fetch_optional!(conn, FIND => ClipRow, id, viewer)?.map(Clip::from))
}

pub(super) async fn add(conn: Conn<'_>, c: &Clip) -> Result<(), DbError> {
    let (lines, words) = (c.lines.as_ref().map(json), c.lines.as_deref().map(search_words).unwrap_or_default());
    execute!(
        conn,
        ADD,
        &c.id,
        &c.interaction_id,
        &c.team_id,
        &c.channel,
        &c.title,
        &c.why,
        json(&c.skills),
        c.search_text(),
        words,
        c.start_ms,
        c.end_ms,
        lines,
        &c.source_key,
        json(&c.speakers),
        &c.created_by,
        &c.created_name,
        c.created_at,
        json(&c.asked),
        json(&c.silences)
    )
    .map(drop)
}

pub(super) async fn set_texts(conn: Conn<'_>, c: &Clip) -> Result<(), DbError> {
    execute!(conn, SET_TEXTS, &c.title, &c.why, json(&c.skills), c.search_text(), &c.id).map(drop)
}

pub(super) async fn set_removed(conn: Conn<'_>, id: &ClipId, at: Option<Timestamp>) -> Result<(), DbError> {
    execute!(conn, SET_REMOVED, at, id).map(drop)
}

/// A clip's own sound.
pub(super) struct Audio<'a> {
    /// Name of the file.
    pub key: &'a str,
    /// Waveform as JSON.
    pub peaks: &'a str,
    /// Silenced parts: start and end in ms of the recording.
    pub silences: &'a [(i64, i64)],
}

/// Stores the clip's own sound, which was cut with the text of this version. Returns whether it was stored: not if the
/// clip has sound, has another text by now, or was deleted.
pub(super) async fn set_audio(
    conn: Conn<'_>,
    id: &ClipId,
    words_version: i64,
    audio: Audio<'_>,
) -> Result<bool, DbError> {
    Ok(execute!(conn, SET_AUDIO, audio.key, audio.peaks, json(audio.silences), id, words_version)? > 0)
}

/// Removes the name of the sound from a clip whose file is missing.
pub(super) async fn forget_audio(conn: Conn<'_>, id: &ClipId, key: &str) -> Result<(), DbError> {
    execute!(conn, FORGET_AUDIO, id, key).map(drop)
}

/// Returns clips of a recording that were made with other speakers.
pub(super) async fn with_other_speakers(
    conn: Conn<'_>,
    interaction: &InteractionId,
    source_key: &str,
    speakers: &[String],
) -> Result<Vec<ClipId>, DbError> {
    let rows = fetch_all!(conn, WITH_OTHER_SPEAKERS => (ClipId,), interaction, source_key, json(speakers))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Sets a clip's speakers, requests and text, and removes its sound, which is to be cut again.
pub(super) async fn reset(conn: Conn<'_>, clip: &Clip, words: &Words) -> Result<(), DbError> {
    let (lines, search) = (json(&words.lines), search_words(&words.lines));
    let (speakers, asked) = (json(&clip.speakers), json(&clip.asked));
    execute!(conn, RESET, speakers, lines, search, json(&words.silences), asked, &clip.id).map(drop)
}

/// Returns clips after `from` that have sound, with its name.
pub(super) async fn with_audio(conn: Conn<'_>, from: &str, max: i64) -> Result<Vec<(ClipId, String)>, DbError> {
    fetch_all!(conn, WITH_AUDIO => (ClipId, String), from, max)
}

/// Returns those of these file names that a clip has.
pub(super) async fn named(conn: Conn<'_>, names: &[String]) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(conn, NAMED => (String,), json(names))?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

pub(super) async fn set_audio_problem(conn: Conn<'_>, id: &ClipId, why: &str) -> Result<(), DbError> {
    execute!(conn, SET_AUDIO_PROBLEM, why, id).map(drop)
}

/// Sets the text of a clip that has none. Returns whether it had none: another worker may have been first.
pub(super) async fn set_lines(conn: Conn<'_>, id: &ClipId, words: &Words) -> Result<bool, DbError> {
    let (lines, search) = (json(&words.lines), search_words(&words.lines));
    Ok(execute!(conn, SET_LINES, lines, search, json(&words.silences), id)? > 0)
}

/// Deletes clips removed before `before`; returns the names of their sound files.
pub(super) async fn purge(conn: Conn<'_>, before: Timestamp) -> Result<Vec<Option<String>>, DbError> {
    let rows = fetch_all!(conn, PURGE => (Option<String>,), before)?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

pub(super) async fn library(
    conn: Conn<'_>,
    words: &[String],
    skill: &str,
    viewer: Option<&StaffId>,
    from: &Cursor,
    most: usize,
) -> Result<Vec<ClipCard>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(cards(fetch_all!(conn, LIBRARY => CardRow, viewer, json(words), skill, from.at, &from.id, most)?))
}

pub(super) async fn skills(conn: Conn<'_>) -> Result<Vec<Skill>, DbError> {
    let rows = fetch_all!(conn, SKILLS => (String, i64))?;
    Ok(rows.into_iter().map(|(name, clips)| Skill { name, clips }).collect())
}

pub(super) async fn of_interaction(conn: Conn<'_>, id: &InteractionId) -> Result<Vec<ClipPlace>, DbError> {
    fetch_all!(conn, OF_INTERACTION => ClipPlace, id)
}

pub(super) async fn finish(conn: Conn<'_>, id: &ClipId, staff: &StaffId, at: Timestamp) -> Result<(), DbError> {
    execute!(conn, FINISH, id, staff, at).map(drop)
}

pub(super) async fn unfinish(conn: Conn<'_>, id: &ClipId, staff: &StaffId) -> Result<(), DbError> {
    execute!(conn, UNFINISH, id, staff).map(drop)
}

pub(super) async fn finished_at(conn: Conn<'_>, id: &ClipId, staff: &StaffId) -> Result<Option<Timestamp>, DbError> {
    Ok(fetch_optional!(conn, FINISHED_AT => (Timestamp,), id, staff)?.map(|(at,)| at))
}

pub(super) async fn progress(conn: Conn<'_>, staff: &StaffId) -> Result<(i64, i64), DbError> {
    fetch_one!(conn, PROGRESS => (i64, i64), staff)
}

pub(super) async fn unfinished(conn: Conn<'_>, staff: &StaffId, most: i64) -> Result<Vec<ClipCard>, DbError> {
    Ok(cards(fetch_all!(conn, UNFINISHED => CardRow, staff, most)?))
}

pub(super) async fn finished(conn: Conn<'_>, staff: &StaffId, most: i64) -> Result<Vec<ClipCard>, DbError> {
    Ok(cards(fetch_all!(conn, FINISHED => CardRow, staff, most)?))
}
