-- Measures of interactions, from transcripts and messages.

-- All measures of an interaction.
CREATE TABLE measures (
    interaction_id    TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    rules_version     BIGINT NOT NULL,   -- version of the rules that computed them
    dead_air_after_ms BIGINT NOT NULL,   -- transcription.dead_air at that time
    detail            TEXT NOT NULL,     -- JSON
    measured_at       BIGINT NOT NULL
);

-- The measures of an interaction that lists filter and sort by. Null: unknown.
CREATE TABLE figures (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    silence_ms     BIGINT,               -- calls: longest silence
    interruptions  BIGINT,
    agent_share    BIGINT,               -- thousandths of all speaking time
    first_reply_ms BIGINT,               -- chats: time to the first reply
    unanswered_ms  BIGINT,               -- chats: longest wait for a reply
    nags           BIGINT                -- canned nags
);
