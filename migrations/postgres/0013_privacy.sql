-- Erasure, retention, and answers that a program may have given. The same in migrations/sqlite/0013_privacy.sql.

-- The log may forget what is older than this (retention.audit), and nothing else.
CREATE TABLE audit_retention (
    before BIGINT PRIMARY KEY
);
CREATE OR REPLACE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < (SELECT MAX(before) FROM audit_retention) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;

-- What retention removed, by day.
CREATE TABLE retention_log (
    day  TEXT NOT NULL,                  -- 2026-11-20
    what TEXT NOT NULL,                  -- recordings | transcripts | interactions | audit | addresses | orphans; run: it ran
    n    BIGINT NOT NULL,
    at   BIGINT NOT NULL,                -- when last
    PRIMARY KEY (day, what)
);

-- When the mail with the link left: an answer right after it is no person's.
ALTER TABLE invitations ADD COLUMN sent_at BIGINT;

-- Answers that look like a program's, kept aside. Sealed, under a keyed hash of the token itself; of a time nothing but the day.
CREATE TABLE suspects (
    id     TEXT PRIMARY KEY,
    sealed TEXT NOT NULL,
    reason TEXT NOT NULL,                -- too_fast | burst | trap
    day    TEXT NOT NULL,
    goes   TEXT NOT NULL                 -- dropped on this day
);
