-- Mail: where bounces come back to, and an outbox that carries its own times.

-- SHA-256 of the tag in the envelope sender; the tag is a keyed hash of the id. Null: put here before there were tags.
ALTER TABLE outbox ADD COLUMN return_hash TEXT;
CREATE UNIQUE INDEX outbox_return ON outbox (return_hash);

-- When its next try is due; while a batch has it, when that batch counts as lost.
ALTER TABLE outbox ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
-- The batch that has it, or lost it.
ALTER TABLE outbox ADD COLUMN batch TEXT;
-- The recipient's domain, for limits; emptied with the hint.
ALTER TABLE outbox ADD COLUMN domain TEXT NOT NULL DEFAULT '';
-- 1: it has its place in its domain's rate, at due_at.
ALTER TABLE outbox ADD COLUMN placed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'queued';
CREATE INDEX outbox_batch ON outbox (batch) WHERE batch IS NOT NULL;
UPDATE outbox SET domain = lower(substr(hint, instr(hint, '@') + 1)) WHERE state IN ('queued', 'held');
-- The outbox is its own queue now.
DELETE FROM jobs WHERE kind = 'mail.deliver';

-- When the next mail to a domain with a limit may leave: microseconds since 1970.
CREATE TABLE mail_rates (
    domain  TEXT PRIMARY KEY,
    next_us BIGINT NOT NULL
);

-- Why nothing leaves at the moment; no row where all is well.
CREATE TABLE mail_stops (
    name     TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    since    BIGINT NOT NULL,
    until_at BIGINT NOT NULL,              -- then it is tried again
    tries    BIGINT NOT NULL
);
