//! SQL of invitations, the quiet period and suppressions. That of answers is in `responses/answers/store.rs`.

use crate::clock::Timestamp;
use crate::database::{Conn, DbError, Rows};
use crate::ids::{AgentId, InteractionId, InvitationId, TeamId};
use crate::interactions::InteractionRef;
use crate::masking::customer_text;
use crate::paging::Cursor;
use crate::surveys::{About, Phrases, Settings};
use crate::{execute, fetch_all, fetch_one, fetch_optional, fetch_packed, statements};
use std::time::Duration;

/// Stores the tokens of mails that are about to be sent, unless the invitation has closed.
macro_rules! set_tokens {
    () => {
        "
        UPDATE invitations
        SET token_hash = j.value->>'hash', expires_at = CAST(j.value->>'expires_at' AS BIGINT), sent_at = $2
        FROM {rows $1} AS j
        WHERE invitations.id = j.value->>'id'
            AND invitations.state <> 'closed'"
    };
}

statements! {
    ADD_INVITATION = "
        INSERT INTO invitations (
            id, interaction_id, agent_id, team_id, survey, topic, channel, locale, address_sealed, address_hash,
            state, created_at, expires_at, expires_after_ms, remind_after_ms
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'scheduled', $11, $12, $13, $14)
        ON CONFLICT (interaction_id) DO NOTHING";
    // Both the rule of the last survey and that of the next one promise a quiet period: the longer one holds.
    MARK_ASKED = "
        INSERT INTO quiet_periods (address_hash, asked_at, quiet_until)
        VALUES ($1, $2, $3)
        ON CONFLICT (address_hash) DO UPDATE SET asked_at = excluded.asked_at, quiet_until = excluded.quiet_until
        WHERE quiet_periods.asked_at <= $4
            AND COALESCE(quiet_periods.quiet_until, quiet_periods.asked_at) <= $2";
    FORGET_ASKED = "
        DELETE FROM quiet_periods
        WHERE asked_at <= $1
            AND COALESCE(quiet_until, asked_at) <= $2";
    // '' stands for no address.
    FORGET_HASHES = "
        UPDATE invitations
        SET address_hash = '', unsubscribe_hash = NULL
        WHERE id IN (
            SELECT id
            FROM invitations
            WHERE state = 'closed'
                AND address_hash <> ''
                AND expires_at <= $1
            ORDER BY expires_at
            LIMIT $2
        )";
    // $1: JSON array of ids.
    TO_WRITE = "
        SELECT {packed v.id, v.survey, v.locale, v.topic, v.channel, v.address_sealed, v.state, v.created_at,
            v.expires_at, v.expires_after_ms, i.occurred_at, i.utc_offset, i.direction, a.name, a.display_name, s.reason}
        FROM invitations v
        JOIN interactions i ON i.id = v.interaction_id
        LEFT JOIN agents a ON a.id = v.agent_id
        LEFT JOIN suppressions s ON s.address_hash = v.address_hash
        WHERE v.id IN {list $1}";
    // $1: JSON array of {id, hash, expires_at}; $2: now.
    SET_TOKENS = set_tokens!();
    // As above, and returns which: costs a result row for each.
    SET_TOKENS_TELLING = concat!(set_tokens!(), " RETURNING invitations.id");
    // $1: JSON array of ids.
    TO_BE_SENT = "
        SELECT {packed interaction_id}
        FROM (
            SELECT interaction_id
            FROM invitations
            WHERE id IN {list $1}
                AND state <> 'closed'
            {pg FOR UPDATE}
        ) AS open";
    SET_SENT = "
        UPDATE invitations
        SET state = 'sent'
        WHERE id IN {list $1}
            AND state <> 'closed'";
    // An invitation with a token was sent; whether it was answered is stored nowhere. The condition of the index
    // invitations_asked.
    COUNT_SENT = "
        SELECT COALESCE(agent_id, '') AS agent, COALESCE(team_id, '') AS team, COUNT(*) AS n
        FROM invitations
        WHERE token_hash IS NOT NULL
            AND state <> 'failed'
            AND created_at >= $1
            AND created_at < $2
        GROUP BY agent_id, team_id";
    // An answer beside an interaction needs an invitation. This one has no address and no link; its times are that of
    // the conversation and the end of a month, never that of the answer.
    OPEN_EXTERNAL = "
        INSERT INTO invitations (
            id, interaction_id, agent_id, team_id, survey, channel, address_hash, state, created_at, expires_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, '', 'sent', $7, $8)
        ON CONFLICT (interaction_id) DO NOTHING";
    // Whether it was answered externally before, rather than asked by mail.
    EXTERNAL = "
        SELECT survey
        FROM invitations
        WHERE interaction_id = $1
            AND address_hash = ''
            AND state <> 'closed'";
    ANY_SENT = "
        SELECT id
        FROM invitations
        WHERE sent_at IS NOT NULL
        LIMIT 1";
    ADDRESS_INVITED = "
        SELECT address_hash
        FROM invitations
        WHERE id = $1
            AND address_hash <> ''";
    SET_STATE = "
        UPDATE invitations
        SET state = $1, address_sealed = CASE WHEN $1 = 'closed' THEN NULL ELSE address_sealed END
        WHERE id = $2
            AND state <> 'closed'
        RETURNING interaction_id";
    CLOSE = "
        UPDATE invitations
        SET state = 'closed', address_sealed = NULL
        WHERE id IN (
            SELECT id
            FROM invitations
            WHERE state <> 'closed'
                AND expires_at <= $1
            ORDER BY expires_at
            LIMIT $2
        )
        RETURNING interaction_id, address_hash";
    ADDRESS_OF = "
        SELECT address_hash
        FROM invitations
        WHERE (token_hash = $1 OR unsubscribe_hash = $1)
            AND address_hash <> ''";
    ERASE_ADDRESS = "
        UPDATE invitations
        SET address_sealed = NULL
        WHERE address_hash = $1
            AND address_sealed IS NOT NULL";
    CLOSE_ADDRESS = "
        UPDATE invitations
        SET state = 'closed', address_sealed = NULL
        WHERE address_hash = $1
            AND state <> 'closed'
        RETURNING interaction_id";
    ASKED_AT = "SELECT asked_at FROM quiet_periods WHERE address_hash = $1";
    OF_ADDRESS = "SELECT interaction_id, state FROM invitations WHERE address_hash = $1";
    INVITATIONS_OF = "SELECT id FROM invitations WHERE interaction_id IN {list $1}";
    SUPPRESSED = "SELECT reason FROM suppressions WHERE address_hash = $1";
    SUPPRESS = "
        INSERT INTO suppressions (address_hash, reason, created_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (address_hash) DO NOTHING";
    UNSUPPRESS = "DELETE FROM suppressions WHERE address_hash = $1";
    SUPPRESSIONS = "
        SELECT address_hash AS id, reason, created_at
        FROM suppressions
        WHERE (CAST($1 AS TEXT) IS NULL OR address_hash = $1)
            AND (created_at < $2 OR (created_at = $2 AND address_hash > $3))
        ORDER BY created_at DESC, address_hash
        LIMIT $4";
    // One index lookup for each state in which a link may still be open.
    LAST_OPEN = "
        SELECT CAST(MAX(open.last) AS BIGINT)
        FROM (
            SELECT MAX(expires_at) AS last
            FROM invitations
            WHERE state = 'scheduled'
            UNION ALL
            SELECT MAX(expires_at) AS last
            FROM invitations
            WHERE state = 'sent'
            UNION ALL
            SELECT MAX(expires_at) AS last
            FROM invitations
            WHERE state = 'failed'
        ) AS open";
}

/// An invitation to insert.
#[derive(Debug)]
pub(super) struct NewInvitation {
    pub id: InvitationId,
    pub interaction_id: InteractionId,
    pub agent_id: Option<AgentId>,
    pub team_id: Option<TeamId>,
    pub survey: String,
    pub topic: Option<String>,
    pub channel: &'static str,
    pub locale: Option<String>,
    pub address_sealed: String,
    pub address_hash: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub expires_after_ms: i64,
    pub remind_after_ms: Option<i64>,
}

/// Data that an invitation's mail is written from.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ToWrite {
    pub id: InvitationId,
    pub survey: String,
    pub locale: Option<String>,
    pub topic: Option<String>,
    pub channel: String,
    pub address_sealed: Option<String>,
    pub state: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Time for which a link can be answered, in ms; `None`: as configured.
    pub expires_after_ms: Option<i64>,
    pub occurred_at: Timestamp,
    pub utc_offset: Option<i64>,
    pub direction: Option<String>,
    pub agent_name: Option<String>,
    pub agent_display_name: Option<String>,
    /// Reason that the address is suppressed.
    pub suppressed: Option<String>,
}

