-- When the owner of a session last proved who they are, and when with a second factor. Sessions from before count as
-- not proven lately.
ALTER TABLE session ADD COLUMN fresh_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN second_factor_at BIGINT;
-- What a link that changes a password is bound to: it counts up with every change.
ALTER TABLE password ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
