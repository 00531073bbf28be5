-- Training library: clips, completions.

-- One clip: an exemplary part of a call or chat.
CREATE TABLE clips (
    id             TEXT PRIMARY KEY,
    interaction_id TEXT REFERENCES interactions (id) ON DELETE SET NULL,
    team_id        TEXT,
    channel        TEXT NOT NULL,             -- call | chat
    title          TEXT NOT NULL,
    why            TEXT NOT NULL,             -- why it is worth watching
    skills         TEXT NOT NULL,             -- JSON array of strings
    search         TEXT NOT NULL,             -- title, why and skills in lower case without accents
    search_words   TEXT NOT NULL,             -- words of the lines in lower case without accents
    start_ms       BIGINT NOT NULL,           -- since the start of the recording, or since the first message
    end_ms         BIGINT NOT NULL,
    lines          TEXT,                      -- JSON: masked lines, times since the start of the clip; null: not transcribed yet
    source_key     TEXT,                      -- object_key of the recording; null: a chat
    speakers       TEXT NOT NULL,             -- JSON array, one per channel
    audio_key      TEXT,                      -- sound of the clip; null: a chat, or not cut yet
    audio_problem  TEXT,                      -- why the sound cannot be cut
    peaks          TEXT,                      -- JSON, for the waveform
    created_by     TEXT NOT NULL,             -- account
    created_name   TEXT NOT NULL,             -- name of the account at that time
    created_at     BIGINT NOT NULL,
    removed_at     BIGINT,                    -- time of removal from the library; can be restored for some days
    mask_choices   TEXT,                      -- JSON: masks added and removed by the creator
    silences       TEXT,                      -- JSON array of [start_ms, end_ms] of the recording: silenced parts
    words_version  BIGINT NOT NULL DEFAULT 0  -- grows when the lines are made again; sound of earlier versions is dropped
);
CREATE INDEX clips_created ON clips (created_at DESC);

-- One clip that an account has completed.
CREATE TABLE clip_completions (
    clip_id      TEXT NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    staff_id     TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    completed_at BIGINT NOT NULL,
    PRIMARY KEY (clip_id, staff_id)
);
