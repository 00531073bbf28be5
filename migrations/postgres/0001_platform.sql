-- Platform: named values, the job queue, the audit log.
-- Times are milliseconds since 1970 (UTC), ids are random UUIDs as text, JSON is text. Days are text (2026-11-20), months too (2026-11).
-- migrations/sqlite has the same files with the same tables. SQLite's WITHOUT ROWID has no counterpart here: the mix writes its rows
-- again in random order instead.

-- One named value of the installation.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- One job that waits, runs or has failed for good.
CREATE TABLE jobs (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    job_key      TEXT NOT NULL,                  -- subject of the job; one job per kind and subject
    state        TEXT NOT NULL,                  -- queued | running | failed
    priority     BIGINT NOT NULL,                -- smaller values first
    run_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    lease_until  BIGINT,
    lease_owner  TEXT,
    last_error   TEXT,
    rerun        BOOLEAN NOT NULL DEFAULT FALSE, -- queued again while it was running: it runs once more
    created_at   BIGINT NOT NULL,
    fairness_key TEXT,                           -- group that takes turns with the others of its kind: a team, a webhook
    crashes      BIGINT NOT NULL DEFAULT 0,      -- times that the process ended during this job
    size         BIGINT,                         -- amount of work in the unit of the kind, such as ms of sound
    UNIQUE (kind, job_key)
);
CREATE INDEX jobs_due ON jobs (kind, state, priority, run_at);

-- The last turn of one fairness key of a kind of job.
CREATE TABLE job_turns (
    kind         TEXT NOT NULL,
    fairness_key TEXT NOT NULL,
    turn         BIGINT NOT NULL,                -- larger values were served later
    PRIMARY KEY (kind, fairness_key)
);

-- One entry of the audit log. Append-only; entries older than retention.audit may be deleted.
CREATE TABLE audit_log (
    id      TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,                       -- staff:<id> | key:<id> | system
    name    TEXT NOT NULL,                       -- name of the actor at that time
    action  TEXT NOT NULL,                       -- recording.played, clip.created, …
    subject TEXT NOT NULL,                       -- interaction:<id>, …
    detail  TEXT                                 -- JSON
);
CREATE INDEX audit_log_at ON audit_log (at DESC);

-- The time before which entries of the audit log may be deleted.
CREATE TABLE audit_retention (
    before BIGINT PRIMARY KEY
);
CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < (SELECT MAX(before) FROM audit_retention) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_append_only();

-- What retention removed on one day, by kind of data.
CREATE TABLE retention_log (
    day  TEXT NOT NULL,
    what TEXT NOT NULL,                          -- recordings | transcripts | interactions | audit | addresses | hashes | orphans; run: the pass itself
    n    BIGINT NOT NULL,                        -- removed items
    at   BIGINT NOT NULL,                        -- time of the last removal
    PRIMARY KEY (day, what)
);
