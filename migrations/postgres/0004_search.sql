-- The same as in migrations/sqlite/0004_search.sql, but that `tokens` is a tsvector with an index of its own.

CREATE TABLE search_lines (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,      -- its place among the lines, from 0
    part           BIGINT NOT NULL,      -- its place in a long line, from 0
    start_ms       BIGINT NOT NULL,      -- from the beginning of the recording, or since the first message
    end_ms         BIGINT NOT NULL,
    speaker        TEXT NOT NULL,        -- agent | customer | bot | system | …
    text           TEXT NOT NULL,        -- masked: as everybody may see it
    tokens         TSVECTOR NOT NULL,    -- its words as they are compared, with their places
    UNIQUE (interaction_id, seq, part)
);
CREATE INDEX search_lines_tokens ON search_lines USING gin (tokens) WITH (fastupdate = off);

-- Which rules an interaction's lines were made by; it has a row even where it has no lines.
CREATE TABLE search_state (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    rules          BIGINT NOT NULL
);
