-- Since when the file of a recording has been missing from the folder of recordings; null: it is there.
ALTER TABLE recordings ADD COLUMN missing_since BIGINT;
CREATE INDEX recordings_missing ON recordings (missing_since) WHERE missing_since IS NOT NULL;
