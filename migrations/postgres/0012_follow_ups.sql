-- Follow-ups of low ratings and callback requests, alerts, kudos.

-- One follow-up. Days, not times: nothing tells when an answer was given.
CREATE TABLE follow_ups (
    id                  TEXT PRIMARY KEY,
    team_id             TEXT,                -- team whose supervisors see it; null: every supervisor
    interaction_id      TEXT REFERENCES interactions (id) ON DELETE SET NULL,
    agent_id            TEXT,
    reason              TEXT NOT NULL,       -- score | callback_request | manual | removed (answer or request withdrawn or erased)
    why                 TEXT,                -- manual: words of the supervisor
    state               TEXT NOT NULL,       -- open | taken | closed
    opened_on           TEXT NOT NULL,
    due_on              TEXT NOT NULL,
    owner_id            TEXT,
    owner_name          TEXT,
    outcome             TEXT,                -- solved | reached | not_reached | nothing_to_do | withdrawn | erased
    cause               TEXT,                -- agent | process | tool | product | delivery | policy | other
    closed_on           TEXT,
    callback_request_id TEXT UNIQUE          -- callback request, while it is kept
);
CREATE UNIQUE INDEX follow_ups_by_score ON follow_ups (interaction_id) WHERE reason = 'score';
CREATE INDEX follow_ups_state ON follow_ups (state, due_on);
CREATE INDEX follow_ups_interaction ON follow_ups (interaction_id);

-- One step of a follow-up.
CREATE TABLE follow_up_steps (
    follow_up_id TEXT NOT NULL REFERENCES follow_ups (id) ON DELETE CASCADE,
    number       BIGINT NOT NULL,            -- 1, 2, …
    what         TEXT NOT NULL,              -- taken | assigned | due | note | finished | undone | erased
    at           BIGINT NOT NULL,
    staff_id     TEXT,
    name         TEXT NOT NULL,
    note         TEXT,
    before       TEXT,                       -- JSON: state before the step, for undo
    PRIMARY KEY (follow_up_id, number)
);

-- One kind of alert that an account subscribes to.
CREATE TABLE alert_subscriptions (
    staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL,                  -- score | callback_request
    PRIMARY KEY (staff_id, kind)
);

-- One commendation of an agent by a supervisor.
CREATE TABLE kudos (
    id             TEXT PRIMARY KEY,
    agent_id       TEXT NOT NULL REFERENCES agents (id),
    interaction_id TEXT REFERENCES interactions (id) ON DELETE SET NULL,
    text           TEXT NOT NULL,
    staff_id       TEXT NOT NULL,
    name           TEXT NOT NULL,            -- of the supervisor at that time
    at             BIGINT NOT NULL
);
CREATE INDEX kudos_agent ON kudos (agent_id, at DESC);
CREATE INDEX kudos_interaction ON kudos (interaction_id);
