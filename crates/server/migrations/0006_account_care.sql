-- A password that must not be used any more until its owner has set another one with a link.
ALTER TABLE password ADD COLUMN must_reset_at BIGINT;
