//! Pages before they render: guards, the bounce, one silent renewal, language and theme.

use std::path::Path;

use axum::{body::Body, http::header};
use concierge_core::link::{Audience, Page};

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    browser::{Answer, Browser},
};

/// A link on another site was followed.
async fn follow_from_elsewhere(browser: &mut Browser, path: &str) -> Answer {
    let mut arrival = browser.clone();
    arrival.site = Some("cross-site");
    arrival.visit(path).await
}

fn assert_led(answer: &Answer, to: &str) {
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, to),
        "{}",
        answer.text()
    );
}

/// Puts a site in place as `scripts/build.sh` builds it: names with hashes, four modules.
fn build_site(folder: &Path) {
    let pkg = folder.join("pkg");
    std::fs::create_dir(&pkg).expect("a folder");
    for name in [
        "concierge.0aZ.css",
        "concierge.0aZ.js",
        "concierge.0aZ.wasm",
        "concierge-visitor.9bY.js",
        "concierge-visitor.9bY.wasm",
        "concierge-admin.7cX.js",
        "concierge-admin.7cX.wasm",
        "concierge-watch.5dW.js",
        "concierge-watch.5dW.wasm",
    ] {
        std::fs::write(pkg.join(name), "").expect("a file");
    }
}

/// Which module a page loads, by the stem of its name: the glue and the module have to agree.
fn module_of(html: &str) -> &'static str {
    let loads = |stem: &str| {
        let found = ["js", "wasm"].map(|ending| html.contains(&format!("/pkg/{stem}.{ending}")));
        assert_eq!(found[0], found[1], "{html}");
        found[0]
    };
    let modules = [
        ("visitor", "concierge-visitor.9bY"),
        ("member", "concierge.0aZ"),
        ("admin", "concierge-admin.7cX"),
        ("watch", "concierge-watch.5dW"),
    ];
    let loaded: Vec<_> = modules.iter().filter(|(_, stem)| loads(stem)).collect();
    match loaded[..] {
        [(name, _)] => name,
        _ => panic!("{loaded:?} in {html}"),
    }
}

