-- Drafts of surveys, logos, rules and reminders.

-- What is being written; one of a survey. Each save raises the edition: who saves from an older one is told.
CREATE TABLE survey_drafts (
    survey_id  TEXT PRIMARY KEY REFERENCES surveys (id) ON DELETE CASCADE,
    definition TEXT,                       -- JSON; null: nothing is being written
    edition    BIGINT NOT NULL,
    saved_at   BIGINT NOT NULL,
    saved_by   TEXT NOT NULL               -- a name at that time
);

-- Pictures that surveys show; served from our own origin.
CREATE TABLE logos (
    sha256     TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,              -- image/png | image/jpeg | image/webp
    bytes      BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- Which conversation is asked about with which survey: all rules, in order, as one; the largest edition holds.
CREATE TABLE survey_rules (
    edition  BIGINT PRIMARY KEY,
    rules    TEXT NOT NULL,                -- JSON
    saved_at BIGINT NOT NULL,
    saved_by TEXT NOT NULL
);

-- What the rule said when the customer was asked. Null: as configured.
ALTER TABLE invitations ADD COLUMN expires_after_ms BIGINT;
-- So long after the link left everybody is reminded whose survey is open, whether they answered or not; null: not, or done.
ALTER TABLE invitations ADD COLUMN remind_after_ms BIGINT;
-- Of the reminder's link for unsubscribing, which leads nowhere else.
ALTER TABLE invitations ADD COLUMN unsubscribe_hash TEXT;
CREATE INDEX invitations_remind ON invitations (state, expires_at) WHERE remind_after_ms IS NOT NULL;
CREATE INDEX invitations_unsubscribe ON invitations (unsubscribe_hash) WHERE unsubscribe_hash IS NOT NULL;
