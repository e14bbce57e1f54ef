-- Valid on SQLite and PostgreSQL. Times are milliseconds UTC; a state is a nullable time.

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_normalised TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    locked_at BIGINT
);

CREATE TABLE password (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id),
    phc TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- The generation stands for the refresh token: no token is ever stored.
CREATE TABLE session (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    transport TEXT NOT NULL,
    remembered_at BIGINT,
    sealed_key BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    seen_generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
-- Of all sessions, not only the live ones: without statistics PostgreSQL takes a partial index that fits the
-- update of a refresh for better than the key, and walks it.
CREATE INDEX session_account ON session (account_id, created_at);

-- What ends sessions or changes what stands beside them, in commit order: the one row of `feed`
-- is locked by whoever appends, so a position is never seen before a smaller one.
CREATE TABLE feed (
    id BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
INSERT INTO feed (id, position) VALUES (1, 0);
CREATE TABLE revocation (
    position BIGINT NOT NULL PRIMARY KEY,
    session_id TEXT,
    account_id TEXT,
    at BIGINT NOT NULL
);

-- One row per HMAC of a sign-in name, known or not: the table names nobody.
CREATE TABLE throttle (
    digest TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    open_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX throttle_changed ON throttle (changed_at);

CREATE TABLE device (
    account_id TEXT NOT NULL REFERENCES account (id),
    digest TEXT NOT NULL,
    failures BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    voided_at BIGINT,
    PRIMARY KEY (account_id, digest)
);

-- Append-only.
CREATE TABLE event (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    name TEXT NOT NULL,
    severity TEXT NOT NULL,
    account_id TEXT,
    actor_id TEXT,
    address TEXT,
    user_agent TEXT,
    request_id TEXT,
    details TEXT NOT NULL
);
CREATE INDEX event_at ON event (at);
CREATE INDEX event_account ON event (account_id, at);

CREATE TABLE data_key (
    purpose TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    wrapped_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, version)
);

-- At most one live digest: a new link takes the place of the old one.
CREATE TABLE setup_token (
    id BIGINT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
