-- Full-text search in transcripts and messages.

-- One line of a transcript or chat, or one part of a long line. PostgreSQL has `tokens` as tsvector; here an FTS5 index has them.
CREATE TABLE search_lines (
    id             INTEGER PRIMARY KEY,  -- rowid of the index
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,      -- index of the line, from 0
    part           BIGINT NOT NULL,      -- index of the part in a long line, from 0
    start_ms       BIGINT NOT NULL,      -- since the start of the recording, or since the first message
    end_ms         BIGINT NOT NULL,
    speaker        TEXT NOT NULL,        -- agent | customer | bot | system | …
    text           TEXT NOT NULL,        -- masked
    tokens         TEXT NOT NULL,        -- normalised words, separated by spaces
    UNIQUE (interaction_id, seq, part)
);

-- The version of the rules by which an interaction was indexed. Interactions without lines have a row, too.
CREATE TABLE search_state (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    rules_version  BIGINT NOT NULL
);

-- The index over search_lines. The service makes the tokens; the tokenizer only splits them at spaces.
CREATE VIRTUAL TABLE search_index USING fts5 (tokens, content = 'search_lines', content_rowid = 'id', tokenize = 'ascii', columnsize = 0);
-- Deleted lines are removed from the index, not only marked as deleted.
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER search_lines_insert AFTER INSERT ON search_lines BEGIN
    INSERT INTO search_index (rowid, tokens) VALUES (new.id, new.tokens);
END;
-- Runs for cascading deletes of an interaction, too.
CREATE TRIGGER search_lines_delete AFTER DELETE ON search_lines BEGIN
    INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens);
END;
