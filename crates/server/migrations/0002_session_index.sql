-- The index of live sessions held only those that had not ended, which is what the update of a refresh asks for,
-- too: without statistics PostgreSQL walked all of them for each refresh instead of taking the key.

DROP INDEX session_live;
CREATE INDEX session_account ON session (account_id, created_at);
