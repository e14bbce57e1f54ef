-- What waits is bound to who asked for it, and ends with what ended for them. What waits from before counts no more.

-- The version of the password when a new address was asked for.
ALTER TABLE email_change ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
-- The session, or the ticket, that a seed without its first code was made in.
ALTER TABLE totp ADD COLUMN maker TEXT;
-- The admin who made an invitation; none for the command line.
ALTER TABLE invitation ADD COLUMN made_by TEXT;
