-- Transcription that is kept going: turns between teams, second takes, corrections.

-- Whose turn it is: jobs of a kind that several share are taken in turns (a team, for transcripts).
ALTER TABLE jobs ADD COLUMN share TEXT;
CREATE TABLE job_turns (
    kind  TEXT NOT NULL,
    share TEXT NOT NULL,
    turn  BIGINT NOT NULL,                 -- larger: was served later
    PRIMARY KEY (kind, share)
);

-- Each time a recording is transcribed is a take; corrections belong to one.
ALTER TABLE transcripts ADD COLUMN take TEXT;
ALTER TABLE transcripts ADD COLUMN took_ms BIGINT;  -- how long it took
ALTER TABLE transcripts ADD COLUMN notes TEXT;      -- JSON array: truncated, same-on-both-channels
CREATE INDEX transcripts_finished ON transcripts (state, updated_at);

-- A second take by another model, to be compared with what there is, then chosen or dropped.
CREATE TABLE takes (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    take           TEXT NOT NULL,
    state          TEXT NOT NULL,          -- waiting | running | done | failed
    progress       DOUBLE PRECISION NOT NULL,
    reason         TEXT,
    model          TEXT NOT NULL,
    language       TEXT,                   -- asked for, then found
    segments       TEXT NOT NULL,          -- JSON
    took_ms        BIGINT,
    notes          TEXT,
    asked_by       TEXT NOT NULL,          -- the name of whoever asked for it
    updated_at     BIGINT NOT NULL
);

-- What supervisors have corrected. The machine's words stay in `segments`; the newest line for a segment counts.
CREATE TABLE corrections (
    id             TEXT PRIMARY KEY,
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    take           TEXT NOT NULL,
    seq            BIGINT NOT NULL,        -- of the segment
    place          BIGINT NOT NULL,        -- 1, 2, …: the order of the corrections of this segment
    text           TEXT,                   -- null: the machine's own words again
    author         TEXT NOT NULL,          -- staff:<id> or key:<id>
    author_name    TEXT NOT NULL,
    at             BIGINT NOT NULL,
    UNIQUE (interaction_id, take, seq, place)
);
