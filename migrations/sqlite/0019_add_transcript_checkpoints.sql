-- How often the program ended while it worked on a job, and how much work the job is, in the unit of its kind (ms of sound).
ALTER TABLE jobs ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN size BIGINT;

-- What was heard so far of a recording whose transcript is not finished. A row lives no longer than its job.
CREATE TABLE transcript_checkpoints (
    interaction_id TEXT NOT NULL REFERENCES interactions (id) ON DELETE CASCADE,
    kind           TEXT NOT NULL,          -- of the job: transcribe | transcribe.again
    seq            BIGINT NOT NULL,        -- the window's place among those of the recording
    recording      TEXT NOT NULL,          -- object_key of the recording that was heard
    settings       TEXT NOT NULL,          -- hash of what the words depend on beside the recording: model, language, program
    content        TEXT NOT NULL,          -- JSON: where the window lies, and its segments
    took_ms        BIGINT NOT NULL,        -- time spent since the window before
    PRIMARY KEY (interaction_id, kind, seq)
);
