-- Interactions: calls and chats, messages, recordings.

-- One call, chat or other interaction.
CREATE TABLE interactions (
    id              TEXT PRIMARY KEY,
    source          TEXT NOT NULL,
    external_id     TEXT NOT NULL,
    occurrence      BIGINT NOT NULL DEFAULT 1, -- counts the times that the conversation was opened
    channel         TEXT NOT NULL,       -- call | chat | other | unknown
    channel_raw     TEXT,                -- value as received, where `channel` is other
    direction       TEXT,                -- inbound | outbound | internal | other; null: unknown
    direction_raw   TEXT,
    outcome         TEXT,                -- answered | missed | abandoned | voicemail | not_surveyed | other; null: unknown; outcome_mappings overrides it
    outcome_raw     TEXT,                -- word as received, where it is no code
    outcome_key     TEXT,                -- that word in lower case, trimmed: key of outcome_mappings
    phase           BIGINT NOT NULL,     -- 0 in progress, 1 ended, 2 final; never decreases
    started_at      BIGINT,
    answered_at     BIGINT,
    ended_at        BIGINT,
    occurred_at     BIGINT NOT NULL,     -- started, else ended, else received; sort key of lists
    wait_ms         BIGINT,
    talk_ms         BIGINT,
    hold_ms         BIGINT,
    agent_id        TEXT REFERENCES agents (id),
    team_id         TEXT REFERENCES teams (id),
    queue           TEXT,
    tags            TEXT,                -- JSON array of strings; null: unknown
    topic           TEXT,                -- topic in words for customers; null: none sent
    utc_offset      BIGINT,              -- minutes east of UTC, as sent with the start, else with the end; null: none sent
    customer_locale TEXT,
    customer_email  TEXT,                -- sealed; erased when no survey needs it
    customer_name   TEXT,                -- sealed; erased when no survey needs it
    customer_phone  TEXT,                -- keyed hash of the telephone number; erased with the name
    survey_eligible BOOLEAN,             -- as said by the source; null: not said
    survey_state    TEXT NOT NULL,       -- waiting | scheduled | sent | held | failed | skipped | closed
    survey_reason   TEXT,
    fact_times      TEXT NOT NULL DEFAULT '{}', -- JSON object: time as of which each fact was told; *: all others
    raw             TEXT NOT NULL,       -- newest body as received, JSON, without customer and messages
    received_at     BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    name_hashes     TEXT,                -- JSON array: keyed hashes of the words of the customer's name, to mask it after it is erased
    finalised_at    BIGINT,              -- time at which the phase became final; null: not yet
    UNIQUE (source, external_id, occurrence)
);
CREATE INDEX interactions_occurred ON interactions (occurred_at DESC, id);
CREATE INDEX interactions_open ON interactions (updated_at) WHERE phase < 2;
CREATE INDEX interactions_team ON interactions (team_id, occurred_at DESC, agent_id);
CREATE INDEX interactions_agent ON interactions (agent_id, occurred_at DESC);
CREATE INDEX interactions_outcome ON interactions (source, outcome_key, occurred_at) WHERE outcome_key IS NOT NULL;

-- Meaning of one outcome word of a source.
CREATE TABLE outcome_mappings (
    source  TEXT NOT NULL,
    word    TEXT NOT NULL,               -- in lower case, trimmed
    outcome TEXT NOT NULL,               -- answered | missed | abandoned | voicemail | not_surveyed
    PRIMARY KEY (source, word)
);

-- One erased interaction: a later delivery of it is not stored.
CREATE TABLE tombstones (
    id_hash   TEXT PRIMARY KEY,          -- keyed hash of source and external id
    erased_at BIGINT NOT NULL            -- day of the erasure
);
CREATE INDEX tombstones_erased ON tombstones (erased_at);

-- One message of a chat.
CREATE TABLE messages (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,      -- order of arrival, from 0
    message_id     TEXT NOT NULL,        -- id in the source; derived from time, sender and text where it sends none
    at             BIGINT,
    sender         TEXT NOT NULL,        -- customer | agent | bot | system | other
    sender_raw     TEXT,
    private        BOOLEAN NOT NULL,     -- a note among staff
    text           TEXT NOT NULL,
    masks          TEXT,                 -- JSON array of {kind, range}, range in bytes of the text; null: not computed yet
    as_of          BIGINT NOT NULL,      -- time as of which it was told
    PRIMARY KEY (interaction_id, seq),
    UNIQUE (interaction_id, message_id)
);

-- One repaired or dropped value of a delivery: the last of each field and kind.
CREATE TABLE interaction_warnings (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    field          TEXT NOT NULL,
    code           TEXT NOT NULL,
    message        TEXT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (interaction_id, field, code)
);
CREATE INDEX interaction_warnings_at ON interaction_warnings (at);

-- The recording of an interaction: the file of its only part, or one that was assembled from its parts.
CREATE TABLE recordings (
    interaction_id     TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    object_key         TEXT NOT NULL UNIQUE,           -- random name of the file; a new upload gets a new one
    bytes              BIGINT NOT NULL,
    sha256             TEXT NOT NULL,
    format             TEXT NOT NULL,                  -- wav | mp3 | flac | ogg-vorbis | …
    media_type         TEXT NOT NULL,
    channels           BIGINT NOT NULL,
    speakers           TEXT NOT NULL,                  -- JSON array, one per channel: agent | customer | unknown
    sample_rate        BIGINT NOT NULL,                -- Hz
    duration_ms        BIGINT,                         -- null: not read yet
    peaks              TEXT,                           -- JSON, for the waveform; null: not read yet
    stored_at          BIGINT NOT NULL,
    missing_since      BIGINT,                         -- time since which the file has been missing from the folder; null: present
    sent_speakers      TEXT,                           -- JSON array: speakers as last sent by the source; null: none sent
    staff_set_speakers BOOLEAN NOT NULL DEFAULT FALSE, -- speakers set by staff: each channel is masked as if it were the customer's
    assembled_from     TEXT                            -- JSON {speakers, sample_rate, parts: [{object_key, start_ms, channels}]}; null: the file of one part
);
CREATE INDEX recordings_missing ON recordings (missing_since) WHERE missing_since IS NOT NULL;

-- One file of a recording: a leg of the call, one direction, a voicemail.
CREATE TABLE recording_parts (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    part           TEXT NOT NULL,        -- name given by the source; main: sent without a name
    seq            BIGINT NOT NULL,      -- 1, 2, …: order of first receipt
    object_key     TEXT NOT NULL UNIQUE, -- random name of the file; a new upload gets a new one
    bytes          BIGINT NOT NULL,
    sha256         TEXT NOT NULL,
    format         TEXT NOT NULL,        -- wav | mp3 | flac | ogg-vorbis | …
    media_type     TEXT NOT NULL,
    channels       BIGINT NOT NULL,
    speakers       TEXT NOT NULL,        -- JSON array, one per channel: agent | customer | unknown
    sent_speakers  TEXT,                 -- JSON array: speakers as last sent by the source; null: none sent
    sample_rate    BIGINT NOT NULL,      -- Hz
    duration_ms    BIGINT NOT NULL,
    offset_ms      BIGINT,               -- start within the recording; null: after the parts before it
    stored_at      BIGINT NOT NULL,
    missing_since  BIGINT,               -- time since which the file has been missing from the folder; null: present
    PRIMARY KEY (interaction_id, part)
);
CREATE INDEX recording_parts_missing ON recording_parts (missing_since) WHERE missing_since IS NOT NULL;
