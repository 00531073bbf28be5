-- The same tables stand in migrations/postgres/0001_first.sql; what differs is said there.
-- Times are epoch milliseconds (UTC), ids are random UUIDs as text, JSON is text.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- ---------------------------------------------------------------- who works here
CREATE TABLE teams (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,   -- lower case, trimmed: how intake finds a team
    created_at BIGINT NOT NULL
);

-- Those who handle interactions and are rated; `external_id` is theirs in the system that sends the interactions.
CREATE TABLE agents (
    id          TEXT PRIMARY KEY,
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    name        TEXT,
    email       TEXT,
    team_id     TEXT REFERENCES teams (id),
    created_at  BIGINT NOT NULL,
    UNIQUE (source, external_id)
);

-- Those who sign in.
CREATE TABLE staff (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,  -- lower case
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,         -- admin | supervisor | agent | hr
    password_hash TEXT,                  -- argon2id, PHC string; null until it is set by a one-time link
    agent_id      TEXT UNIQUE REFERENCES agents (id),
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT
);

-- Supervisors see these teams only.
CREATE TABLE staff_teams (
    staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    team_id  TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    PRIMARY KEY (staff_id, team_id)
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- First account, invitation of staff, new password: each works once.
CREATE TABLE one_time_links (
    token_hash TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,            -- first-admin | set-password
    staff_id   TEXT REFERENCES staff (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,          -- the first characters, to tell keys apart
    secret_hash  TEXT NOT NULL UNIQUE,   -- SHA-256 of 256 random bits
    scopes       TEXT NOT NULL,          -- space separated: ingest read admin
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);

-- ---------------------------------------------------------------- what happened, for auditors
CREATE TABLE audit_log (
    id      TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,               -- "staff:<id>", "key:<id>", "system"
    name    TEXT NOT NULL,               -- the actor's name at that time
    action  TEXT NOT NULL,               -- "recording.played", "clip.created", ...
    subject TEXT NOT NULL,               -- "interaction:<id>", ...
    detail  TEXT                         -- JSON
);
CREATE INDEX audit_log_at ON audit_log (at DESC);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- ---------------------------------------------------------------- work to do
CREATE TABLE jobs (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    job_key      TEXT NOT NULL,          -- what it is about; one job of a kind for each
    state        TEXT NOT NULL,          -- queued | running | failed
    priority     BIGINT NOT NULL,        -- smaller goes first
    run_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    lease_until  BIGINT,
    lease_owner  TEXT,
    last_error   TEXT,
    again        BOOLEAN NOT NULL DEFAULT FALSE, -- queued once more while it was running: it runs again
    created_at   BIGINT NOT NULL,
    UNIQUE (kind, job_key)
);
CREATE INDEX jobs_due ON jobs (kind, state, priority, run_at);

-- ---------------------------------------------------------------- interactions
CREATE TABLE interactions (
    id              TEXT PRIMARY KEY,
    source          TEXT NOT NULL,
    external_id     TEXT NOT NULL,
    channel         TEXT NOT NULL,       -- call | chat | other | unknown
    channel_raw     TEXT,                -- what was sent, where `channel` is "other"
    direction       TEXT,                -- inbound | outbound | internal | other; null: unknown
    direction_raw   TEXT,
    outcome         TEXT,                -- answered | missed | abandoned | voicemail | other; null: unknown
    outcome_raw     TEXT,
    phase           BIGINT NOT NULL,     -- 0 in progress, 1 ended, 2 final; never goes back
    started_at      BIGINT,
    answered_at     BIGINT,
    ended_at        BIGINT,
    occurred_at     BIGINT NOT NULL,     -- started, else ended, else received: what lists are sorted by
    wait_ms         BIGINT,
    talk_ms         BIGINT,
    hold_ms         BIGINT,
    agent_id        TEXT REFERENCES agents (id),
    team_id         TEXT REFERENCES teams (id),
    queue           TEXT,
    tags            TEXT,                -- JSON array of strings; null: unknown
    customer_locale TEXT,
    customer_email  TEXT,                -- sealed; erased when no survey waits for it
    customer_name   TEXT,                -- sealed; erased when no survey waits for it
    survey_eligible BOOLEAN,             -- what the source says; null: nothing
    survey_state    TEXT NOT NULL,       -- waiting | scheduled | sent | held | failed | skipped | closed
    survey_reason   TEXT,
    raw             TEXT NOT NULL,       -- the last body as it came, JSON, without the customer and the messages
    received_at     BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX interactions_occurred ON interactions (occurred_at DESC, id);
CREATE INDEX interactions_team ON interactions (team_id, occurred_at DESC);
CREATE INDEX interactions_agent ON interactions (agent_id, occurred_at DESC);

CREATE TABLE messages (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,
    at             BIGINT,
    sender         TEXT NOT NULL,        -- customer | agent | bot | system | other
    sender_raw     TEXT,
    text           TEXT NOT NULL,
    PRIMARY KEY (interaction_id, seq)
);

CREATE TABLE recordings (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    object_key     TEXT NOT NULL UNIQUE, -- its name in the store: random, so a new upload never touches an old one
    bytes          BIGINT NOT NULL,
    sha256         TEXT NOT NULL,
    format         TEXT NOT NULL,        -- wav | mp3 | flac | ogg-vorbis
    media_type     TEXT NOT NULL,
    channels       BIGINT NOT NULL,
    speakers       TEXT NOT NULL,        -- JSON array, one a channel: agent | customer | unknown
    sample_rate    BIGINT NOT NULL,      -- Hz
    duration_ms    BIGINT,               -- null until it was read through
    peaks          TEXT,                 -- JSON, for the waveform; null until it was read through
    stored_at      BIGINT NOT NULL
);

-- ---------------------------------------------------------------- transcripts
CREATE TABLE transcripts (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    state          TEXT NOT NULL,        -- waiting | running | done | failed
    progress       DOUBLE PRECISION NOT NULL,
    reason         TEXT,
    model          TEXT,
    language       TEXT,
    updated_at     BIGINT NOT NULL
);

CREATE TABLE segments (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,
    start_ms       BIGINT NOT NULL,
    end_ms         BIGINT NOT NULL,
    speaker        TEXT NOT NULL,
    text           TEXT NOT NULL,
    confidence     DOUBLE PRECISION,
    words          TEXT NOT NULL,        -- JSON
    PRIMARY KEY (interaction_id, seq)
);

-- ---------------------------------------------------------------- mail
-- Bodies are made when they are sent, so no link ever stands in the database.
CREATE TABLE outbox (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,            -- invitation | test
    reference  TEXT NOT NULL,            -- whose: the invitation's id
    message_id TEXT NOT NULL UNIQUE,     -- stable over retries
    hint       TEXT NOT NULL,            -- the recipient, shortened: "j…@example.net"; emptied when it is settled
    state      TEXT NOT NULL,            -- queued | held | sent | failed | cancelled
    attempts   BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (kind, reference)
);
CREATE INDEX outbox_state ON outbox (state, updated_at);

-- ---------------------------------------------------------------- surveys
CREATE TABLE invitations (
    id             TEXT PRIMARY KEY,
    interaction_id TEXT NOT NULL UNIQUE REFERENCES interactions (id) ON DELETE CASCADE,
    agent_id       TEXT,                 -- who is rated: as of the end of the interaction
    team_id        TEXT,
    survey         TEXT NOT NULL,        -- which wording: "csat-1"
    topic          TEXT,                 -- what it was about, in the customer's words: a tag
    channel        TEXT NOT NULL,
    locale         TEXT,
    address_sealed TEXT,                 -- erased when it closes
    address_hash   TEXT NOT NULL,        -- keyed hash
    token_hash     TEXT UNIQUE,          -- SHA-256 of the token in the mail; null until one is sent
    state          TEXT NOT NULL,        -- scheduled | sent | failed | closed
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX invitations_open ON invitations (state, expires_at);

-- When an address was asked last (keyed hash): the quiet period.
CREATE TABLE asked (
    address_hash TEXT PRIMARY KEY,
    asked_at     BIGINT NOT NULL
);

CREATE TABLE suppressions (
    address_hash TEXT PRIMARY KEY,       -- keyed hash
    reason       TEXT NOT NULL,          -- unsubscribed | bounced | complained | added
    created_at   BIGINT NOT NULL
);

-- Linked answers: they stand beside the recording. No time but the month, nobody's name.
CREATE TABLE responses (
    interaction_id   TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    agent_id         TEXT,
    team_id          TEXT,
    survey           TEXT NOT NULL,
    score            BIGINT,             -- 1-5
    resolved         TEXT,               -- yes | no
    comment          TEXT,
    month            TEXT NOT NULL,      -- 2026-11
    ripeness         BIGINT NOT NULL,    -- passes of the mix survived; from 2 on it can't be changed any more
    score_release    TEXT,               -- which release counted it; null: none yet; '-': not answered
    resolved_release TEXT,
    comment_release  TEXT
) WITHOUT ROWID;
CREATE INDEX responses_unreleased ON responses (interaction_id, ripeness)
    WHERE score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL;

-- Apart answers before their release: one row a question, sealed with a key that is not in the database,
-- under a keyed hash of the token itself. Nothing here can be matched with an invitation.
CREATE TABLE sealed_answers (
    id       TEXT PRIMARY KEY,
    sealed   TEXT NOT NULL,
    ripeness BIGINT NOT NULL
) WITHOUT ROWID;

-- Which tokens have answered apart (another keyed hash), so that nobody answers twice after the release.
CREATE TABLE spent (
    id          TEXT PRIMARY KEY,
    purge_month TEXT NOT NULL            -- dropped once this month is over
) WITHOUT ROWID;

-- What agents and HR see is always a sum over whole rows of this table.
CREATE TABLE releases (
    id       TEXT PRIMARY KEY,
    scope    TEXT NOT NULL,              -- agent | team | organisation
    agent_id TEXT,
    team_id  TEXT,
    question TEXT NOT NULL,              -- score | resolved | comment
    kind     TEXT NOT NULL,              -- linked | apart
    month    TEXT NOT NULL,              -- 2026-11
    k        BIGINT NOT NULL,
    n        BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX releases_agent ON releases (agent_id, question, month);

CREATE TABLE release_counts (
    release_id TEXT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    value      BIGINT NOT NULL,          -- score: 1-5; resolved: 0 no, 1 yes
    n          BIGINT NOT NULL,
    PRIMARY KEY (release_id, value)
) WITHOUT ROWID;

CREATE TABLE released_comments (
    id         TEXT PRIMARY KEY,
    release_id TEXT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    text       TEXT NOT NULL             -- masked
) WITHOUT ROWID;
CREATE INDEX released_comments_release ON released_comments (release_id);

-- ---------------------------------------------------------------- training library
CREATE TABLE clips (
    id             TEXT PRIMARY KEY,
    interaction_id TEXT REFERENCES interactions (id) ON DELETE SET NULL,
    team_id        TEXT,
    channel        TEXT NOT NULL,        -- call | chat
    title          TEXT NOT NULL,
    why            TEXT NOT NULL,
    skills         TEXT NOT NULL,        -- JSON array of strings
    search         TEXT NOT NULL,        -- title, why and skills, lower case and without accents
    search_words   TEXT NOT NULL,        -- the lines' words likewise
    start_ms       BIGINT NOT NULL,      -- in the recording, or since a chat's first message
    end_ms         BIGINT NOT NULL,
    lines          TEXT,                 -- JSON: the span's words, masked; times from the clip's beginning; null: not transcribed yet
    source_key     TEXT,                 -- the recording it is cut from; null: a chat
    speakers       TEXT NOT NULL,        -- JSON array, one a channel of the sound
    audio_key      TEXT,                 -- its own sound; null: a chat, or not cut yet
    audio_problem  TEXT,                 -- why there will be none
    peaks          TEXT,
    created_by     TEXT NOT NULL,        -- whoever flagged it: account, and name at that time
    created_name   TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    removed_at     BIGINT                -- out of the library; for some days it can be put back
);
CREATE INDEX clips_created ON clips (created_at DESC);

CREATE TABLE clip_completions (
    clip_id      TEXT NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    staff_id     TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    completed_at BIGINT NOT NULL,
    PRIMARY KEY (clip_id, staff_id)
);
