-- What was promised to whoever gave a linked answer: the smallest batch that it is counted in. 1: it came from a kiosk or a
-- phone keypad, and is counted with others of that kind alone.
ALTER TABLE responses ADD COLUMN promised BIGINT NOT NULL DEFAULT 0;
ALTER TABLE responses ADD COLUMN elsewhere BIGINT NOT NULL DEFAULT 0;
-- 1 until the next pass of the mix writes the mark anew, in an order that has nothing to do with that of arrival.
ALTER TABLE spent ADD COLUMN passes BIGINT NOT NULL DEFAULT 1;
CREATE INDEX spent_fresh ON spent (id) WHERE passes = 1;