impl ToWrite {
    /// Returns the facts of the conversation that the mail mentions.
    pub fn conversation(&self) -> About<'_> {
        About {
            agent: customer_text::agent_name(self.agent_display_name.as_deref(), self.agent_name.as_deref()),
            topic: self.topic.as_deref(),
            occurred_at: Some(self.occurred_at),
            utc_offset: self.utc_offset,
            chat: self.channel == "chat",
        }
    }

    /// Returns the sentence that tells why the customer gets the mail.
    pub fn reason<'w>(&self, words: &'w Phrases) -> &'w str {
        match (self.channel.as_str(), self.direction.as_deref()) {
            ("call", Some("inbound")) => &words.mail_why_call,
            ("call", Some("outbound")) => &words.mail_why_call_outbound,
            ("chat", Some("outbound")) => &words.mail_why_chat_outbound,
            ("chat", _) => &words.mail_why_chat,
            _ => &words.mail_why_contact,
        }
    }

    /// Returns the time at which a link sent now expires.
    pub fn expires_at(&self, now: Timestamp, settings: &Settings) -> Timestamp {
        self.expires_after_ms.map_or_else(|| now.plus(settings.expires_after), |ms| now.plus_ms(ms))
    }
}

/// A suppressed address.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct SuppressionRow {
    pub id: String,
    pub reason: String,
    pub created_at: Timestamp,
}

