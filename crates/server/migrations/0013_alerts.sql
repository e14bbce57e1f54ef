-- What is watched; `rule` is JSON, because it is always read as a whole. A shipped rule has its word.
CREATE TABLE alert_rule (
    id TEXT NOT NULL PRIMARY KEY,
    shipped TEXT UNIQUE,
    rule TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- What happened up to here was looked at.
    evaluated_at BIGINT NOT NULL
);

-- One that is not over at most for each rule, whoever evaluates it.
CREATE TABLE alert (
    id TEXT NOT NULL PRIMARY KEY,
    rule_id TEXT NOT NULL REFERENCES alert_rule (id),
    phase TEXT NOT NULL,
    -- When it was last told.
    value BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    told_at BIGINT,
    acknowledged_by TEXT,
    acknowledged_until BIGINT,
    resolved_at BIGINT,
    -- Counts the changes: whoever decided by an older state decides again.
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_live ON alert (rule_id) WHERE resolved_at IS NULL;
CREATE INDEX alert_rule_began ON alert (rule_id, began_at);
CREATE INDEX alert_began ON alert (began_at);

-- Where messages go. The address may open a door and the secret signs, so both are sealed.
CREATE TABLE alert_channel (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    way TEXT NOT NULL,
    locale TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    enabled BIGINT NOT NULL,
    gone_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Messages that wait, and those that arrived or were given up, which are kept for a while.
CREATE TABLE alert_delivery (
    id TEXT NOT NULL PRIMARY KEY,
    channel_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it was to leave first: quiet hours and floods hold it back.
    due_at BIGINT NOT NULL,
    -- NULL once it is over.
    next_try_at BIGINT,
    tries BIGINT NOT NULL,
    answered_at BIGINT,
    code BIGINT,
    answer TEXT NOT NULL
);
CREATE INDEX alert_delivery_next ON alert_delivery (next_try_at);
CREATE INDEX alert_delivery_created ON alert_delivery (created_at);
CREATE INDEX alert_delivery_channel ON alert_delivery (channel_id, created_at);

-- What each process measured last.
CREATE TABLE reading (
    instance TEXT NOT NULL,
    metric TEXT NOT NULL,
    value BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (instance, metric)
);
