-- Invitations: who is surveyed, quiet periods, suppressions.

-- One invitation to a survey.
CREATE TABLE invitations (
    id               TEXT PRIMARY KEY,
    interaction_id   TEXT NOT NULL UNIQUE REFERENCES interactions (id) ON DELETE CASCADE,
    agent_id         TEXT,                 -- rated agent, as of the end of the interaction
    team_id          TEXT,
    survey           TEXT NOT NULL,        -- id of the survey version
    topic            TEXT,                 -- tag that names the topic to the customer
    channel          TEXT NOT NULL,
    locale           TEXT,
    address_sealed   TEXT,                 -- erased at closing
    address_hash     TEXT NOT NULL,        -- keyed hash; emptied some time after closing
    token_hash       TEXT UNIQUE,          -- SHA-256 of the token in the mail; null: not sent yet
    state            TEXT NOT NULL,        -- scheduled | sent | failed | closed
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    expires_after_ms BIGINT,               -- lifetime of the link by the survey rule; null: as configured
    remind_after_ms  BIGINT,               -- delay of the reminder after sending; null: no reminder, or sent
    unsubscribe_hash TEXT,                 -- SHA-256 of the token of the reminder, which only unsubscribes
    sent_at          BIGINT                -- time of sending; answers right after it are suspected
);
CREATE INDEX invitations_open ON invitations (state, expires_at);
CREATE INDEX invitations_address ON invitations (address_hash);
CREATE INDEX invitations_remind ON invitations (state, expires_at) WHERE remind_after_ms IS NOT NULL;
CREATE INDEX invitations_unsubscribe ON invitations (unsubscribe_hash) WHERE unsubscribe_hash IS NOT NULL;
CREATE INDEX invitations_sent ON invitations (created_at, agent_id, team_id) WHERE token_hash IS NOT NULL AND state <> 'failed';
CREATE INDEX invitations_hashed ON invitations (expires_at) WHERE state = 'closed' AND address_hash <> '';

-- The quiet period of one address: no further survey until it ends.
CREATE TABLE quiet_periods (
    address_hash TEXT PRIMARY KEY,         -- keyed hash
    asked_at     BIGINT NOT NULL,          -- time of the last survey
    quiet_until  BIGINT                    -- end by the survey rule
);

-- One address that is not surveyed.
CREATE TABLE suppressions (
    address_hash TEXT PRIMARY KEY,         -- keyed hash
    reason       TEXT NOT NULL,            -- unsubscribed | bounced | complained | added
    created_at   BIGINT NOT NULL
);

-- One day with a temporary bounce of an address. Several such days suppress the address.
CREATE TABLE soft_bounces (
    address_hash TEXT NOT NULL,            -- keyed hash
    day          BIGINT NOT NULL,          -- days since 1970 (UTC)
    PRIMARY KEY (address_hash, day)
);
