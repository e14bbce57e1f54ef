-- What the admin desk searches by, in byte order whatever the database's own: SQLite has "BINARY", PostgreSQL gets it
-- before the migrations run. An older name is lowered as far as the engine can, and fully when it is next changed.
ALTER TABLE account ADD COLUMN email_sorted TEXT COLLATE "BINARY" NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN name_normalised TEXT COLLATE "BINARY" NOT NULL DEFAULT '';
UPDATE account SET email_sorted = email_normalised, name_normalised = lower(name);
CREATE UNIQUE INDEX account_email_sorted ON account (email_sorted);
CREATE INDEX account_name_normalised ON account (name_normalised, id);
CREATE INDEX account_role ON account (role);

-- Its one row is held by whoever changes what somebody may do, so that two admins take turns.
CREATE TABLE desk (
    id BIGINT NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
);
INSERT INTO desk (id, turn) VALUES (1, 0);
