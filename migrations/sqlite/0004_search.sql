-- What is found by search: one row for each line that was said or written, or for a part of a long one. In
-- migrations/postgres/0004_search.sql `tokens` is a tsvector with a GIN index; here it is text beside an FTS5 index.

CREATE TABLE search_lines (
    id             INTEGER PRIMARY KEY,  -- the index's row
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,      -- its place among the lines, from 0
    part           BIGINT NOT NULL,      -- its place in a long line, from 0
    start_ms       BIGINT NOT NULL,      -- from the beginning of the recording, or since the first message
    end_ms         BIGINT NOT NULL,
    speaker        TEXT NOT NULL,        -- agent | customer | bot | system | …
    text           TEXT NOT NULL,        -- masked: as everybody may see it
    tokens         TEXT NOT NULL,        -- its words as they are compared, with spaces between
    UNIQUE (interaction_id, seq, part)
);

-- Which rules an interaction's lines were made by; it has a row even where it has no lines.
CREATE TABLE search_state (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    rules          BIGINT NOT NULL
);

-- The tokens are made by Afterword, so this tokenizer has only to split them at the spaces.
CREATE VIRTUAL TABLE search_index USING fts5 (tokens, content = 'search_lines', content_rowid = 'id', tokenize = 'ascii', columnsize = 0);
-- What is deleted is gone from the index as well, not only marked so.
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER search_lines_insert AFTER INSERT ON search_lines BEGIN
    INSERT INTO search_index (rowid, tokens) VALUES (new.id, new.tokens);
END;
-- Also when an interaction takes its lines along.
CREATE TRIGGER search_lines_delete AFTER DELETE ON search_lines BEGIN
    INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens);
END;
