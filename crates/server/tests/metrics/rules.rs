//! The alert rules in `deploy/`: promtool takes them, and each fires when it should.

use std::collections::BTreeSet;

use super::deploy::{deploy, read};
use crate::support::exposition::promtool;

#[test]
fn promtool_takes_the_rules_and_the_configuration() {
    for (what, file) in [
        ("rules", "concierge.rules.yml"),
        ("config", "prometheus.yml"),
    ] {
        let path = deploy("prometheus").join(file);
        let path = path.to_str().expect("a path");
        if let Some(Err(said)) = promtool(&["check", what, path], "") {
            assert!(
                said.contains("SUCCESS") && !said.contains("FAILED"),
                "{said}"
            );
        }
    }
}

/// Name and labels of a series, and what it stands at from minute to minute.
type Series = (&'static str, &'static str);

/// Each rule: when it must be quiet still and when it must fire, in minutes, and what makes it.
const RULES: [(&str, u32, u32, &[Series]); 14] = [
    ("ConciergeDown", 1, 5, &[("up{job=\"concierge\"}", "0x90")]),
    (
        "ConciergeErrors",
        3,
        15,
        &[
            (
                "concierge_http_request_duration_seconds_count{status=\"5xx\"}",
                "0+10x90",
            ),
            (
                "concierge_http_request_duration_seconds_count{status=\"2xx\"}",
                "0+90x90",
            ),
        ],
    ),
    (
        "ConciergeSlow",
        5,
        20,
        &[
            (
                "concierge_http_request_duration_seconds_bucket{route=\"/x\",le=\"1\"}",
                "0+50x90",
            ),
            (
                "concierge_http_request_duration_seconds_bucket{route=\"/x\",le=\"2.5\"}",
                "0+90x90",
            ),
            (
                "concierge_http_request_duration_seconds_bucket{route=\"/x\",le=\"+Inf\"}",
                "0+90x90",
            ),
            // Hashing takes its time, and does not count.
            (
                "concierge_http_request_duration_seconds_bucket{route=\"/api/auth/login\",le=\"1\"}",
                "0+9000x90",
            ),
            (
                "concierge_http_request_duration_seconds_bucket{route=\"/api/auth/login\",le=\"+Inf\"}",
                "0+9000x90",
            ),
        ],
    ),
    (
        "ConciergeHashingBusy",
        4,
        8,
        &[
            ("concierge_argon2_waiting", "0x4 60x90"),
            ("concierge_argon2_waiting_limit", "100x90"),
        ],
    ),
    (
        "ConciergeConnectionsUsedUp",
        1,
        5,
        &[
            (
                "concierge_database_connections{pool=\"all\",state=\"used\"}",
                "10x90",
            ),
            (
                "concierge_database_connections{pool=\"all\",state=\"idle\"}",
                "0x90",
            ),
            (
                "concierge_database_connections_limit{pool=\"all\"}",
                "10x90",
            ),
        ],
    ),
    (
        "ConciergePagesBroken",
        4,
        8,
        &[(
            "concierge_browser_reports_total{kind=\"failure\"}",
            "0x4 10x90",
        )],
    ),
    (
        "ConciergeTokenReuse",
        2,
        5,
        &[("concierge_refresh_total{result=\"reused\"}", "0x2 1x90")],
    ),
    (
        "ConciergeForeignToken",
        3,
        6,
        &[(
            "concierge_token_rejected_total{reason=\"revoked_kid\"}",
            "0x3 1x90",
        )],
    ),
    (
        "ConciergeBadSignatures",
        4,
        7,
        &[(
            "concierge_token_rejected_total{reason=\"bad_signature\"}",
            "0x4 200x90",
        )],
    ),
    (
        "ConciergeSignInsRefused",
        4,
        7,
        &[(
            "concierge_logins_total{method=\"password\",result=\"refused\"}",
            "0x4 90x90",
        )],
    ),
    (
        "ConciergeRateLimited",
        4,
        7,
        &[("concierge_rate_limited_total{route=\"/x\"}", "0x4 200x90")],
    ),
    // Due after ten minutes.
    (
        "ConciergeKeyOverdue",
        60,
        75,
        &[(
            "concierge_key_rotation_due_timestamp_seconds{ring=\"signing\"}",
            "600x90",
        )],
    ),
    (
        "ConciergeAlertsNotTold",
        25,
        40,
        &[("concierge_alert_oldest_message_seconds", "0+60x90")],
    ),
    (
        "ConciergeAuditStalled",
        5,
        15,
        &[("concierge_audit_oldest_waiting_seconds", "0+60x90")],
    ),
];

/// That a rule is quiet then. Where it is not, promtool says what fired; asked for an alert it would name that one either
/// way.
fn quiet(name: &str, minute: u32) -> String {
    format!("      - eval_time: {minute}m\n        alertname: {name}\n        exp_alerts: []\n")
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    let text = read("prometheus/concierge.rules.yml");
    let named = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- alert: "));
    let named: BTreeSet<&str> = named.collect();
    assert_eq!(named, RULES.iter().map(|(name, ..)| *name).collect());

    let rules = deploy("prometheus/concierge.rules.yml")
        .canonicalize()
        .expect("the rules");
    let series = RULES.iter().flat_map(|(.., series)| *series);
    let series = series.map(|(series, values)| {
        format!("      - series: '{series}'\n        values: '{values}'\n")
    });
    let head = format!(
        "rule_files: ['{}']\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n{}    alert_rule_test:\n",
        rules.display(),
        series.collect::<String>()
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("test.yml");
    let run = |alerts: String| {
        std::fs::write(&path, format!("{head}{alerts}")).expect("written");
        promtool(&["test", "rules", path.to_str().expect("a path")], "")
    };
    let before = RULES.map(|(name, quiet_at, ..)| quiet(name, quiet_at));
    if let Some(Err(said)) = run(before.concat()) {
        assert!(
            said.contains("SUCCESS") && !said.contains("FAILED"),
            "{said}"
        );
    }
    let after = RULES.map(|(name, _, fires_at, _)| quiet(name, fires_at));
    if let Some(said) = run(after.concat()) {
        let said = said.expect_err("none of them is quiet");
        for (name, ..) in RULES {
            assert!(
                said.contains(&format!("alertname=\"{name}\"")),
                "{name}: {said}"
            );
        }
    }
}
