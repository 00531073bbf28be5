-- Full-text search in transcripts and messages.

-- One line of a transcript or chat, or one part of a long line. SQLite has `tokens` as text, indexed by an FTS5 table.
CREATE TABLE search_lines (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,      -- index of the line, from 0
    part           BIGINT NOT NULL,      -- index of the part in a long line, from 0
    start_ms       BIGINT NOT NULL,      -- since the start of the recording, or since the first message
    end_ms         BIGINT NOT NULL,
    speaker        TEXT NOT NULL,        -- agent | customer | bot | system | …
    text           TEXT NOT NULL,        -- masked
    tokens         TSVECTOR NOT NULL,    -- normalised words with their positions
    UNIQUE (interaction_id, seq, part)
);
CREATE INDEX search_lines_tokens ON search_lines USING gin (tokens) WITH (fastupdate = off);

-- The version of the rules by which an interaction was indexed. Interactions without lines have a row, too.
CREATE TABLE search_state (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    rules_version  BIGINT NOT NULL
);
