-- Staff: teams, agents, accounts, sessions, API keys.

-- One team.
CREATE TABLE teams (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,     -- name in lower case, trimmed; key for intake
    created_at BIGINT NOT NULL
);

-- One person who handles interactions and is rated.
CREATE TABLE agents (
    id          TEXT PRIMARY KEY,
    source      TEXT NOT NULL,           -- system that sends the interactions
    external_id TEXT NOT NULL,           -- id in that system
    name        TEXT,
    display_name TEXT,                   -- name that customers may read; null: none sent
    email       TEXT,
    team_id     TEXT REFERENCES teams (id),
    created_at  BIGINT NOT NULL,
    UNIQUE (source, external_id)
);

-- One account.
CREATE TABLE staff (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,  -- lower case
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,         -- admin | supervisor | agent | hr
    password_hash TEXT,                  -- Argon2id as PHC string; null: not set yet
    agent_id      TEXT UNIQUE REFERENCES agents (id),
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT
);

-- One team that a supervisor sees.
CREATE TABLE staff_teams (
    staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    team_id  TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    PRIMARY KEY (staff_id, team_id)
);

-- One session of an account.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,         -- SHA-256
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    client     TEXT NOT NULL DEFAULT ''  -- browser and system, for the owner of the account
);
CREATE INDEX sessions_staff ON sessions (staff_id);

-- One one-time link: first account, or new password. An account has one unused link at most.
CREATE TABLE one_time_links (
    token_hash TEXT PRIMARY KEY,         -- SHA-256
    purpose    TEXT NOT NULL,            -- first-admin | set-password
    staff_id   TEXT REFERENCES staff (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE UNIQUE INDEX one_time_links_open ON one_time_links (staff_id) WHERE used_at IS NULL;

-- One API key.
CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,          -- first characters, to tell keys apart
    secret_hash  TEXT NOT NULL UNIQUE,   -- SHA-256 of 256 random bits
    scopes       TEXT NOT NULL,          -- ingest, read, admin; separated by spaces
    sources      TEXT NOT NULL DEFAULT '[]', -- JSON array: sources that it may send for; empty: all
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);

-- One browser in which an account has signed in before. Failed sign-ins elsewhere do not slow it down.
CREATE TABLE known_devices (
    token_hash TEXT PRIMARY KEY,         -- SHA-256
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX known_devices_staff ON known_devices (staff_id);

-- One bucket of the sign-in rate limits (GCRA).
CREATE TABLE sign_in_limits (
    id      TEXT PRIMARY KEY,            -- hash of the limited address or account
    full_at BIGINT NOT NULL              -- time at which the bucket is full again
) WITHOUT ROWID;
CREATE INDEX sign_in_limits_full ON sign_in_limits (full_at);

-- One act of an administrator that lets somebody see linked answers. Sent to those who saw them before, and to the other administrators.
CREATE TABLE supervisor_notices (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,            -- appointed | enabled | link
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    actor_name TEXT NOT NULL,
    at         BIGINT NOT NULL
) WITHOUT ROWID;

-- One recipient of a notice.
CREATE TABLE supervisor_notice_recipients (
    notice_id TEXT NOT NULL REFERENCES supervisor_notices (id) ON DELETE CASCADE,
    staff_id  TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    PRIMARY KEY (notice_id, staff_id)
) WITHOUT ROWID;
CREATE INDEX supervisor_notice_recipients_staff ON supervisor_notice_recipients (staff_id);
