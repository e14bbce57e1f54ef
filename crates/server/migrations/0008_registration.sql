-- Invitations to make an account: only digests of their tokens. One that was used or taken back is deleted.
CREATE TABLE invitation (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX invitation_expires ON invitation (expires_at);

-- Registrations whose address waits to be confirmed. They are no accounts: nobody can sign in to one, and several may
-- wait for the same address, so that whoever registers an address first takes it from nobody.
CREATE TABLE registration (
    digest TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    phc TEXT NOT NULL,
    device_digest TEXT NOT NULL,
    invitation_id TEXT REFERENCES invitation (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX registration_expires ON registration (expires_at);
CREATE INDEX registration_invitation ON registration (invitation_id);
