//! The pages of the admin desk, as a browser without script gets them.

use concierge_app::PageContext;
use concierge_core::{
    account::{AccountView, Role},
    link::Page,
    locale::Locale,
};

use super::{Answers, ada, count, facts, render_loaded};

const BOB: &str = "acc_0199d3c1aaaa7000800000000000000b";

/// Two accounts, one of which does its worst to be more than text.
const LIST: &str = r#"{"accounts":[
    {"account":{"id":"acc_0199d3c1aaaa7000800000000000000b","email":"bob@example.org",
        "name":"</script><script>alert(1)</script>","locale":"en","role":"member","second_factor":true,
        "created_at":"2026-11-21T10:00:00Z"},"locked_at":"2026-11-21T11:00:00Z"},
    {"account":{"id":"acc_0199d3c1aaaa7000800000000000000c","email":"cy@example.org",
        "name":"","locale":"fr","role":"admin","second_factor":false,
        "created_at":"2026-11-20T10:00:00Z"}}],
    "next":"ZWR"}"#;

/// One of them, signed in once.
const DETAIL: &str = r#"{"account":{"account":{"id":"acc_0199d3c1aaaa7000800000000000000b","email":"bob@example.org",
        "name":"Bob","locale":"en","role":"member","second_factor":true,
        "created_at":"2026-11-21T10:00:00Z"}},
    "sessions":[{"id":"ses_0199d3c1aaaa7000800000000000000a","browser":"Firefox","system":"Linux",
        "address":"192.0.2.7","created_at":"2026-11-21T10:00:00Z","last_seen_at":"2026-11-21T10:05:00Z",
        "current":false}]}"#;

/// A server that knows this one.
const ONE: Answers = Answers(&[(
    "/api/admin/accounts/acc_0199d3c1aaaa7000800000000000000b",
    DETAIL,
)]);

/// Ada, as an admin or not, in a language.
pub(super) fn seen_by(role: Role, locale: Locale) -> PageContext {
    let viewer = ada();
    let account = AccountView {
        role,
        ..viewer.account.clone()
    };
    PageContext {
        viewer: Some(concierge_app::Viewer { account, ..viewer }),
        locale,
        ..facts()
    }
}

pub(super) fn admin() -> PageContext {
    seen_by(Role::Admin, Locale::En)
}

