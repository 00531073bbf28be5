-- Surveys: definitions, drafts, logos, rules.

-- One survey.
CREATE TABLE surveys (
    id              TEXT PRIMARY KEY,      -- standard, or a random UUID
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,         -- active | archived
    current_version TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);

-- One published version of a survey. Never changed.
CREATE TABLE survey_versions (
    id           TEXT PRIMARY KEY,
    survey_id    TEXT NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,
    number       BIGINT NOT NULL,          -- 1, 2, …
    definition   TEXT,                     -- JSON; null: the built-in survey
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,            -- name of the account at that time
    UNIQUE (survey_id, number)
);
INSERT INTO surveys (id, name, state, current_version, created_at) VALUES ('standard', 'After every conversation', 'active', 'csat-1', 0);
INSERT INTO survey_versions (id, survey_id, number, definition, published_at, published_by) VALUES ('csat-1', 'standard', 1, NULL, 0, 'Afterword');

-- The draft of a survey.
CREATE TABLE survey_drafts (
    survey_id  TEXT PRIMARY KEY REFERENCES surveys (id) ON DELETE CASCADE,
    definition TEXT,                       -- JSON; null: no draft
    edition    BIGINT NOT NULL,            -- grows with each save; detects concurrent edits
    saved_at   BIGINT NOT NULL,
    saved_by   TEXT NOT NULL               -- name of the account at that time
);

-- One logo for survey pages.
CREATE TABLE logos (
    sha256     TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,              -- image/png | image/jpeg | image/webp
    bytes      BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- One edition of all survey rules. The largest edition is in force.
CREATE TABLE survey_rules (
    edition  BIGINT PRIMARY KEY,
    rules    TEXT NOT NULL,                -- JSON, in order
    saved_at BIGINT NOT NULL,
    saved_by TEXT NOT NULL                 -- name of the account at that time
);
