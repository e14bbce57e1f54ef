-- The audit chain: committed events get a position and a MAC over every column and the MAC before. Until then the
-- four are NULL, and the event waits in `event_unchained`.
ALTER TABLE event ADD COLUMN position BIGINT;
ALTER TABLE event ADD COLUMN mac_before BYTEA;
ALTER TABLE event ADD COLUMN mac BYTEA;
-- The version of the data key `audit`.
ALTER TABLE event ADD COLUMN mac_key BIGINT;
CREATE UNIQUE INDEX event_position ON event (position) WHERE position IS NOT NULL;
CREATE INDEX event_unchained ON event (at, id) WHERE position IS NULL;

-- Two rows, sealed: `begin`, after what was purged, and `head`, the newest link.
CREATE TABLE event_chain (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    at BIGINT NOT NULL,
    mac_key BIGINT NOT NULL,
    seal BYTEA NOT NULL
);

-- One for each filter of the list, in the order of its pages. They hold what has its position: so recording writes into
-- none of them, and linking, a batch at a time, into all.
DROP INDEX event_at;
DROP INDEX event_account;
CREATE INDEX event_time ON event (at, id) WHERE position IS NOT NULL;
CREATE INDEX event_name_time ON event (name, at, id) WHERE position IS NOT NULL;
CREATE INDEX event_severity_time ON event (severity, at, id) WHERE position IS NOT NULL;
CREATE INDEX event_account_time ON event (account_id, at, id) WHERE position IS NOT NULL;
CREATE INDEX event_account_name_time ON event (account_id, name, at, id) WHERE position IS NOT NULL;
CREATE INDEX event_account_severity_time ON event (account_id, severity, at, id) WHERE position IS NOT NULL;
