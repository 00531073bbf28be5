-- What is to be taken out of words: JSON arrays of {kind, range} in bytes of the text. NULL: not looked for yet; it is done
-- when somebody reads.
ALTER TABLE segments ADD COLUMN masks TEXT;
ALTER TABLE messages ADD COLUMN masks TEXT;

-- The words of the customer's name as keyed hashes (JSON), to find them in words that come after the name was erased.
ALTER TABLE interactions ADD COLUMN name_marks TEXT;

-- What whoever flagged a clip decided about its masks, and which parts of the recording are silent in it (both JSON;
-- silences are [from, to] in ms of the recording).
ALTER TABLE clips ADD COLUMN asked TEXT;
ALTER TABLE clips ADD COLUMN silences TEXT;
