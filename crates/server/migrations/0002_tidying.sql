-- What has long been over is deleted. By times that a refresh does not change: it stays an update of one row and
-- no index.
CREATE INDEX session_created ON session (created_at);
CREATE INDEX device_seen ON device (seen_at);
