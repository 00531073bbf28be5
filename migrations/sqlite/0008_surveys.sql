-- Surveys of many kinds of questions, in versions.

CREATE TABLE surveys (
    id              TEXT PRIMARY KEY,      -- "standard", or a random UUID
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,         -- active | archived
    current_version TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);

-- What was asked, word for word; never changed.
CREATE TABLE survey_versions (
    id           TEXT PRIMARY KEY,
    survey_id    TEXT NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,
    number       BIGINT NOT NULL,          -- 1, 2, …
    definition   TEXT,                     -- JSON; null: the survey that is built in
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,            -- a name at that time
    UNIQUE (survey_id, number)
);

INSERT INTO surveys (id, name, state, current_version, created_at) VALUES ('standard', 'After every conversation', 'active', 'csat-1', 0);
INSERT INTO survey_versions (id, survey_id, number, definition, published_at, published_by) VALUES ('csat-1', 'standard', 1, NULL, 0, 'Afterword');

-- Linked answers to further questions than the three that feed the ratings.
CREATE TABLE response_extras (
    interaction_id TEXT NOT NULL REFERENCES responses (interaction_id) ON DELETE CASCADE,
    question       TEXT NOT NULL,          -- {kind}.{survey}.{number}
    value          BIGINT,                 -- a number; of many: a set of options, by bits
    text           TEXT,
    release        TEXT,                   -- which release counted it; null: none yet
    PRIMARY KEY (interaction_id, question)
) WITHOUT ROWID;
CREATE INDEX response_extras_unreleased ON response_extras (interaction_id, question) WHERE release IS NULL;

-- Null while one of them waits; '-': none does.
ALTER TABLE responses ADD COLUMN extras_release TEXT DEFAULT '-';
DROP INDEX responses_unreleased;
CREATE INDEX responses_unreleased ON responses (interaction_id, ripeness)
    WHERE score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL OR extras_release IS NULL;
