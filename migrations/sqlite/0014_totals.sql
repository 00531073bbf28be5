-- Figures are read from totals, which each release's own transaction adds to: a release may be as small as k, so that there
-- are millions. The same tables stand in migrations/postgres/0014_totals.sql.

-- Sums over whole releases. A row holds eleven values beside each other: v0 counts the value 11·block, v10 the value 11·block + 10.
CREATE TABLE release_totals (
    scope    TEXT NOT NULL,              -- agent | team | organisation
    agent_id TEXT NOT NULL,              -- '': none
    team_id  TEXT NOT NULL,              -- '': none
    question TEXT NOT NULL,
    block    BIGINT NOT NULL,
    month    TEXT NOT NULL,              -- 2026-11
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

INSERT INTO release_totals (scope, agent_id, team_id, question, block, month, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10)
SELECT r.scope, COALESCE(r.agent_id, ''), COALESCE(r.team_id, ''), r.question, c.value / 11, r.month,
    SUM(CASE WHEN c.value % 11 = 0 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value % 11 = 1 THEN c.n ELSE 0 END),
    SUM(CASE WHEN c.value % 11 = 2 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value % 11 = 3 THEN c.n ELSE 0 END),
    SUM(CASE WHEN c.value % 11 = 4 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value % 11 = 5 THEN c.n ELSE 0 END),
    SUM(CASE WHEN c.value % 11 = 6 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value % 11 = 7 THEN c.n ELSE 0 END),
    SUM(CASE WHEN c.value % 11 = 8 THEN c.n ELSE 0 END), SUM(CASE WHEN c.value % 11 = 9 THEN c.n ELSE 0 END),
    SUM(CASE WHEN c.value % 11 = 10 THEN c.n ELSE 0 END)
FROM releases r JOIN release_counts c ON c.release_id = r.id
GROUP BY r.scope, COALESCE(r.agent_id, ''), COALESCE(r.team_id, ''), r.question, c.value / 11, r.month;

CREATE INDEX releases_team ON releases (team_id, question, month);

-- How many were asked, by the month of the invitation; counted anew after each pass while it may still change.
CREATE TABLE asked_totals (
    agent_id TEXT NOT NULL,              -- '': none
    team_id  TEXT NOT NULL,              -- '': none
    month    TEXT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (agent_id, team_id, month)
) WITHOUT ROWID;
CREATE INDEX invitations_asked ON invitations (created_at, agent_id, team_id) WHERE token_hash IS NOT NULL AND state <> 'failed';

INSERT INTO asked_totals (month, agent_id, team_id, n)
SELECT strftime('%Y-%m', created_at / 1000, 'unixepoch'), COALESCE(agent_id, ''), COALESCE(team_id, ''), COUNT(*)
FROM invitations WHERE token_hash IS NOT NULL AND state <> 'failed'
GROUP BY strftime('%Y-%m', created_at / 1000, 'unixepoch'), COALESCE(agent_id, ''), COALESCE(team_id, '');

-- What releases remember from pass to pass: 'k', the smallest batch in force; 'waits', sealed, which pools have been too small
-- since which month.
CREATE TABLE release_state (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Linked answers that were counted and are taken back (erased, left out): they go out with their pool's next release. No
-- interaction, no time.
CREATE TABLE taken_back (
    id         TEXT PRIMARY KEY,
    release_id TEXT NOT NULL,            -- which release counted it, and so which pool
    question   TEXT NOT NULL,
    value      BIGINT,                   -- null: a comment
    comment_id TEXT                      -- the released comment that goes
) WITHOUT ROWID;

-- Conversations whose linked answer does not count, and why. The reasons are counted by the rule of all counts: a team's
-- come out k or more at a time.
CREATE TABLE exclusions (
    interaction_id TEXT PRIMARY KEY REFERENCES interactions (id) ON DELETE CASCADE,
    reason         TEXT NOT NULL,        -- wrong_agent | outside_my_hands | abusive | test | other
    note           TEXT NOT NULL,        -- in the words of whoever decided
    team_id        TEXT,
    actor          TEXT NOT NULL,        -- who decided, as in the audit log
    actor_name     TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    release_id     TEXT                  -- which release counted the reason; null: none yet
) WITHOUT ROWID;
CREATE INDEX exclusions_created ON exclusions (created_at DESC);
