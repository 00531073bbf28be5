-- What is remembered for how long, and what erasing finds. The same in migrations/postgres/0015_closing.sql.

-- Until when the customer is left in peace, by the rule that asked. Null: asked before this column was there.
ALTER TABLE asked ADD COLUMN quiet_until BIGINT;

-- Closed invitations lose the keyed hash of their address, those whose time was over first.
CREATE INDEX invitations_hashed ON invitations (expires_at) WHERE state = 'closed' AND address_hash <> '';

-- When it was said to be final for the first time. Null: not yet, or before this column was there.
ALTER TABLE interactions ADD COLUMN finalised_at BIGINT;

-- A conversation goes with what was written about it.
CREATE INDEX kudos_interaction ON kudos (interaction_id);
CREATE INDEX quotes_interaction ON quotes (interaction_id);
