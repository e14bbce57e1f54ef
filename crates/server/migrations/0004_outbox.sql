-- Mails that wait to be sent; whoever they are for and what they say is sealed. A mail that has left is deleted.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    letter TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    failure TEXT
);
CREATE INDEX outbox_next_try ON outbox (next_try_at);
