//! The page of the host live, as a browser without script gets it.

use concierge_core::{account::Role, locale::Locale, monitor::Metric};

use super::{
    Answers,
    admin::{admin, seen_by},
    count, render_loaded,
};

/// Three samples with a gap before the last, and an event that does its worst to be more than text.
fn past(range: &str) -> &'static str {
    let columns = Metric::ALL.map(|metric| match metric {
        Metric::Cpu => r#"{"metric":"cpu","avg":[10,30,50.5]}"#.to_owned(),
        Metric::Memory => {
            r#"{"metric":"memory","avg":[1073741824,1073741824,2147483648]}"#.to_owned()
        }
        Metric::MemoryTotal => {
            r#"{"metric":"memory_total","avg":[4294967296,4294967296,4294967296]}"#.to_owned()
        }
        other => format!(
            r#"{{"metric":"{}","avg":[null,null,null]}}"#,
            other.as_str()
        ),
    });
    let text = format!(
        r#"{{"range":"{range}","allowance":{{"cpus":4,"cpu_limit":1.5}},
            "at":[1795219200000,1795219203000,1795219500000],"last":1795219500000,
            "columns":[{}],
            "events":[{{"id":"evt_1","at":"2026-11-21T10:00:00Z","name":"authn_token_reuse","severity":"critical",
                "account":"acc_0199d3c1aaaa7000800000000000000b","address":"<b>192.0.2.7</b>"}}],
            "alerts":[{{"id":"alr_0199d3c1aaaa7000800000000000000c","rule":"rule_0199d3c1aaaa7000800000000000000d",
                "name":"<i>Door</i>","severity":"critical","phase":"firing","value":7,
                "began_at":"2026-11-21T09:00:00Z"}}]}}"#,
        columns.join(",")
    );
    text.leak()
}

fn answers(range: &str) -> Answers {
    let path: &'static str = format!("/api/monitor/history?range={range}").leak();
    Answers(vec![(path, past(range))].leak())
}

#[tokio::test]
async fn the_past_is_drawn_and_told_in_numbers() {
    let html = render_loaded("/monitor", admin(), answers("15m")).await;
    for part in [
        // A gap parts the lines, and the last point is a dot.
        r#"d="M400 108.0h0L402 84.0M600 59.4h0""#,
        r#"role="img""#,
        r#"<th scope="row">Processor · Host</th>"#,
        "50.5%",
        ">10.0%</td>",
        ">30.2%</td>",
        "0 to 4.0\u{a0}GiB",
        "2.0\u{a0}GiB",
        "not known",
        ">23:50 UTC<",
        ">00:05 UTC<",
        "This process may use 1.50/4 of the host’s processors and all of its memory.",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert_eq!(count(&html, r#" class="chart">"#), 8, "{html}");
}

#[tokio::test]
async fn the_last_events_are_told_and_their_words_are_text() {
    let html = render_loaded("/monitor", admin(), answers("15m")).await;
    for part in [
        ">Copy of a session used<",
        "Critical",
        "from &lt;b&gt;192.0.2.7&lt;/b&gt;",
        r#"href="/admin/accounts?id=acc_0199d3c1aaaa7000800000000000000b""#,
        "21 November 2026, 10:00 UTC",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[tokio::test]
async fn the_alerts_that_last_stand_on_top_and_lead_to_where_one_acts() {
    let html = render_loaded("/monitor", admin(), answers("15m")).await;
    let state = html.find("&lt;i&gt;Door&lt;/i&gt;").expect("the alert");
    assert!(state < html.find(r#"class="chart""#).expect("a chart"));
    assert!(
        html[..state].contains(r#"aria-label="Alerts right now""#),
        "{html}"
    );
    assert!(
        html[..state].ends_with(r#"<a href="/admin/alerts">"#),
        "{html}"
    );
}

#[tokio::test]
async fn a_range_is_a_link_and_without_script_the_page_says_what_it_can_not() {
    let html = render_loaded(
        "/monitor?range=16h",
        seen_by(Role::Admin, Locale::Fr),
        answers("16h"),
    )
    .await;
    for part in [
        r#"href="/monitor?range=16h""#,
        r#"aria-current="page""#,
        "<noscript>",
        "Rechargez-la pour des valeurs plus récentes.",
        "50,5\u{a0}%",
        "2,0\u{a0}Gio",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[tokio::test]
async fn what_can_not_be_read_is_told_and_can_be_tried_again() {
    let html = render_loaded("/monitor", admin(), Answers(&[])).await;
    assert!(html.contains(r#"href="/monitor" rel="external""#), "{html}");
}
