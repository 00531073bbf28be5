-- Ratings: releases of answers in batches, totals, exclusions.

-- One release: a batch of answers to one question. Agents and HR see sums over whole releases only.
CREATE TABLE releases (
    id             TEXT PRIMARY KEY,
    scope          TEXT NOT NULL,         -- agent | team | organisation
    agent_id       TEXT,
    team_id        TEXT,
    question       TEXT NOT NULL,         -- score | resolved | comment | excluded | {kind}.{survey}.{number}
    kind           TEXT NOT NULL,         -- linked | apart
    month          TEXT NOT NULL,
    min_batch_size BIGINT NOT NULL,       -- k at the time of the release
    n              BIGINT NOT NULL        -- answers in the batch
) WITHOUT ROWID;
CREATE INDEX releases_agent ON releases (agent_id, question, month);
CREATE INDEX releases_team ON releases (team_id, question, month);

-- How often one value was given in a release.
CREATE TABLE release_counts (
    release_id TEXT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    value      BIGINT NOT NULL,           -- score: 1 to 5; resolved: 0 no, 1 yes
    n          BIGINT NOT NULL,
    PRIMARY KEY (release_id, value)
) WITHOUT ROWID;

-- One released comment. Masked.
CREATE TABLE released_comments (
    id         TEXT PRIMARY KEY,
    release_id TEXT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    text       TEXT NOT NULL,
    listed_on  TEXT,                      -- day from which on supervisors see it; null: not yet
    read_name  TEXT,                      -- name of the first reader; null: unread
    read_on    TEXT,
    kudos_name TEXT,                      -- name of the supervisor who marked it as praise
    kudos_on   TEXT
) WITHOUT ROWID;
CREATE INDEX released_comments_release ON released_comments (release_id);
CREATE INDEX released_comments_unlisted ON released_comments (id) WHERE listed_on IS NULL;
CREATE INDEX released_comments_unread ON released_comments (listed_on) WHERE read_on IS NULL;

-- Sums over releases of one month for eleven neighbouring values: v0 counts the value 11·block, v10 the value 11·block + 10.
CREATE TABLE release_totals (
    scope    TEXT NOT NULL,               -- agent | team | organisation
    agent_id TEXT NOT NULL,               -- '': none
    team_id  TEXT NOT NULL,               -- '': none
    question TEXT NOT NULL,
    block    BIGINT NOT NULL,
    month    TEXT NOT NULL,
    v0       BIGINT NOT NULL,
    v1       BIGINT NOT NULL,
    v2       BIGINT NOT NULL,
    v3       BIGINT NOT NULL,
    v4       BIGINT NOT NULL,
    v5       BIGINT NOT NULL,
    v6       BIGINT NOT NULL,
    v7       BIGINT NOT NULL,
    v8       BIGINT NOT NULL,
    v9       BIGINT NOT NULL,
    v10      BIGINT NOT NULL,
    PRIMARY KEY (scope, agent_id, team_id, question, block, month)
) WITHOUT ROWID;
CREATE INDEX release_totals_team ON release_totals (team_id, month);

-- Invitations sent in one month, by agent and team. Computed again after each pass while the number may change.
CREATE TABLE invitation_totals (
    agent_id TEXT NOT NULL,               -- '': none
    team_id  TEXT NOT NULL,               -- '': none
    month    TEXT NOT NULL,               -- of the invitation
    n        BIGINT NOT NULL,
    PRIMARY KEY (agent_id, team_id, month)
) WITHOUT ROWID;

-- One named value that releases keep between passes: min_batch_size in force; pool_age, sealed: since when each pool has been too small.
CREATE TABLE release_state (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One interaction whose linked answer does not count. Reasons are counted in batches, as answers are.
CREATE TABLE exclusions (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    reason         TEXT NOT NULL,         -- wrong_agent | outside_my_hands | abusive | test | other
    note           TEXT NOT NULL,         -- of the account that decided
    team_id        TEXT,
    actor          TEXT NOT NULL,         -- as in the audit log
    actor_name     TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    release_id     TEXT                   -- release that counted the reason; null: none yet
) WITHOUT ROWID;
CREATE INDEX exclusions_created ON exclusions (created_at DESC);
