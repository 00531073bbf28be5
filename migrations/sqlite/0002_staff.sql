-- Staff: teams, agents, accounts, sessions, API keys.

-- One team.
CREATE TABLE teams (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,     -- name in lower case, trimmed; key for intake
    created_at BIGINT NOT NULL
);

-- One agent as one system names them. Agents with the same person_id are one person, who is rated. A merge changes person_id
-- only: what was recorded for an agent stays with this agent.
CREATE TABLE agents (
    id                     TEXT PRIMARY KEY,
    source                 TEXT NOT NULL,                   -- system that sends the interactions
    external_id            TEXT NOT NULL,                   -- id in that system
    person_id              TEXT NOT NULL REFERENCES agents (id), -- agent under which the person is listed; its own id where it is not merged
    separate               BOOLEAN NOT NULL DEFAULT FALSE,  -- split off by staff: an address in common does not merge it again
    name                   TEXT,                            -- newest fact about the person, as are the next three
    display_name           TEXT,                            -- name that customers may read
    email                  TEXT,
    team_id                TEXT REFERENCES teams (id),      -- home team
    own_name               TEXT,                            -- as this system, or staff, named it last; each fact with its time
    own_name_as_of         BIGINT,
    own_display_name       TEXT,
    own_display_name_as_of BIGINT,
    own_email              TEXT,
    own_email_as_of        BIGINT,
    own_team_id            TEXT REFERENCES teams (id),
    own_team_as_of         BIGINT,
    first_team_id          TEXT REFERENCES teams (id),      -- team of the first interaction: the home team while none is named
    created_at             BIGINT NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX agents_person ON agents (person_id);
CREATE INDEX agents_email ON agents (own_email);

-- One merge of two persons. A split of a single agent is not kept: it shows in person_id.
CREATE TABLE agent_merges (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL REFERENCES agents (id),        -- person that remained
    merged_id  TEXT NOT NULL REFERENCES agents (id),        -- person that became a part of it
    agents     TEXT NOT NULL,                               -- JSON array: agents of the merged person
    actor_name TEXT NOT NULL,
    at         BIGINT NOT NULL,
    undone_at  BIGINT
) WITHOUT ROWID;
CREATE INDEX agent_merges_person ON agent_merges (person_id, at);

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
