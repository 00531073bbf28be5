-- Suspected bot responses name no conversation and no day; the marks of a link tell whether a person has used it. Those that were kept
-- before name conversations, and are dropped.
DROP TABLE suspects;
CREATE TABLE suspects (
    id          TEXT PRIMARY KEY,
    sealed      TEXT NOT NULL,
    reason      TEXT NOT NULL,               -- too_fast | burst | trap
    purge_month TEXT NOT NULL,               -- dropped once this month is over
    passes      BIGINT NOT NULL DEFAULT 1,   -- shown from 2 on
    admitted    BIGINT NOT NULL DEFAULT 0    -- 1: goes into the mix with the next pass
) WITHOUT ROWID;
