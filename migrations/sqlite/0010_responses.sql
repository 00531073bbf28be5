-- Responses: linked answers, apart answers in the mix, suspected bots, callback requests, quotes.

-- One linked answer, next to its recording. No name, no address, no time but the month.
CREATE TABLE responses (
    interaction_id   TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    agent_id         TEXT,
    team_id          TEXT,
    survey           TEXT NOT NULL,        -- id of the survey version
    score            BIGINT,               -- 1 to 5
    resolved         TEXT,                 -- yes | no
    comment          TEXT,
    month            TEXT NOT NULL,
    mix_passes       BIGINT NOT NULL,      -- passes of the mix since the answer; later ones end the time for changes
    score_release    TEXT,                 -- release that counted the score; null: none yet; '-': not answered
    resolved_release TEXT,
    comment_release  TEXT,
    extras_release   TEXT DEFAULT '-',     -- null: some further answer is not released; '-': none
    handed_off_on    TEXT,                 -- day of the handoff to follow-ups, alerts and webhooks; null: not yet
    quote_id         TEXT,                 -- id of the quote, where the comment may be quoted: keyed hash of the token
    read_name        TEXT,                 -- name of the first reader of the comment; null: unread
    read_on          TEXT,
    min_batch_size   BIGINT NOT NULL DEFAULT 0, -- smallest batch that the survey page promised
    external         BIGINT NOT NULL DEFAULT 0  -- 1: from a kiosk or a phone keypad; counted in pools of its own
) WITHOUT ROWID;
CREATE INDEX responses_unreleased ON responses (interaction_id, mix_passes)
    WHERE score_release IS NULL OR resolved_release IS NULL OR comment_release IS NULL OR extras_release IS NULL;
CREATE INDEX responses_not_handed_off ON responses (interaction_id) WHERE handed_off_on IS NULL;
CREATE INDEX responses_unread ON responses (team_id, handed_off_on) WHERE read_on IS NULL AND comment IS NOT NULL;

-- One linked answer to a question other than score, resolved and comment.
CREATE TABLE response_extras (
    interaction_id TEXT NOT NULL REFERENCES responses (interaction_id) ON DELETE CASCADE,
    question       TEXT NOT NULL,          -- {kind}.{survey}.{number}
    value          BIGINT,                 -- a number; multiple choice: the chosen options as bits
    text           TEXT,
    release        TEXT,                   -- release that counted it; null: none yet
    PRIMARY KEY (interaction_id, question)
) WITHOUT ROWID;
CREATE INDEX response_extras_unreleased ON response_extras (interaction_id, question) WHERE release IS NULL;

-- One apart answer to one question, in the mix. Sealed with a key that is not in the database.
CREATE TABLE sealed_answers (
    id         TEXT PRIMARY KEY,           -- keyed hash of the token; matches no invitation
    sealed     TEXT NOT NULL,
    mix_passes BIGINT NOT NULL
) WITHOUT ROWID;

-- One token that has answered apart. Prevents a second answer after the release.
CREATE TABLE spent_tokens (
    id          TEXT PRIMARY KEY,          -- another keyed hash of the token
    purge_month TEXT NOT NULL,             -- last month of the row
    mix_passes  BIGINT NOT NULL DEFAULT 1  -- 1: not yet written again in random order
) WITHOUT ROWID;
CREATE INDEX spent_tokens_unmixed ON spent_tokens (id) WHERE mix_passes = 1;

-- One answer of a suspected bot. Sealed, without interaction and day.
CREATE TABLE suspects (
    id          TEXT PRIMARY KEY,          -- keyed hash of the token
    sealed      TEXT NOT NULL,
    reason      TEXT NOT NULL,             -- too_fast | burst | trap
    purge_month TEXT NOT NULL,             -- last month of the row
    mix_passes  BIGINT NOT NULL DEFAULT 1, -- shown to administrators from 2 on
    admitted    BIGINT NOT NULL DEFAULT 0  -- 1: enters the mix with the next pass
) WITHOUT ROWID;

-- One callback request of a customer. Sealed; no time, no team, no answer.
CREATE TABLE callback_requests (
    id            TEXT PRIMARY KEY,        -- keyed hash of the token
    sealed        TEXT NOT NULL,
    mix_passes    BIGINT NOT NULL,
    handed_off_on TEXT,                    -- day on which supervisors received it; null: not yet
    erase_on      TEXT                     -- set when its follow-up is closed
) WITHOUT ROWID;

-- One comment that the customer allows to be quoted. Masked.
CREATE TABLE quotes (
    id             TEXT PRIMARY KEY,       -- keyed hash of the token, by which the customer withdraws it; random after purge_month
    text           TEXT NOT NULL,
    team_id        TEXT,
    interaction_id TEXT REFERENCES interactions (id) ON DELETE CASCADE, -- of a linked answer; null: apart
    month          TEXT NOT NULL,
    purge_month    TEXT NOT NULL           -- last month of the survey link
) WITHOUT ROWID;
CREATE INDEX quotes_interaction ON quotes (interaction_id);
