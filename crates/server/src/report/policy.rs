//! Reports of broken content policies, in both formats that browsers send: `report-uri`'s `application/csp-report` and
//! the Reporting API's `application/reports+json`.

use serde::Deserialize;
use url::Url;

use super::{error::ReportError, scrub};

/// Reports of one body at most; a browser sends a few together.
const MOST: usize = 20;

/// The directives that a report may name (CSP level 3).
const DIRECTIVES: [&str; 22] = [
    "base-uri",
    "child-src",
    "connect-src",
    "default-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "worker-src",
];

/// What a report says stood in the way, when it is no address.
const KEYWORDS: [&str; 8] = [
    "inline",
    "eval",
    "wasm-eval",
    "self",
    "data",
    "blob",
    "trusted-types-policy",
    "trusted-types-sink",
];

/// What is kept of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) directive: &'static str,
    /// A keyword, a scheme or an origin.
    pub(super) source: String,
    pub(super) page: &'static str,
}

/// The violations in a body of this media type; those of other types of report are none.
pub(super) fn parse(
    media_type: &str,
    body: &[u8],
    is_ours: impl Fn(&str) -> bool,
) -> Result<Vec<Violation>, ReportError> {
    let wrong = |_| ReportError::Malformed;
    if media_type == "application/reports+json" {
        let reports: Vec<Modern> = serde_json::from_slice(body).map_err(wrong)?;
        if reports.len() > MOST {
            return Err(ReportError::Malformed);
        }
        let violations = reports
            .into_iter()
            .filter(|report| report.kind == "csp-violation");
        violations
            .map(|report| {
                let body = serde_json::from_value::<ModernBody>(report.body).map_err(wrong)?;
                reduce(
                    &body.document_url,
                    &body.effective_directive,
                    body.blocked_url.as_deref().unwrap_or_default(),
                    &is_ours,
                )
            })
            .collect()
    } else {
        let legacy: Legacy = serde_json::from_slice(body).map_err(wrong)?;
        let report = legacy.report;
        let directive = report.effective_directive.or(report.violated_directive);
        let blocked = report.blocked_uri.unwrap_or_default();
        let directive = directive.ok_or(ReportError::Malformed)?;
        reduce(&report.document_uri, &directive, &blocked, &is_ours).map(|one| vec![one])
    }
}

#[derive(Deserialize)]
struct Legacy {
    #[serde(rename = "csp-report")]
    report: LegacyReport,
}

// Browsers add members of their own; what is not named here is not even read.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LegacyReport {
    document_uri: String,
    effective_directive: Option<String>,
    /// The older name; some browsers put the sources behind it.
    violated_directive: Option<String>,
    blocked_uri: Option<String>,
}

#[derive(Deserialize)]
struct Modern {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    body: serde_json::Value,
}

#[derive(Deserialize)]
struct ModernBody {
    #[serde(rename = "documentURL")]
    document_url: String,
    #[serde(rename = "effectiveDirective")]
    effective_directive: String,
    #[serde(rename = "blockedURL")]
    blocked_url: Option<String>,
}

fn reduce(
    document: &str,
    directive: &str,
    blocked: &str,
    is_ours: impl Fn(&str) -> bool,
) -> Result<Violation, ReportError> {
    let document = Url::parse(document).map_err(|_| ReportError::Malformed)?;
    if !is_ours(&document.origin().ascii_serialization()) {
        return Err(ReportError::Foreign);
    }
    let named = directive.split(' ').next().unwrap_or_default();
    let known = DIRECTIVES.into_iter().find(|known| *known == named);
    Ok(Violation {
        directive: known.ok_or(ReportError::Malformed)?,
        source: source(blocked),
        page: scrub::page(document.path()),
    })
}

fn source(blocked: &str) -> String {
    if KEYWORDS.contains(&blocked) || blocked.is_empty() {
        return blocked.to_owned();
    }
    Url::parse(blocked).map_or_else(|_| "other".to_owned(), |url| scrub::origin(&url))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(media_type: &str, body: serde_json::Value) -> Result<Vec<Violation>, ReportError> {
        parse(media_type, body.to_string().as_bytes(), |origin| {
            origin == "https://desk.example.org"
        })
    }

    fn legacy(
        document: &str,
        directive: &str,
        blocked: &str,
    ) -> Result<Vec<Violation>, ReportError> {
        let report = json!({ "document-uri": document, "violated-directive": directive, "blocked-uri": blocked,
            "original-policy": "x", "line-number": 3 });
        parsed("application/csp-report", json!({ "csp-report": report }))
    }

    #[test]
    fn both_formats_are_cut_down_to_the_same() {
        let expected = Violation {
            directive: "script-src-elem",
            source: "https://evil.example".to_owned(),
            page: "/profile",
        };
        let old = legacy(
            "https://desk.example.org/profile?token=hunter2#hunter2",
            "script-src-elem 'self' https:",
            "https://evil.example/a.js?key=hunter2",
        );
        assert_eq!(old, Ok(vec![expected.clone()]));
        let body = json!({ "documentURL": "https://desk.example.org/profile?x=1", "disposition": "enforce",
            "effectiveDirective": "script-src-elem", "blockedURL": "https://u:hunter2@evil.example/b" });
        let reports = json!([{ "type": "csp-violation", "age": 1, "url": "https://x/", "body": body },
            { "type": "deprecation", "body": { "id": "hunter2" } }]);
        assert_eq!(
            parsed("application/reports+json", reports),
            Ok(vec![expected])
        );
    }

    #[test]
    fn what_stood_in_the_way_is_a_word_a_scheme_or_an_origin() {
        for (blocked, kept) in [
            ("inline", "inline"),
            ("", ""),
            ("data:text/html,hunter2", "data"),
            ("chrome-extension://abcdef/x.js", "chrome-extension"),
            ("https://cdn.example:8443/x?y", "https://cdn.example:8443"),
            ("hunter2", "other"),
        ] {
            let found = legacy("https://desk.example.org/", "img-src", blocked);
            assert_eq!(found.expect("a report")[0].source, kept, "{blocked}");
        }
    }

    #[test]
    fn strangers_reports_and_made_up_directives_are_refused() {
        let foreign = legacy("https://evil.example/", "img-src", "inline");
        assert_eq!(foreign, Err(ReportError::Foreign));
        let ours = "https://desk.example.org/";
        for directive in ["", "hunter2-src", "IMG-SRC"] {
            assert_eq!(
                legacy(ours, directive, "inline"),
                Err(ReportError::Malformed)
            );
        }
        assert_eq!(
            legacy("no address", "img-src", ""),
            Err(ReportError::Malformed)
        );
        let many = vec![json!({ "type": "other" }); MOST + 1];
        assert_eq!(
            parsed("application/reports+json", json!(many)),
            Err(ReportError::Malformed)
        );
        assert_eq!(
            parsed("application/reports+json", json!({})),
            Err(ReportError::Malformed)
        );
        assert_eq!(
            parsed("application/csp-report", json!([])),
            Err(ReportError::Malformed)
        );
    }
}
