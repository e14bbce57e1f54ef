//! Every page, rendered as the server renders it: one heading, the right words, nothing the policy drops.

#[path = "pages/admin.rs"]
mod admin;
#[path = "pages/frame.rs"]
mod frame;
#[path = "pages/keys.rs"]
mod keys;
#[path = "pages/monitor.rs"]
mod monitor;
#[path = "pages/reports.rs"]
mod reports;

use std::sync::Arc;

use concierge_app::{
    Assets, Client, Nonce, PageContext, Theme, Transport, Viewer, WireRequest, WireResponse,
    client::Answer, shell,
};
use concierge_core::{
    account::{AccountView, Role},
    id::Id,
    link::{Audience, Page},
    locale::Locale,
    problem::ErrorCode,
    time::Timestamp,
};
use futures_util::StreamExt;
use leptos::prelude::*;
use leptos_meta::ServerMetaContext;
use leptos_router::location::RequestUrl;

fn facts() -> PageContext {
    PageContext {
        registration_open: true,
        ..PageContext::default()
    }
}

fn ada() -> Viewer {
    Viewer {
        account: AccountView {
            id: Id::from_parts(1_795_219_200_000, &[7; 10]),
            email: "ada@example.org".to_owned(),
            name: "Ada <b>".to_owned(),
            locale: Locale::En,
            role: Role::Admin,
            second_factor: false,
            created_at: Timestamp::from_millis(1_795_219_200_000),
        },
        expires_in: 600,
        idle_in: 3600,
    }
}

/// What the server gives every render.
fn provide_request(path: &str, facts: PageContext) {
    provide_context(RequestUrl::new(&format!("http://localhost{path}")));
    provide_context(Nonce("N0nce".to_owned()));
    provide_context(Assets {
        css: "/pkg/concierge.css".to_owned(),
        js: "/pkg/concierge.js".to_owned(),
        wasm: "/pkg/concierge.wasm".to_owned(),
        reload_script: None,
    });
    provide_context(facts);
}

/// Renders a page as the server does, without its router.
fn render(path: &str, facts: PageContext) -> String {
    // Only the first call does anything; a render spawns, and does not know of tokio by itself.
    drop(any_spawner::Executor::init_tokio());
    let owner = Owner::new();
    let (meta, _output) = ServerMetaContext::new();
    let html = owner.with(|| {
        provide_request(path, facts);
        provide_context(meta);
        shell().to_html()
    });
    owner.cleanup();
    html
}

/// The places where a person sees words of the page.
fn count(html: &str, needle: &str) -> usize {
    html.matches(needle).count()
}

// In a runtime: a page that loads something starts to.
#[tokio::test]
async fn every_page_has_one_heading_in_both_languages() {
    for page in Page::ALL {
        for locale in Locale::ALL {
            let guarded = matches!(page.audience(), Audience::SignedIn | Audience::Admin);
            let viewer = guarded.then(ada);
            let html = render(
                page.path(),
                PageContext {
                    viewer,
                    locale,
                    ..facts()
                },
            );
            assert_eq!(count(&html, "<h1"), 1, "{page:?} {locale:?}\n{html}");
            assert_eq!(count(&html, "<main"), 1, "{page:?}");
            assert!(html.contains(&format!("<html lang=\"{}\"", locale.tag())));
            let lost = ["Nothing here", "Rien ici"]
                .iter()
                .any(|lost| html.contains(lost));
            assert!(!lost, "{page:?} has no route");
        }
    }
}

// In a runtime: a page that loads something starts to.
#[tokio::test]
async fn no_page_has_what_the_policy_drops() {
    for path in Page::ALL.map(Page::path).into_iter().chain(["/nowhere"]) {
        let html = render(
            path,
            PageContext {
                viewer: Some(ada()),
                ..facts()
            },
        );
        for dropped in [
            " style=\"",
            "<style",
            " onclick=",
            "javascript:",
            "crossorigin=\"N0nce",
        ] {
            assert!(!html.contains(dropped), "{path}: {dropped}");
        }
        let scripts = count(&html, "<script");
        assert_ne!(scripts, 0, "{path}");
        assert_eq!(
            count(&html, "<script type=\"module\" nonce=\"N0nce\""),
            scripts,
            "{path}"
        );
    }
}

#[test]
fn an_unknown_path_says_so() {
    assert!(render("/nowhere", facts()).contains("Nothing here"));
    assert!(render("/sign-in/", facts()).contains("<h1"));
}

