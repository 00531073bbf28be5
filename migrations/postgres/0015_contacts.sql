-- Contacts: addresses of customers by telephone number.

-- One contact.
CREATE TABLE contacts (
    phone_hash     TEXT PRIMARY KEY,     -- keyed hash of the telephone number
    contact_sealed TEXT NOT NULL,        -- address, name, language
    address_hash   TEXT NOT NULL         -- keyed hash, another than in other tables
);
CREATE INDEX contacts_address ON contacts (address_hash);

-- The last import of a file.
CREATE TABLE contact_imports (
    at         BIGINT PRIMARY KEY,
    actor_name TEXT NOT NULL,
    stored     BIGINT NOT NULL,          -- number of contacts
    rejected   BIGINT NOT NULL,          -- number of lines
    problems   TEXT NOT NULL             -- JSON array of {line, code}: the first rejected lines
);
