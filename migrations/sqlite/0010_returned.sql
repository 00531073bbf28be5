-- Mail that came back: bounces, complaints, automatic replies. No address, no text of theirs.
CREATE TABLE returned_mail (
    id      TEXT PRIMARY KEY,            -- SHA-256 of what came: the same again is known
    mail_id TEXT REFERENCES outbox (id) ON DELETE SET NULL, -- which mail came back; null: none of ours, or nobody knows
    at      BIGINT NOT NULL,
    origin  TEXT NOT NULL,               -- folder | imap | a sending service
    verdict TEXT NOT NULL,               -- hard | soft | complaint | opt-out | nothing
    reason  TEXT NOT NULL,               -- userunknown | mailboxfull | vacation | ...
    status  TEXT,                        -- 5.1.1
    reply   BIGINT,                      -- 550
    done    TEXT NOT NULL                -- what followed: suppressed | noted | nothing | not_ours
);
CREATE INDEX returned_mail_at ON returned_mail (at);
CREATE INDEX returned_mail_of ON returned_mail (mail_id);

-- On which days mail to an address (keyed hash) did not arrive for now: several such days and it is not written to.
CREATE TABLE soft_bounces (
    address_hash TEXT NOT NULL,
    day          BIGINT NOT NULL,        -- days since 1970 (UTC)
    PRIMARY KEY (address_hash, day)
);

CREATE INDEX invitations_address ON invitations (address_hash);
