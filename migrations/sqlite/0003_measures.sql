-- The same in migrations/postgres/0003_measures.sql.

-- Everything that was measured of an interaction.
CREATE TABLE measures (
    interaction_id    TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    rules             BIGINT NOT NULL,   -- which version of the rules
    dead_air_after_ms BIGINT NOT NULL,   -- transcription.dead_air, as it was
    detail            TEXT NOT NULL,     -- JSON
    measured_at       BIGINT NOT NULL
);

-- The few figures that lists are filtered and sorted by; null: unknown.
CREATE TABLE figures (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    silence_ms     BIGINT,               -- calls: the longest silence
    interruptions  BIGINT,
    agent_share    BIGINT,               -- thousandths of all speaking time
    first_reply_ms BIGINT,               -- chats
    unanswered_ms  BIGINT,               -- the longest wait for a reply
    nags           BIGINT
);
