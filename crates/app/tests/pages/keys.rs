//! The page of the keys, as a browser without script gets it.

use concierge_app::PageContext;
use concierge_core::{account::Role, locale::Locale, time::Timestamp};

use super::{
    Answers,
    admin::{admin, seen_by},
    count, render_loaded,
};

/// Three of the eight lines, one ring that can be rotated and one that can't, and an incident.
const DESK: &str = r#"{"checklist":[
        {"line":"made_securely","is_ticked":true,"remedies":[]},
        {"line":"closed_files","is_ticked":false,"remedies":["chmod 600 <secrets>"]},
        {"line":"recovery_ready","is_ticked":true,"is_waived":true,"remedies":[]}],
    "rings":[
        {"ring":"signing","is_writable":true,"due_at":"2026-11-01T10:00:00Z","keys":[
            {"id":"prod-20260521-9f3a","alg":"HS256","standing":"active","source":"/var/lib/concierge/secrets.production.toml",
                "created_at":"2026-05-21T10:00:00Z","needed_by":["tokens"]},
            {"id":"prod-20251121-11aa","alg":"HS256","standing":"grace","source":"/var/lib/concierge/secrets.production.toml",
                "created_at":"2025-11-21T10:00:00Z","verify_until":"2026-11-28T10:00:00Z","needed_by":[]},
            {"id":"prod-20250521-22bb","alg":"HS256","standing":"revoked","source":"/var/lib/concierge/secrets.production.toml",
                "needed_by":[]}]},
        {"ring":"sealing","is_writable":false,"remedy":"set SECRET_KEY by hand","keys":[
            {"id":"prod-20261120-33cc","alg":"HS256","standing":"active","source":"the environment",
                "created_at":"2026-11-20T12:00:00Z","needed_by":["totp","mail","tea"]}]}],
    "instances":3,"live_sessions":42,
    "incidents":[{"id":"inc_0199d3c1aaaa7000800000000000000a","at":"2026-11-20T09:05:00Z","ring":"signing",
        "kid":"prod-20250521-22bb","reason":"<b>pasted</b> into a chat","actor":"acc_0199d3c1aaaa7000800000000000000b",
        "host":"desk-1","sessions_before":7,"sessions_after":0,
        "notes":[{"at":"2026-11-20T10:00:00Z","author":"root","text":"the chat was deleted"}]}]}"#;

const KEYS: Answers = Answers(&[("/api/keys", DESK)]);

/// An admin who asked on the day after the newest key was made.
fn asked(locale: Locale) -> PageContext {
    PageContext {
        now: Timestamp::parse_rfc3339("2026-11-21T13:00:00Z"),
        ..seen_by(Role::Admin, locale)
    }
}

#[tokio::test]
async fn the_checklist_says_what_is_right_and_what_to_do_where_it_is_not() {
    let html = render_loaded("/admin/keys", asked(Locale::En), KEYS).await;
    for part in [
        "In order: 1 of 2.",
        r#"<p class="standing standing-right">In order</p>"#,
        r#"<p class="standing standing-wrong">To do</p>"#,
        "Kept in files that nobody else can read",
        r#"<p class="standing">Not asked for here</p>"#,
        r#"<li lang="en">chmod 600 &lt;secrets&gt;</li>"#,
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[tokio::test]
async fn each_key_is_told_with_its_state_age_and_dates() {
    let html = render_loaded("/admin/keys", asked(Locale::En), KEYS).await;
    for part in [
        "prod-20260521-9f3a</h3>",
        "Active: in use",
        "184 days, made on 21 May 2026",
        "1 day, made on 20 November 2026",
        "1 November 2026: overdue",
        "28 November 2026, 10:00 UTC",
        "Revoked: refused",
        "not known",
        "access tokens",
        "second factors, mails that wait, tea",
        "no date: keys do not age here",
        "Processes that serve right now: 3.",
        "Sessions that go on right now: 42.",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[tokio::test]
async fn a_ring_that_is_not_written_here_says_what_to_do_instead_of_offering_it() {
    let html = render_loaded("/admin/keys", asked(Locale::En), KEYS).await;
    assert_eq!(count(&html, ">Rotate</button>"), 1, "{html}");
    assert_eq!(count(&html, ">Undo the rotation</button>"), 1, "{html}");
    assert!(html.contains("This ring can’t be rotated from here."));
    assert!(html.contains("set SECRET_KEY by hand"));
    // A key that is revoked already is not revoked again.
    let revoke = ">Revoke and end every session</button>";
    assert_eq!(count(&html, revoke), 3, "{html}");
}

#[tokio::test]
async fn an_incident_is_told_with_who_and_how_many_and_its_words_are_text() {
    let html = render_loaded("/admin/keys", asked(Locale::En), KEYS).await;
    for part in [
        "20 November 2026, 09:05 UTC",
        "prod-20250521-22bb, of the signing ring",
        "&lt;b&gt;pasted&lt;/b&gt; into a chat",
        r#"<a href="/admin/accounts?id=acc_0199d3c1aaaa7000800000000000000b">"#,
        "7 before, 0 right after",
        "the chat was deleted",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[tokio::test]
async fn without_script_everything_is_told_and_the_acts_name_the_command_line() {
    let html = render_loaded("/admin/keys", asked(Locale::Fr), KEYS).await;
    assert!(html.contains("<noscript>"), "{html}");
    assert!(html.contains("concierge key rotate --undo"), "{html}");
    assert!(html.contains("184 jours, créée le 21 mai 2026"), "{html}");
    // Rotate, undo, and three keys to revoke.
    assert_eq!(count(&html, " disabled class=\"button"), 5, "{html}");
}

#[tokio::test]
async fn a_house_without_incidents_says_what_one_leaves_behind() {
    const CALM: Answers = Answers(&[(
        "/api/keys",
        r#"{"checklist":[],"rings":[{"ring":"signing","is_writable":true,"keys":[]}],
            "instances":1,"live_sessions":1,"incidents":[]}"#,
    )]);
    let html = render_loaded("/admin/keys", admin(), CALM).await;
    assert!(html.contains("No key was ever revoked."), "{html}");
    assert!(html.contains("A key that is revoked leaves a record here"));
    assert!(html.contains("This ring has no key."));
}

#[tokio::test]
async fn what_can_not_be_read_is_told_and_can_be_tried_again() {
    let html = render_loaded("/admin/keys", admin(), Answers(&[])).await;
    assert!(html.contains("There is nothing here."), "{html}");
    assert!(html.contains(r#"href="/admin/keys" rel="external""#));
}
