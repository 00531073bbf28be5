-- Mail: outbox, limits, returned mail.

-- One mail. Bodies are written when they are sent, so the database never holds a survey link.
CREATE TABLE outbox (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,            -- invitation | reminder | supervisor_notice | …
    reference     TEXT NOT NULL,            -- id of the subject, such as the invitation
    message_id    TEXT NOT NULL UNIQUE,     -- the same at each attempt
    hint          TEXT NOT NULL,            -- shortened recipient: j…@example.net; emptied after delivery
    state         TEXT NOT NULL,            -- queued | held | sent | failed | cancelled
    attempts      BIGINT NOT NULL,
    last_error    TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    return_hash   TEXT,                     -- SHA-256 of the tag in the envelope sender; null: not sent yet
    due_at        BIGINT NOT NULL DEFAULT 0, -- time of the next attempt; in a batch: end of its lease
    batch         TEXT,                     -- batch that has this mail, or lost it
    domain        TEXT NOT NULL DEFAULT '', -- domain of the recipient, for limits; emptied after delivery
    slot_reserved BIGINT NOT NULL DEFAULT 0, -- 1: due_at is a reserved slot in the rate of the domain
    UNIQUE (kind, reference)
);
CREATE INDEX outbox_state ON outbox (state, updated_at);
CREATE UNIQUE INDEX outbox_return ON outbox (return_hash);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'queued';
CREATE INDEX outbox_batch ON outbox (batch) WHERE batch IS NOT NULL;

-- One recipient domain with a rate limit.
CREATE TABLE mail_rates (
    domain  TEXT PRIMARY KEY,
    next_us BIGINT NOT NULL                 -- time of the next free slot, in microseconds since 1970
);

-- One reason why no mail is sent at present.
CREATE TABLE mail_stops (
    name     TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    since    BIGINT NOT NULL,
    until_at BIGINT NOT NULL,               -- time of the next attempt
    tries    BIGINT NOT NULL
);

-- One bounce, complaint or automatic reply. No address, no text.
CREATE TABLE returned_mail (
    id      TEXT PRIMARY KEY,               -- SHA-256 of the message, for duplicates
    mail_id TEXT REFERENCES outbox (id) ON DELETE SET NULL, -- returned mail; null: unknown
    at      BIGINT NOT NULL,
    origin  TEXT NOT NULL,                  -- folder | imap | name of a sending service
    verdict TEXT NOT NULL,                  -- hard | soft | complaint | opt-out | nothing
    reason  TEXT NOT NULL,                  -- userunknown | mailboxfull | vacation | …
    status  TEXT,                           -- enhanced status code (RFC 3463): 5.1.1
    reply   BIGINT,                         -- SMTP reply code: 550
    action  TEXT NOT NULL                   -- suppressed | noted | nothing | not_ours
);
CREATE INDEX returned_mail_at ON returned_mail (at);
CREATE INDEX returned_mail_mail ON returned_mail (mail_id);