on_each_engine! {
    async fn the_guard_sends_visitors_to_sign_in_and_guests_pages_send_members_on(db) {
        let app = TestApp::start(db).await;
        let mut visitor = app.browser();
        assert_led(&visitor.visit("/profile").await, "/sign-in?next=/profile");
        assert_led(&visitor.visit("/profile?tab=1&x=y").await, "/sign-in?next=/profile%3Ftab%3D1%26x%3Dy");
        for path in ["/", "/sign-in", "/sign-up", "/setup"] {
            let page = visitor.visit(path).await;
            assert_eq!(page.status, 200, "{path}");
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        }
        let mut member = app.registered(ADA).await;
        assert_eq!(member.visit("/profile").await.status, 200);
        assert_led(&member.visit("/sign-in").await, "/profile");
        assert_led(&member.visit("/sign-up?next=%2F").await, "/");
    }

    async fn visitors_members_and_admins_load_a_module_of_their_own(db) {
        let app = TestApp::start(db).await;
        build_site(db.folder.path());
        let (mut visitor, mut member) = (app.browser(), app.registered("bob@example.org").await);
        for page in Page::ALL {
            let path = page.path();
            if matches!(page.audience(), Audience::Anyone | Audience::Guest) {
                let expected = if page.is_door() { "visitor" } else { "member" };
                assert_eq!(module_of(&visitor.visit(path).await.text()), expected, "{path}");
            }
            if matches!(page.audience(), Audience::Anyone | Audience::SignedIn) {
                assert_eq!(module_of(&member.visit(path).await.text()), "member", "{path}");
            }
        }
        assert_eq!(module_of(&visitor.visit("/nowhere").await.text()), "visitor");
        assert_eq!(module_of(&member.visit("/nowhere").await.text()), "member");
        let mut admin = app.signed_in_admin().await;
        for page in Page::ALL.into_iter().filter(|page| page.audience() == Audience::Admin) {
            let expected = if page.keeps_watch() { "watch" } else { "admin" };
            assert_eq!(module_of(&admin.visit(page.path()).await.text()), expected, "{page:?}");
        }
        assert_eq!(module_of(&admin.visit("/profile").await.text()), "member");
        // To a member there is no such page, and so no module for it.
        assert_eq!(module_of(&member.visit("/admin/keys").await.text()), "member");
    }

    async fn a_site_with_one_module_gives_it_to_everybody(db) {
        let app = TestApp::start(db).await;
        build_site(db.folder.path());
        for stem in ["concierge-visitor.9bY", "concierge-admin.7cX", "concierge-watch.5dW"] {
            for ending in ["js", "wasm"] {
                let file = format!("pkg/{stem}.{ending}");
                std::fs::remove_file(db.folder.path().join(file)).expect("a file");
            }
        }
        assert_eq!(module_of(&app.browser().visit("/sign-in").await.text()), "member");
    }

    async fn a_hostile_next_leads_to_the_profile(db) {
        let app = TestApp::start(db).await;
        let mut member = app.registered(ADA).await;
        for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "\\\\evil", "", "/api/auth/logout", "/%0d%0aset-cookie:x=y\r\n", "profile"] {
            let query = serde_urlencoded::to_string([("next", next)]).expect("a query");
            assert_led(&member.visit(&format!("/sign-in?{query}")).await, "/profile");
        }
    }

    async fn an_unknown_page_is_404_in_html(db) {
        let app = TestApp::start(db).await;
        for path in ["/nowhere", "/profile/", "//evil.example", "/%00", "/sign-in/other", "/.env"] {
            let answer = app.browser().visit(path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        }
        app.browser().poke("/nowhere").await.assert_problem(405, "method_not_allowed");
    }

    async fn an_arrival_from_another_site_bounces_once(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let bounce = follow_from_elsewhere(&mut browser, "/profile?a=1&b=%22").await;
        assert_eq!((bounce.status, bounce.header("refresh")), (200, "0;url=/profile?a=1&b=%22"));
        assert_eq!(bounce.header("cache-control"), "no-store");
        assert!(!bounce.text().contains("<script"));
        assert_led(&browser.visit("/profile").await, "/sign-in?next=/profile");
        let hostile = follow_from_elsewhere(&mut browser, "//evil.example/%22%3E").await;
        assert_eq!(hostile.header("refresh"), "0;url=/");
    }

    async fn the_setup_page_keeps_its_fragment(db) {
        let app = TestApp::start(db).await;
        let page = follow_from_elsewhere(&mut app.browser(), "/setup").await;
        assert_eq!((page.status, page.header("refresh")), (200, ""));
    }

    async fn a_navigation_renews_once_and_sets_the_cookies(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(601).await;
        let (mut beside, mut later) = (browser.clone(), browser.clone());
        let page = browser.visit("/profile").await;
        assert_eq!((page.status, page.set_cookies().len()), (200, 2));
        assert_eq!(beside.visit("/profile").await.status, 200);
        assert_eq!(beside.cookie("__Host-rt"), browser.cookie("__Host-rt"));
        assert_eq!(browser.get("/api/profile").await.status, 200);
        assert_eq!(browser.visit("/profile").await.set_cookies().len(), 0);
        // What left before the first answer came and arrives after it was used: the jar has the refresh token.
        let page = later.visit("/profile").await;
        assert_eq!((page.status, page.set_cookies().len()), (200, 1));
    }

    async fn what_is_no_navigation_renews_nothing(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(601).await;
        let builder = browser.request("GET", "/profile").header("sec-fetch-mode", "no-cors");
        let answer = browser.send(builder.body(Body::empty()).expect("a request")).await;
        assert_led(&answer, "/sign-in?next=/profile");
        assert!(answer.set_cookies().is_empty());
    }

    async fn a_head_request_renews_nothing(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(601).await;
        let builder = browser.request("HEAD", "/profile").header("sec-fetch-mode", "navigate");
        let answer = browser.send(builder.body(Body::empty()).expect("a request")).await;
        assert!(answer.set_cookies().is_empty());
        assert_eq!(browser.visit("/profile").await.set_cookies().len(), 2);
    }

    async fn a_navigation_is_limited_like_any_refresh(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(601).await;
        let mut stranger = app.browser();
        while stranger.refresh().await.status != 429 {}
        let page = browser.visit("/profile").await;
        assert_eq!(page.status, 429);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(!page.header("retry-after").is_empty() && page.set_cookies().is_empty());
        // What needs no renewal is not counted.
        assert_eq!(stranger.visit("/sign-in").await.status, 200);
        app.advance_seconds(60).await;
        assert_eq!(browser.visit("/profile").await.status, 200);
    }

    async fn a_session_that_is_renewed_too_often_is_told_to_wait(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        app.advance_seconds(601).await;
        let refusal = loop {
            let page = browser.clone().visit("/profile").await;
            if page.status != 200 {
                break page;
            }
        };
        assert_eq!(refusal.status, 429, "{}", refusal.header("location"));
        assert!(!refusal.header("retry-after").is_empty());
    }

    async fn a_navigation_with_a_dead_session_touches_no_cookie(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        browser.clone().poke("/api/auth/logout").await;
        let answer = browser.visit("/profile").await;
        assert_led(&answer, "/sign-in?next=/profile&ended=ended_elsewhere");
        assert!(answer.set_cookies().is_empty());
    }

    async fn the_guard_says_why_a_session_is_over(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        assert_led(&browser.visit("/security").await, "/sign-in?next=/security&ended=replaced");
        // Pages for everybody ask nobody to sign in.
        assert_eq!(browser.visit("/").await.status, 200);
        browser.cookies.clear();
        assert_led(&browser.visit("/security").await, "/sign-in?next=/security");
    }

    async fn language_and_theme_are_chosen_by_a_link(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        assert_led(&browser.visit("/sign-in?next=%2Fa&lang=fr").await, "/sign-in?next=%2Fa");
        assert_eq!(browser.cookie("__Host-locale"), "fr");
        let answer = browser.visit("/?theme=dark").await;
        assert_led(&answer, "/");
        let cookie = &answer.set_cookies()[0];
        assert!(cookie.starts_with("__Host-theme=dark; ") && !cookie.contains("HttpOnly"), "{cookie}");
        let page = browser.visit("/sign-in").await.text();
        assert!(page.contains("lang=\"fr\"") && page.contains("data-theme=\"dark\""), "{page}");
        assert_eq!(browser.visit("/?lang=tlh&theme=neon").await.status, 200);
        assert_led(&browser.visit("//evil.example?lang=en").await, "/");
    }

    async fn a_head_request_has_the_head_of_the_page(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let head = browser.request("HEAD", "/sign-in").body(Body::empty());
        let answer = browser.send(head.expect("a request")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }

    async fn a_page_says_nothing_secret(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let page = browser.visit("/profile").await.text();
        for name in ["__Host-at", "__Host-rt"] {
            assert!(!page.contains(&browser.cookie(name)), "{name}");
        }
    }
}