#[tokio::test]
async fn mails_that_were_tried_and_did_not_leave_are_told_and_others_not() {
    const STUCK: Answers = Answers(&[
        ("/api/admin/accounts", LIST),
        ("/api/admin/mail", r#"{"waiting":3,"failure":"refused"}"#),
    ]);
    const USUAL: Answers = Answers(&[
        ("/api/admin/accounts", LIST),
        ("/api/admin/mail", r#"{"waiting":3}"#),
    ]);
    let html = render_loaded("/admin/accounts", admin(), STUCK).await;
    assert!(html.contains("Mails that wait to be sent: 3."), "{html}");
    assert!(html.contains("(refused)"), "{html}");
    let html = render_loaded("/admin/accounts", admin(), USUAL).await;
    assert!(!html.contains("Mails that wait"), "{html}");
}

#[tokio::test]
async fn to_a_member_there_is_no_admin_page_and_no_link_to_one() {
    const DESK: Answers = Answers(&[("/api/admin/accounts", LIST)]);
    for page in [
        Page::Accounts,
        Page::Invitations,
        Page::Keys,
        Page::Reports,
        Page::Monitor,
    ] {
        let html = render_loaded(page.path(), seen_by(Role::Member, Locale::En), DESK).await;
        assert!(html.contains(">Nothing here</h1>"), "{html}");
        assert!(!html.contains("bob@example.org"), "{html}");
        assert!(!html.contains(">House</a>"), "{html}");
        assert!(!html.contains(">Accounts</a>"), "{html}");
    }
    let html = render_loaded("/profile", admin(), DESK).await;
    assert!(html.contains(">House</a>"), "{html}");
    let html = render_loaded("/admin/accounts", admin(), DESK).await;
    assert!(html.contains(">Accounts</a>"), "{html}");
}

#[tokio::test]
async fn the_accounts_stand_in_a_table_and_lead_on_to_each_and_to_the_next_page() {
    const DESK: Answers = Answers(&[("/api/admin/accounts?query=b%20b", LIST)]);
    let html = render_loaded("/admin/accounts?query=b+b", admin(), DESK).await;
    for part in [
        "<caption>Accounts whose address or name begins with “b b”</caption>",
        r#"<th scope="col">Address</th>"#,
        &format!(r#"<a href="/admin/accounts?id={BOB}">bob@example.org</a>"#),
        r#"<td data-label="State">Locked since 21 November 2026</td>"#,
        r#"<td data-label="Second factor">Set up</td>"#,
        r#"<td data-label="Name">Not given</td>"#,
        r#"<td data-label="Member since">20 November 2026</td>"#,
        r#"href="/admin/accounts?query=b%20b&amp;cursor=ZWR""#,
        r#"href="/admin/invitations""#,
        r#"href="/admin/keys""#,
        r#"href="/admin/reports""#,
        r#"value="b b""#,
        r#"method="get" action="/admin/accounts""#,
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert_eq!(count(&html, "<tr"), 3);
}

#[tokio::test]
async fn a_hostile_name_is_text_in_the_list_and_in_the_data_of_the_page() {
    const DESK: Answers = Answers(&[("/api/admin/accounts", LIST)]);
    let html = render_loaded("/admin/accounts", admin(), DESK).await;
    assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
    assert!(!html.contains("<script>alert(1)"), "{html}");
}

#[tokio::test]
async fn an_empty_list_teaches_how_it_is_searched_and_carries_no_markup() {
    const NOBODY: Answers = Answers(&[("/api/admin/accounts?query=%3Cb%3E", r#"{"accounts":[]}"#)]);
    let path = "/admin/accounts?query=%3Cb%3E";
    let html = render_loaded(path, admin(), NOBODY).await;
    assert!(html.contains("begins with “&lt;b&gt;”."), "{html}");
    assert!(html.contains("fewer letters find more"));
    assert!(!html.contains("<table"));
    let html = render_loaded(path, seen_by(Role::Admin, Locale::Fr), NOBODY).await;
    assert!(html.contains("ne commence par « &lt;b&gt; »."), "{html}");
}

#[tokio::test]
async fn a_place_that_is_none_is_told_and_leads_back_to_the_beginning() {
    let html = render_loaded("/admin/accounts?cursor=x", admin(), Answers(&[])).await;
    assert!(html.contains("There is nothing here."), "{html}");
    assert!(html.contains(r#"href="/admin/accounts" rel="external""#));
    let path = "/admin/accounts?id=nobody";
    let html = render_loaded(path, admin(), Answers(&[])).await;
    assert!(html.contains("There is nothing here."), "{html}");
}

#[tokio::test]
async fn an_account_is_told_with_its_sessions_and_what_can_be_done() {
    let path = format!("/admin/accounts?id={BOB}");
    let html = render_loaded(&path, admin(), ONE).await;
    for part in ["bob@example.org", "Firefox on Linux", "192.0.2.7"] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    for act in [
        "Make a link to a new password",
        "Sign out everywhere",
        "Remove the second factor",
        "Make admin",
        "Lock",
        "Delete for good",
    ] {
        assert!(html.contains(&format!(">{act}</button>")), "{act}\n{html}");
    }
    for other in ["Make member", "Unlock"] {
        assert!(!html.contains(&format!(">{other}</button>")), "{other}");
    }
}

#[tokio::test]
async fn nobody_is_offered_to_act_on_themself() {
    let mut own = admin();
    if let Some(viewer) = &mut own.viewer {
        viewer.account.id = BOB.parse().expect("an id");
    }
    let html = render_loaded(&format!("/admin/accounts?id={BOB}"), own, ONE).await;
    assert!(html.contains("This is your own account"), "{html}");
    for act in ["Lock", "Make member", "Make admin", "Delete for good"] {
        assert!(!html.contains(&format!(">{act}</button>")), "{act}");
    }
}

#[tokio::test]
async fn invitations_are_listed_and_none_teaches_what_one_is_for() {
    const OPEN: Answers = Answers(&[(
        "/api/admin/invitations",
        r#"{"invitations":[{"id":"inv_0199d3c1aaaa7000800000000000000d","role":"member","note":"<i>Cy</i>",
            "created_at":"2026-11-21T10:00:00Z","expires_at":"2026-11-28T10:00:00Z"}]}"#,
    )]);
    const NONE: Answers = Answers(&[("/api/admin/invitations", r#"{"invitations":[]}"#)]);
    let html = render_loaded("/admin/invitations", admin(), OPEN).await;
    assert!(html.contains("&lt;i&gt;Cy&lt;/i&gt;"), "{html}");
    assert!(html.contains("works until 28 November 2026"));
    assert!(html.contains(">Take back</button>"));
    let html = render_loaded("/admin/invitations", admin(), NONE).await;
    assert!(html.contains("No invitation is waiting."), "{html}");
    assert!(html.contains("It works once, for one account"));
    assert!(html.contains(r#"href="/admin/accounts""#));
}
