-- A password that must not be used any more until its owner has set another one with a link.
ALTER TABLE password ADD COLUMN must_reset_at BIGINT;

-- Links that set a new password; only digests, each bound to the version of the password it replaces.
CREATE TABLE recovery_link (
    digest TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX recovery_link_expires ON recovery_link (expires_at);
CREATE INDEX recovery_link_account ON recovery_link (account_id);

-- Links of mails about a sign-in from a new device: whoever says that it was not theirs ends everything.
CREATE TABLE not_me_link (
    digest TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX not_me_link_expires ON not_me_link (expires_at);
CREATE INDEX not_me_link_account ON not_me_link (account_id);

-- New addresses that wait to be confirmed; the newest link of an account counts.
CREATE TABLE email_change (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX email_change_expires ON email_change (expires_at);
