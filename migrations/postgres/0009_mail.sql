-- Mail: where bounces come back to.

-- SHA-256 of the tag in the envelope sender; the tag is a keyed hash of the id. Null: put here before there were tags.
ALTER TABLE outbox ADD COLUMN return_hash TEXT;
CREATE UNIQUE INDEX outbox_return ON outbox (return_hash);