/// Returns false if the interaction already has one.
pub(super) async fn add_invitation(conn: Conn<'_>, new: &NewInvitation) -> Result<bool, DbError> {
    let added = execute!(
        conn,
        ADD_INVITATION,
        &new.id,
        &new.interaction_id,
        &new.agent_id,
        &new.team_id,
        &new.survey,
        &new.topic,
        new.channel,
        &new.locale,
        &new.address_sealed,
        &new.address_hash,
        new.created_at,
        new.expires_at,
        new.expires_after_ms,
        new.remind_after_ms
    )?;
    Ok(added > 0)
}

/// Returns false if the address was surveyed within the last `quiet`, or if its last survey promised a longer quiet
/// period.
pub(super) async fn mark_asked(
    conn: Conn<'_>,
    address_hash: &str,
    now: Timestamp,
    quiet: Duration,
) -> Result<bool, DbError> {
    Ok(execute!(conn, MARK_ASKED, address_hash, now, now.plus(quiet), now.minus(quiet))? > 0)
}

/// Deletes quiet-period marks made up to then whose quiet period is over now.
pub(super) async fn forget_asked(conn: Conn<'_>, until: Timestamp, now: Timestamp) -> Result<(), DbError> {
    execute!(conn, FORGET_ASKED, until, now).map(drop)
}

/// Deletes the address hashes of closed invitations that had expired by then; returns their number.
pub(super) async fn forget_hashes(conn: Conn<'_>, expired_by: Timestamp, most: i64) -> Result<u64, DbError> {
    execute!(conn, FORGET_HASHES, expired_by, most)
}

