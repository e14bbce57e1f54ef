-- A sign-in that has a step to do first: it opens that step and nothing else, for five minutes, five times at most.
CREATE TABLE ticket (
    digest TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    transport TEXT NOT NULL,
    remembered_at BIGINT,
    device_digest TEXT,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX ticket_account ON ticket (account_id);
CREATE INDEX ticket_expires ON ticket (expires_at);

-- One seed per account. Until the first code of it is confirmed it counts for nothing and may be replaced.
CREATE TABLE totp (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT
);

-- The codes of an account share one salt, so that one computation finds the one that was typed.
CREATE TABLE recovery_code (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    phc TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, phc)
);

-- Codes that their owner has not said to have kept: a row lives for fifteen minutes at most.
CREATE TABLE recovery_unkept (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX recovery_unkept_created ON recovery_unkept (created_at);

-- Wrong codes and passwords of an account, counted before the work: so many an hour, and so many in a row.
CREATE TABLE budget (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    failures BIGINT NOT NULL,
    in_a_row BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, purpose)
);

-- Beside the account, because every page asks for it.
ALTER TABLE account ADD COLUMN second_factor_at BIGINT;
