-- The closed loop: follow-ups, wishes to be contacted, alerts, webhooks, quotes, kudos, and what was read.

-- When the closed loop has looked at a linked answer: the day, once it could not be changed any more. Null: not yet.
ALTER TABLE responses ADD COLUMN looked TEXT;
ALTER TABLE responses ADD COLUMN quote TEXT;       -- keyed hash of the token: the comment may be quoted, and the link can end that
ALTER TABLE responses ADD COLUMN read_name TEXT;   -- who has read the comment; null: nobody
ALTER TABLE responses ADD COLUMN read_on TEXT;
-- What came before this opens nothing.
UPDATE responses SET looked = '-';
CREATE INDEX responses_unlooked ON responses (interaction_id) WHERE looked IS NULL;
CREATE INDEX responses_unread ON responses (team_id, looked) WHERE read_on IS NULL AND comment IS NOT NULL;

-- Something that somebody has to see to. Days, not times: nothing tells when an answer came.
CREATE TABLE follow_ups (
    id             TEXT PRIMARY KEY,
    team_id        TEXT,                 -- whose supervisors see it; null: every supervisor
    interaction_id TEXT REFERENCES interactions (id) ON DELETE SET NULL,
    agent_id       TEXT,
    reason         TEXT NOT NULL,        -- score | wish | hand | gone (the answer or the wish was taken back)
    why            TEXT,                 -- by hand: in the supervisor's words
    state          TEXT NOT NULL,        -- open | taken | closed
    opened_on      TEXT NOT NULL,        -- 2026-11-20
    due_on         TEXT NOT NULL,
    owner_id       TEXT,
    owner_name     TEXT,
    outcome        TEXT,                 -- solved | reached | not_reached | nothing_to_do | withdrawn
    cause          TEXT,                 -- agent | process | tool | product | delivery | policy | other
    closed_on      TEXT,
    wish_id        TEXT UNIQUE           -- the customer's wish, while it is kept
) WITHOUT ROWID;
CREATE UNIQUE INDEX follow_ups_by_score ON follow_ups (interaction_id) WHERE reason = 'score';
CREATE INDEX follow_ups_state ON follow_ups (state, due_on);
CREATE INDEX follow_ups_interaction ON follow_ups (interaction_id);

CREATE TABLE follow_up_steps (
    follow_up_id TEXT NOT NULL REFERENCES follow_ups (id) ON DELETE CASCADE,
    place        BIGINT NOT NULL,        -- 1, 2, …
    what         TEXT NOT NULL,          -- taken | assigned | due | note | finished | undone
    at           BIGINT NOT NULL,
    staff_id     TEXT,
    name         TEXT NOT NULL,
    note         TEXT,
    before       TEXT,                   -- JSON: what it was, so that the step can be undone
    PRIMARY KEY (follow_up_id, place)
) WITHOUT ROWID;

-- A customer's wish to be contacted: sealed, under a keyed hash of the token. No time, no team, no answer.
CREATE TABLE contact_wishes (
    id        TEXT PRIMARY KEY,
    sealed    TEXT NOT NULL,
    passes    BIGINT NOT NULL,           -- survived, as an answer's ripeness
    handed_on TEXT,                      -- the day on which supervisors got it; null: not yet
    erase_on  TEXT                       -- set when its follow-up is closed
) WITHOUT ROWID;

-- Comments that customers allow to be quoted; masked. Withdrawn by the link (the id is a keyed hash of the token) or by staff.
CREATE TABLE quotes (
    id             TEXT PRIMARY KEY,
    text           TEXT NOT NULL,
    team_id        TEXT,
    interaction_id TEXT REFERENCES interactions (id) ON DELETE CASCADE, -- of a linked one
    month          TEXT NOT NULL,
    purge_month    TEXT NOT NULL         -- once this month is over no link is open: then the id is a random one
) WITHOUT ROWID;

-- Released comments: when they came out, who has read them, and which are praise for the agent.
ALTER TABLE released_comments ADD COLUMN seen_on TEXT;
ALTER TABLE released_comments ADD COLUMN read_name TEXT;
ALTER TABLE released_comments ADD COLUMN read_on TEXT;
ALTER TABLE released_comments ADD COLUMN kudos_name TEXT;
ALTER TABLE released_comments ADD COLUMN kudos_on TEXT;
CREATE INDEX released_comments_unseen ON released_comments (id) WHERE seen_on IS NULL;
CREATE INDEX released_comments_unread ON released_comments (seen_on) WHERE read_on IS NULL;

-- What supervisors commend agents for, in their own words.
CREATE TABLE kudos (
    id             TEXT PRIMARY KEY,
    agent_id       TEXT NOT NULL REFERENCES agents (id),
    interaction_id TEXT REFERENCES interactions (id) ON DELETE SET NULL,
    text           TEXT NOT NULL,
    staff_id       TEXT NOT NULL,
    name           TEXT NOT NULL,
    at             BIGINT NOT NULL
);
CREATE INDEX kudos_agent ON kudos (agent_id, at DESC);

CREATE TABLE alert_subscriptions (
    staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL,              -- score | wish
    PRIMARY KEY (staff_id, kind)
);

-- ---------------------------------------------------------------- webhooks
CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY,
    url           TEXT NOT NULL,
    note          TEXT NOT NULL,         -- what it is for
    events        TEXT NOT NULL,         -- JSON array of their names
    secret        TEXT NOT NULL,         -- sealed
    old_secret    TEXT,                  -- sealed: after a rotation both sign, for a day
    old_until     BIGINT,
    state         TEXT NOT NULL,         -- active | paused | failing (stopped after days of failures)
    failing_since BIGINT,
    last_error    TEXT,
    created_at    BIGINT NOT NULL
);

CREATE TABLE webhook_deliveries (
    id         TEXT PRIMARY KEY,         -- the webhook-id that the receiver sees, the same at each try
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,            -- interaction.created, …
    subject    TEXT NOT NULL,            -- what it is about: once for each
    body       TEXT NOT NULL,            -- JSON
    state      TEXT NOT NULL,            -- waiting | delivered | failed
    attempts   BIGINT NOT NULL,
    status     BIGINT,                   -- the last answer's code
    error      TEXT,
    created_at BIGINT NOT NULL,          -- of what is about answers: the day alone
    UNIQUE (webhook_id, kind, subject)
) WITHOUT ROWID;
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at DESC, id);
