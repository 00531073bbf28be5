-- Released figures are final: nothing is subtracted from them any more (docs/anonymity.md).
DROP TABLE taken_back;

-- An account has one open one-time link at most: a newer one takes the place of the older.
DELETE FROM one_time_links WHERE used_at IS NULL AND staff_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM one_time_links newer WHERE newer.staff_id = one_time_links.staff_id AND newer.used_at IS NULL
        AND (newer.expires_at > one_time_links.expires_at
            OR (newer.expires_at = one_time_links.expires_at AND newer.token_hash > one_time_links.token_hash)));
CREATE UNIQUE INDEX one_time_links_open ON one_time_links (staff_id) WHERE used_at IS NULL;

-- Which browser a session is of, as its owner reads it.
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_staff ON sessions (staff_id);

-- Browsers in which somebody has signed in before: strangers' tries to sign in don't slow them down.
CREATE TABLE known_devices (
    token_hash TEXT PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX known_devices_staff ON known_devices (staff_id);

-- Rate limits of sign-in (GCRA): the time at which a bucket is full again. The id is a hash of what is limited.
CREATE TABLE sign_in_limits (
    id      TEXT PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX sign_in_limits_full ON sign_in_limits (full_at);

-- What administrators did by which somebody sees linked answers: announced to those who saw them before, and to the other
-- administrators.
CREATE TABLE supervisor_notices (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,          -- appointed | enabled | link
    staff_id     TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    actor_name   TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE TABLE supervisor_notice_recipients (
    notice_id TEXT NOT NULL REFERENCES supervisor_notices (id) ON DELETE CASCADE,
    staff_id  TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    PRIMARY KEY (notice_id, staff_id)
);
CREATE INDEX supervisor_notice_recipients_staff ON supervisor_notice_recipients (staff_id);
