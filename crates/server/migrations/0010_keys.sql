-- The processes that serve, each with the keys it knows: a key signs only once all of them know it. A row that was
-- not renewed lately stands for a process that is gone.
CREATE TABLE instance (
    id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- `ring:kid:fingerprint`, separated by blanks.
    keys TEXT NOT NULL
);

-- The one row: nothing that began at or before `epoch` counts any more. The keyring file has an epoch, too, and the
-- later of the two holds, so neither an old database nor an old file brings anything back.
CREATE TABLE key_epoch (
    id BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL
);
INSERT INTO key_epoch (id, epoch) VALUES (1, 0);

-- By fingerprint, so that a revoked key stays so under another name.
CREATE TABLE revoked_key (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    ring TEXT NOT NULL,
    kid TEXT NOT NULL,
    revoked_at BIGINT NOT NULL
);

CREATE TABLE incident (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    ring TEXT NOT NULL,
    kid TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    host TEXT NOT NULL,
    sessions_before BIGINT NOT NULL,
    sessions_after BIGINT NOT NULL
);
CREATE INDEX incident_at ON incident (at);

CREATE TABLE incident_note (
    id TEXT NOT NULL PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incident (id),
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX incident_note_incident ON incident_note (incident_id, at);

-- Work that one process does at a time, such as a rotation: whoever holds the row until then.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- When something about the keys was last done, such as `backup_verified`.
CREATE TABLE key_fact (
    name TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    detail TEXT NOT NULL
);
