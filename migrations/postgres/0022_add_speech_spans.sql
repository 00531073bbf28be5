-- When somebody speaks on each channel, found in the sound: JSON array of {speaker, spans: [[start_ms, end_ms]]}.
ALTER TABLE transcripts ADD COLUMN speech TEXT;
ALTER TABLE takes ADD COLUMN speech TEXT;
