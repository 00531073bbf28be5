-- Speakers of the channels that the sender named last: JSON array; null: none were named. `speakers` differ where staff have set them
-- since.
ALTER TABLE recordings ADD COLUMN sent_speakers TEXT;
UPDATE recordings SET sent_speakers = speakers;
-- Whether staff have set the speakers: nobody knows then which channel is the customer's, and each is masked as if it were.
ALTER TABLE recordings ADD COLUMN staff_set_speakers BOOLEAN NOT NULL DEFAULT FALSE;
-- Counts how often a clip's words were remade: sound that was cut with earlier ones is not kept.
ALTER TABLE clips ADD COLUMN words_version BIGINT NOT NULL DEFAULT 0;
