//! The routes beside the typed endpoints: for machines that look after the service and for these documents.
//!
//! They answer no JSON of ours, so they have no wire types and stand in a list of their own.

/// A route that is no typed endpoint.
#[derive(Debug)]
pub struct Untyped {
    /// The HTTP method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// Who may call it.
    pub access: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Each status and what it means.
    pub answers: &'static [(u16, &'static str)],
    /// What follows the URL on the `curl` line.
    pub curl: &'static str,
}

/// All of them, in the order the documents show them.
pub const UNTYPED: [Untyped; 8] = [
    Untyped {
        method: "GET",
        path: "/api/events/export",
        access: "signed in",
        summary: "The events that `GET /api/events` lists, all pages of them in one file: `format` is `jsonl` or `csv`, and `event`, `severity`, `account` and `since` say which. In a CSV file a cell that a spreadsheet would take for a formula begins with an apostrophe. The export is an event of its own.",
        answers: &[
            (200, "The file, `application/x-ndjson` or `text/csv`."),
            (400, "There is no such format or filter."),
            (401, "Nobody is signed in."),
            (
                403,
                "The account is somebody else's, and the caller is no admin.",
            ),
        ],
        curl: "-G -d format=jsonl -H \"Authorization: Bearer $TOKEN\"",
    },
    Untyped {
        method: "GET",
        path: "/livez",
        access: "anonymous",
        summary: "Whether the process answers at all; restart it when it does not.",
        answers: &[(200, "It does.")],
        curl: "",
    },
    Untyped {
        method: "GET",
        path: "/readyz",
        access: "anonymous",
        summary: "Whether requests can be served: the database answers, the revocation feed is heard, and the server is not shutting down.",
        answers: &[
            (200, "Send requests."),
            (503, "Send them elsewhere for now."),
        ],
        curl: "",
    },
    Untyped {
        method: "GET",
        path: "/.well-known/jwks.json",
        access: "anonymous",
        summary: "The public keys with which other services verify access tokens (RFC 7517): the Ed25519 signing keys that are pending, active or in grace. Without one the set is empty.",
        answers: &[(
            200,
            "The keys, `application/jwk-set+json`; they may be kept for a minute.",
        )],
        curl: "",
    },
    Untyped {
        method: "GET",
        path: "/openapi.json",
        access: "anonymous in development and test, a signed-in admin elsewhere",
        summary: "This document as OpenAPI 3.1.",
        answers: &[
            (200, "The document, `application/json`."),
            (401, "Nobody is signed in."),
            (403, "Who is signed in is no admin."),
        ],
        curl: "-H \"Authorization: Bearer $TOKEN\"",
    },
    Untyped {
        method: "GET",
        path: "/docs",
        access: "anonymous in development and test, a signed-in admin elsewhere",
        summary: "This document as a page.",
        answers: &[
            (200, "The page, `text/html`."),
            (401, "Nobody is signed in."),
            (403, "Who is signed in is no admin."),
        ],
        curl: "-H \"Authorization: Bearer $TOKEN\"",
    },
    Untyped {
        method: "GET",
        path: "/api/monitor/live",
        access: "admin, by cookie",
        summary: "The host live, as a WebSocket: `hello` with the names of the columns, then a sample a second, security events as they happen, and `gap` where something was left out. `?since=` takes the time of the last sample one has. After a refresh the client sends `{\"t\":\"renew\"}`; else the socket ends with its access token.",
        answers: &[
            (
                101,
                "Samples follow. Closed with 1001 at shutdown, 1008 after a message that breaks the rules or 45 s of silence, 1009 after one over 64 KiB, 1013 without a database, 4401 when the access token ran out, 4403 when the session ended.",
            ),
            (400, "No WebSocket was asked for."),
            (401, "Nobody is signed in."),
            (403, "Another origin, or who is signed in is no admin."),
            (429, "The account or the address has too many open."),
            (503, "The house has too many open, or closes."),
        ],
        curl: "",
    },
    Untyped {
        method: "POST",
        path: "/api/csp-report",
        access: "anonymous",
        summary: "Where browsers report violations of the Content-Security-Policy, in both formats there are.",
        answers: &[
            (204, "Taken in."),
            (400, "No such report, or one about another site."),
            (413, "Too large."),
            (
                415,
                "Neither `application/reports+json` nor `application/csp-report`.",
            ),
            (429, "Too many from this address."),
        ],
        curl: "-X POST -H 'Content-Type: application/reports+json' -d '[]'",
    },
];
