-- Transcripts: segments, corrections, alternative transcripts, checkpoints.

-- The transcript of a recording.
CREATE TABLE transcripts (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    state          TEXT NOT NULL,            -- waiting | running | done | failed
    progress       DOUBLE PRECISION NOT NULL, -- 0 to 1
    reason         TEXT,                     -- of a failure
    model          TEXT,
    language       TEXT,
    updated_at     BIGINT NOT NULL,
    take           TEXT,                     -- id of this run of the transcription; corrections belong to one
    took_ms        BIGINT,                   -- processing time
    notes          TEXT,                     -- JSON array: truncated | same-on-both-channels
    speech         TEXT                      -- JSON array of {speaker, spans: [[start_ms, end_ms]]}: detected speech of each channel
);
CREATE INDEX transcripts_finished ON transcripts (state, updated_at);

-- One segment of a transcript, as the model wrote it.
CREATE TABLE segments (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    seq            BIGINT NOT NULL,
    start_ms       BIGINT NOT NULL,
    end_ms         BIGINT NOT NULL,
    speaker        TEXT NOT NULL,
    text           TEXT NOT NULL,
    confidence     DOUBLE PRECISION,
    words          TEXT NOT NULL,            -- JSON
    masks          TEXT,                     -- JSON array of {kind, range}, range in bytes of the text; null: not computed yet
    PRIMARY KEY (interaction_id, seq)
);

-- One correction of a segment by a supervisor. The newest correction of a segment is shown.
CREATE TABLE corrections (
    id             TEXT PRIMARY KEY,
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    take           TEXT NOT NULL,
    seq            BIGINT NOT NULL,          -- of the segment
    number         BIGINT NOT NULL,          -- 1, 2, …: order of the corrections of the segment
    text           TEXT,                     -- null: back to the words of the model
    author         TEXT NOT NULL,            -- staff:<id> | key:<id>
    author_name    TEXT NOT NULL,
    at             BIGINT NOT NULL,
    UNIQUE (interaction_id, take, seq, number)
);

-- An alternative transcript by another model, to be compared with the current one, then chosen or dropped.
CREATE TABLE alternative_transcripts (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    take           TEXT NOT NULL,
    state          TEXT NOT NULL,            -- waiting | running | done | failed
    progress       DOUBLE PRECISION NOT NULL, -- 0 to 1
    reason         TEXT,                     -- of a failure
    model          TEXT NOT NULL,
    language       TEXT,                     -- requested, then detected
    segments       TEXT NOT NULL,            -- JSON
    took_ms        BIGINT,                   -- processing time
    notes          TEXT,                     -- JSON array
    asked_by       TEXT NOT NULL,            -- name of the account that requested it
    updated_at     BIGINT NOT NULL,
    speech         TEXT                      -- JSON, as in transcripts
);

-- One transcribed window of a recording whose transcript is not finished. Deleted with its job.
CREATE TABLE transcript_checkpoints (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    kind           TEXT NOT NULL,            -- of the job: transcription | transcription.again
    seq            BIGINT NOT NULL,          -- index of the window in the recording
    recording      TEXT NOT NULL,            -- object_key of the transcribed recording
    settings       TEXT NOT NULL,            -- hash of model, language and program version
    content        TEXT NOT NULL,            -- JSON: span of the window, and its segments
    took_ms        BIGINT NOT NULL,          -- processing time since the window before
    PRIMARY KEY (interaction_id, kind, seq)
);
