-- What browsers said went wrong in pages: one row per kind, matter, place and build, counted. The program keeps it
-- small.
CREATE TABLE browser_report (
    digest TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    source TEXT NOT NULL,
    page TEXT NOT NULL,
    build TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX browser_report_last ON browser_report (last_at);