/// Returns those of these invitations that exist, unordered.
pub(super) async fn to_write(conn: Conn<'_>, ids: &[&str]) -> Result<Vec<ToWrite>, DbError> {
    fetch_packed!(conn, TO_WRITE => ToWrite, serde_json::json!(ids).to_string())
}

/// Token that a mail will carry.
pub(super) struct NewToken<'a> {
    pub id: &'a InvitationId,
    pub hash: &'a str,
    pub expires_at: Timestamp,
}

fn tokens_as_json(tokens: &[NewToken<'_>]) -> String {
    let row = |token: &NewToken<'_>| serde_json::json!({ "id": token.id, "hash": token.hash, "expires_at": token.expires_at });
    serde_json::Value::from(tokens.iter().map(row).collect::<Vec<_>>()).to_string()
}

/// Returns false if some have closed in the meantime: the caller then rolls back, and asks which
/// ([`set_tokens_telling`]).
pub(super) async fn set_tokens(conn: Conn<'_>, tokens: &[NewToken<'_>], now: Timestamp) -> Result<bool, DbError> {
    Ok(tokens.is_empty() || execute!(conn, SET_TOKENS, tokens_as_json(tokens), now)? == tokens.len() as u64)
}

/// Returns the invitations that have not closed in the meantime and now have their token.
pub(super) async fn set_tokens_telling(
    conn: Conn<'_>,
    tokens: &[NewToken<'_>],
    now: Timestamp,
) -> Result<Vec<InvitationId>, DbError> {
    let rows = fetch_all!(conn, SET_TOKENS_TELLING => (InvitationId,), tokens_as_json(tokens), now)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Marks the mails as sent and returns their interactions. Closed invitations stay closed.
pub(super) async fn set_sent(mut conn: Conn<'_>, ids: &[&str]) -> Result<Vec<InteractionId>, DbError> {
    let ids = serde_json::json!(ids).to_string();
    let rows = fetch_packed!(conn.reborrow(), TO_BE_SENT => (InteractionId,), &ids)?;
    execute!(conn, SET_SENT, &ids)?;
    Ok(rows.into_iter().map(|(interaction,)| interaction).collect())
}

pub(super) async fn any_sent(conn: Conn<'_>) -> Result<bool, DbError> {
    Ok(fetch_optional!(conn, ANY_SENT => (InvitationId,))?.is_some())
}

/// Suppresses the invited address, and erases it from pending invitations.
pub(super) async fn suppress_invited(
    mut conn: Conn<'_>,
    id: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    if let Some(hash) = address_invited(conn.reborrow(), id).await? {
        suppress(conn.reborrow(), &hash, reason, now).await?;
        erase_address(conn, &hash).await?;
    }
    Ok(())
}

/// Returns the keyed hash of the address of an invitation; `None` if it was deleted.
pub(super) async fn address_invited(conn: Conn<'_>, id: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, ADDRESS_INVITED => (String,), id)?.map(|(hash,)| hash))
}

/// Returns the interaction; `None` if the invitation had closed before. Closing erases the address.
pub(super) async fn set_state(conn: Conn<'_>, id: &str, state: &'static str) -> Result<Option<InteractionId>, DbError> {
    let row = fetch_optional!(conn, SET_STATE => (InteractionId,), state, id)?;
    Ok(row.map(|(interaction,)| interaction))
}

/// Closes expired invitations; returns their interactions, and whether a mail was sent.
pub(super) async fn close(conn: Conn<'_>, now: Timestamp, most: i64) -> Result<Vec<(InteractionId, bool)>, DbError> {
    let rows = fetch_all!(conn, CLOSE => (InteractionId, String), now, most)?;
    Ok(rows.into_iter().map(|(interaction, address)| (interaction, !address.is_empty())).collect())
}

/// Returns the keyed hash of the address that a link was sent to; also after the survey has closed.
pub(super) async fn address_of(conn: Conn<'_>, token_hash: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, ADDRESS_OF => (String,), token_hash)?.map(|(hash,)| hash))
}

pub(super) async fn erase_address(conn: Conn<'_>, address_hash: &str) -> Result<(), DbError> {
    execute!(conn, ERASE_ADDRESS, address_hash).map(drop)
}

/// Closes every invitation of an address and erases it there; returns their interactions.
pub(super) async fn close_address(conn: Conn<'_>, address_hash: &str) -> Result<Vec<InteractionId>, DbError> {
    let rows = fetch_all!(conn, CLOSE_ADDRESS => (InteractionId,), address_hash)?;
    Ok(rows.into_iter().map(|(interaction,)| interaction).collect())
}

/// Returns whether the address was surveyed recently, the number of its open invitations, and every interaction that it
/// was surveyed about.
pub(super) async fn of_address(
    mut conn: Conn<'_>,
    address_hash: &str,
) -> Result<(bool, i64, Vec<InteractionId>), DbError> {
    let asked = fetch_optional!(conn.reborrow(), ASKED_AT => (Timestamp,), address_hash)?.is_some();
    let rows = fetch_all!(conn, OF_ADDRESS => (InteractionId, String), address_hash)?;
    let open = rows.iter().filter(|(_, state)| state != "closed").count();
    Ok((asked, i64::try_from(open).unwrap_or(i64::MAX), rows.into_iter().map(|(id, _)| id).collect()))
}

/// Returns the ids of the invitations about these interactions.
pub(super) async fn invitations_of(conn: Conn<'_>, ids: &[InteractionId]) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(conn, INVITATIONS_OF => (String,), serde_json::json!(ids).to_string())?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Returns the reason that an address is suppressed.
pub(super) async fn suppressed(conn: Conn<'_>, address_hash: &str) -> Result<Option<String>, DbError> {
    Ok(fetch_optional!(conn, SUPPRESSED => (String,), address_hash)?.map(|(reason,)| reason))
}

/// Returns false if it was already suppressed, for whatever reason.
pub(super) async fn suppress(
    conn: Conn<'_>,
    address_hash: &str,
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(execute!(conn, SUPPRESS, address_hash, reason, now)? > 0)
}

pub(super) async fn unsuppress(conn: Conn<'_>, address_hash: &str) -> Result<bool, DbError> {
    Ok(execute!(conn, UNSUPPRESS, address_hash)? > 0)
}

pub(super) async fn suppressions(
    conn: Conn<'_>,
    only: Option<&str>,
    from: &Cursor,
    most: usize,
) -> Result<Vec<SuppressionRow>, DbError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    fetch_all!(conn, SUPPRESSIONS => SuppressionRow, only, from.at, &from.id, most)
}

/// Returns the time at which the last link that is open, or will be sent, expires.
pub(super) async fn last_open(conn: Conn<'_>) -> Result<Option<Timestamp>, DbError> {
    Ok(fetch_one!(conn, LAST_OPEN => (Option<Timestamp>,))?.0)
}

/// Returns agent (or empty), team (or empty), and the number of invitations that were sent in that time.
pub async fn count_sent(conn: Conn<'_>, from: Timestamp, to: Timestamp) -> Rows<(String, String, i64)> {
    fetch_all!(conn, COUNT_SENT => (String, String, i64), from, to)
}

/// Opens an invitation without a mail, for an external answer to this version of a survey. Returns false if the
/// interaction has one by mail, or for another version; one that is open already may be answered again.
pub async fn open_external(
    mut conn: Conn<'_>,
    about: &InteractionRef,
    version: &str,
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let added = execute!(
        conn.reborrow(),
        OPEN_EXTERNAL,
        &InvitationId::random(),
        &about.id,
        &about.agent,
        &about.team,
        version,
        &about.channel,
        about.occurred_at,
        expires_at
    )?;
    if added > 0 {
        return Ok(true);
    }
    Ok(fetch_optional!(conn, EXTERNAL => (String,), &about.id)?.is_some_and(|(survey,)| survey == version))
}