#[test]
fn a_form_without_script_shows_what_went_wrong_and_nothing_that_was_typed() {
    let html = render(
        "/sign-in?code=throttled&retry_after=5&next=/profile&email=eve@example.org",
        facts(),
    );
    assert!(html.contains("Too many tries. Please wait a moment. You can try again in 5 s."));
    assert!(html.contains(r#"name="next" value="/profile""#));
    assert!(!html.contains("eve@example.org\" "), "{html}");
    let html = render(
        "/sign-up?code=invalid_fields&fields=email:email_invalid,password:password_short",
        facts(),
    );
    assert!(html.contains("This does not look like an e-mail address."));
    assert_eq!(count(&html, r#"aria-invalid="true""#), 2);
}

#[test]
fn a_hostile_way_back_is_not_carried() {
    let html = render("/sign-in?next=//evil.example", facts());
    assert!(!html.contains(r#"name="next""#));
    let html = render("/sign-in?next=%22%3E%3Cscript%3E", facts());
    assert!(!html.contains("\"><script>"));
}

#[test]
fn a_name_is_text() {
    let html = render(
        "/",
        PageContext {
            viewer: Some(ada()),
            ..facts()
        },
    );
    assert!(html.contains("Ada &lt;b&gt;"));
    assert!(!html.contains("Ada <b>"));
}

#[test]
fn the_reasons_of_an_end_are_told() {
    for (ended, words) in [
        ("signed_out", "You are signed out."),
        ("idle", "nothing happened for a while"),
        ("ended_elsewhere", "ended elsewhere"),
        ("replaced", "signed in on another device"),
        ("admin", "An admin ended your session"),
        ("rights_changed", "changed what your account may do"),
        ("key_revoked", "all sessions were ended"),
        ("password_changed", "your password was changed"),
        ("not_me", "or revoked"),
    ] {
        let html = render(&format!("/sign-in?ended={ended}"), facts());
        assert!(html.contains(words), "{ended}");
    }
    let blocked = render("/sign-in?code=cookies_blocked", facts());
    assert!(blocked.contains("keeps no cookies"));
}

#[test]
fn the_error_page_comes_without_script_and_a_theme_is_kept() {
    let html = render(
        "/profile",
        PageContext {
            failed: Some(ErrorCode::Internal),
            theme: Theme::Dark,
            ..facts()
        },
    );
    assert!(html.contains("Something went wrong"));
    assert_eq!(count(&html, "<script"), 0);
    assert!(html.contains(r#"data-theme="dark""#));
}

#[test]
fn who_came_too_fast_is_not_told_of_a_fault() {
    let failed = Some(ErrorCode::Throttled);
    let html = render("/profile", PageContext { failed, ..facts() });
    assert!(html.contains("One moment, please"));
    assert!(html.contains("Too many tries."));
    assert!(!html.contains("Something went wrong"));
}

#[test]
fn closed_registration_offers_no_form() {
    let facts = PageContext {
        contact: Some("desk@example.org".to_owned()),
        ..PageContext::default()
    };
    let html = render("/sign-up", facts);
    assert!(html.contains("Sign-up is closed."));
    assert!(html.contains("desk@example.org"));
    assert!(!html.contains(r#"name="password""#));
}

/// A server that answers these paths, and any other with "not found".
struct Answers(&'static [(&'static str, &'static str)]);

impl Transport for Answers {
    fn send(&self, request: WireRequest) -> Answer {
        let known = self.0.iter().find(|(path, _)| *path == request.path);
        let refused =
            r#"{"type":"about:blank","title":"","status":404,"code":"not_found","request_id":""}"#;
        let (status, body) = known.map_or((404, refused), |(_, body)| (200, *body));
        let body = body.to_owned();
        Box::pin(async move { Ok(WireResponse { status, body }) })
    }
}

/// Renders a page as a browser without script gets it: after what it loads has come.
async fn render_loaded(path: &str, facts: PageContext, server: Answers) -> String {
    drop(any_spawner::Executor::init_tokio());
    let owner = Owner::new();
    let (meta, _output) = ServerMetaContext::new();
    let stream = owner.with(|| {
        provide_request(path, facts);
        provide_context(meta);
        provide_context(Client::new(Arc::new(server)));
        shell().to_html_stream_in_order()
    });
    let html = stream.collect::<String>().await;
    owner.cleanup();
    // Marks between texts, which only the browser's half needs.
    html.replace("<!>", "")
}

const SECOND_FACTOR: Answers = Answers(&[(
    "/api/auth/login/step",
    r#"{"step":"second_factor","methods":["totp","recovery"]}"#,
)]);

#[tokio::test]
async fn the_second_step_asks_for_a_code_and_keeps_the_way_on() {
    let path = "/sign-in/second-factor?next=/help";
    let html = render_loaded(path, facts(), SECOND_FACTOR).await;
    assert!(html.contains(">Second step</h1>"), "{html}");
    assert!(html.contains(r#"action="/api/auth/login/totp""#));
    assert!(html.contains(r#"autocomplete="one-time-code""#));
    assert!(html.contains(r#"name="next" value="/help""#));
    assert!(html.contains(r#"href="/sign-in/second-factor?next=/help&amp;with=recovery""#));
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_app_and_a_wrong_one_is_told() {
    let path = "/sign-in/second-factor?with=recovery&code=bad_code";
    let html = render_loaded(path, facts(), SECOND_FACTOR).await;
    assert!(
        html.contains(r#"action="/api/auth/login/recovery""#),
        "{html}"
    );
    assert!(html.contains(">Recovery code</label>"));
    assert!(html.contains("The code is not right."));
}

#[tokio::test]
async fn a_seed_that_waits_is_shown_as_image_text_and_address() {
    const SERVER: Answers = Answers(&[
        ("/api/auth/login/step", r#"{"step":"enrol_second_factor"}"#),
        (
            "/api/totp/enrol",
            r#"{"secret":"ABCD EFGH","uri":"otpauth://totp/x?secret=ABCDEFGH","qr_svg":"<svg id=\"qr\"></svg>"}"#,
        ),
    ]);
    let html = render_loaded("/sign-in/second-factor", facts(), SERVER).await;
    assert!(html.contains(">Set up a second factor</h1>"), "{html}");
    for part in [
        r#"<svg id="qr"></svg>"#,
        "ABCD EFGH",
        r#"href="otpauth://totp/x?secret=ABCDEFGH""#,
        r#"action="/api/totp/confirm""#,
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[tokio::test]
async fn who_has_no_factor_may_begin_and_who_has_no_step_starts_again() {
    const NOBODY: Answers = Answers(&[("/api/auth/login/step", "{}")]);
    let signed_in = PageContext {
        viewer: Some(ada()),
        ..facts()
    };
    let html = render_loaded("/sign-in/second-factor", signed_in, NOBODY).await;
    assert!(html.contains(r#"action="/api/totp/enrol""#), "{html}");
    let html = render_loaded("/sign-in/second-factor", facts(), NOBODY).await;
    assert!(html.contains("This step has expired."), "{html}");
    assert!(!html.contains("<form class"), "{html}");
}

#[tokio::test]
async fn recovery_codes_are_listed_until_they_are_kept() {
    const MADE: Answers = Answers(&[(
        "/api/recovery/codes",
        r#"{"recovery_codes":["K7QX2-M4TBA-9RN","AAAAA-BBBBB-CCC"]}"#,
    )]);
    let page = "/security/recovery-codes";
    let signed_in = || PageContext {
        viewer: Some(ada()),
        ..facts()
    };
    let html = render_loaded(page, signed_in(), MADE).await;
    assert!(html.contains("<code>K7QX2-M4TBA-9RN</code>"), "{html}");
    assert!(html.contains(r#"action="/api/recovery/kept""#));
    let html = render_loaded(page, signed_in(), Answers(&[])).await;
    assert!(html.contains("shown only once"), "{html}");
}

#[test]
fn a_house_without_mail_says_so_and_offers_no_form() {
    let mailing = |sends_mail| {
        let facts = PageContext {
            sends_mail,
            contact: Some("desk@example.org".to_owned()),
            ..facts()
        };
        render("/forgot", facts)
    };
    assert!(mailing(true).contains(r#"action="/api/password/forgot""#));
    let html = mailing(false);
    assert!(html.contains("sends no mails"));
    assert!(html.contains("desk@example.org"));
    assert!(!html.contains(r#"action="/api/password/forgot""#));
}

#[test]
fn what_was_done_is_told() {
    for (path, words) in [
        ("/sign-in?done=confirmed", "Your address is confirmed."),
        ("/sign-in?done=closed", "This account is closed."),
        ("/sign-in?done=password_reset", "Your new password is set."),
        ("/sign-up?done=sent", "Look into your mailbox"),
        ("/forgot?done=sent", "If this address has an account"),
        ("/forgot?done=not_me", "Every session has ended."),
    ] {
        assert!(render(path, facts()).contains(words), "{path}");
    }
}

#[test]
fn where_only_the_invited_may_sign_up_there_is_a_field_for_it() {
    let invited = PageContext {
        invites_only: true,
        ..PageContext::default()
    };
    assert!(render("/sign-up", invited).contains(r#"name="invite""#));
    assert!(!render("/sign-up", facts()).contains(r#"name="invite""#));
}
