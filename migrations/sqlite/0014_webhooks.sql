-- Webhooks and their deliveries.

-- One webhook.
CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY,
    url           TEXT NOT NULL,
    note          TEXT NOT NULL,         -- purpose
    events        TEXT NOT NULL,         -- JSON array of event names
    secret        TEXT NOT NULL,         -- sealed
    old_secret    TEXT,                  -- sealed: previous secret, which signs for a day after a rotation
    old_until     BIGINT,
    state         TEXT NOT NULL,         -- active | paused | failing (stopped after days of failures)
    failing_since BIGINT,
    last_error    TEXT,
    created_at    BIGINT NOT NULL
);

-- One event for one webhook.
CREATE TABLE webhook_deliveries (
    id         TEXT PRIMARY KEY,         -- webhook-id header, the same at each attempt
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,            -- interaction.created, …
    subject    TEXT NOT NULL,            -- one delivery per event and subject
    body       TEXT NOT NULL,            -- JSON
    state      TEXT NOT NULL,            -- waiting | delivered | failed
    attempts   BIGINT NOT NULL,
    status     BIGINT,                   -- HTTP status of the last response
    error      TEXT,
    created_at BIGINT NOT NULL,          -- events about answers: the day only
    UNIQUE (webhook_id, kind, subject)
) WITHOUT ROWID;
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at DESC, id);
