//! Every page, rendered as the server renders it: one heading, the right words, nothing the policy drops.

use concierge_app::{Assets, Module, Nonce, PageContext, Theme, Viewer, app::App, shell};
use concierge_core::{
    account::{AccountView, Role},
    id::Id,
    link::Page,
    locale::Locale,
    problem::ErrorCode,
    time::Timestamp,
};
use leptos::prelude::*;
use leptos_meta::ServerMetaContext;
use leptos_router::{PathSegment, RouteList, location::RequestUrl};

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

/// Renders a page as the server does, without its router.
fn render(path: &str, facts: PageContext) -> String {
    // Only the first call does anything; a render spawns, and does not know of tokio by itself.
    drop(any_spawner::Executor::init_tokio());
    let owner = Owner::new();
    let (meta, _output) = ServerMetaContext::new();
    let html = owner.with(|| {
        provide_context(RequestUrl::new(&format!("http://localhost{path}")));
        provide_context(meta);
        provide_context(Nonce("N0nce".to_owned()));
        provide_context(Assets {
            css: "/pkg/concierge.css".to_owned(),
            js: "/pkg/concierge.js".to_owned(),
            wasm: "/pkg/concierge.wasm".to_owned(),
            reload_script: None,
        });
        provide_context(facts);
        shell().to_html()
    });
    owner.cleanup();
    html
}

/// The places where a person sees words of the page.
fn count(html: &str, needle: &str) -> usize {
    html.matches(needle).count()
}

#[test]
fn every_page_has_one_heading_in_both_languages() {
    for page in Page::ALL {
        for locale in Locale::ALL {
            let viewer = (page == Page::Profile).then(ada);
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

#[test]
fn no_page_has_what_the_policy_drops() {
    for path in [
        "/", "/setup", "/sign-in", "/sign-up", "/profile", "/nowhere",
    ] {
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
        ("elsewhere", "ended elsewhere"),
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
fn a_first_visit_loads_the_small_module() {
    for page in Page::ALL {
        let visitor = Module::of(page.path(), false) == Module::Visitor;
        assert_eq!(visitor, page.is_door(), "{page:?}");
        assert_eq!(Module::of(page.path(), true), Module::Whole, "{page:?}");
    }
}

/// The paths in the table of routes of a module, sorted.
fn paths_of(module: Module) -> Vec<String> {
    drop(any_spawner::Executor::init_tokio());
    let owner = Owner::new();
    let (meta, _output) = ServerMetaContext::new();
    let routes = owner.with(|| {
        provide_context(RequestUrl::new(""));
        provide_context(meta);
        provide_context(PageContext { module, ..facts() });
        RouteList::generate(App).expect("the app has routes")
    });
    owner.cleanup();
    // Segments come with and without their slash, and groups are empty.
    let path = |segments: &[PathSegment]| {
        let parts = segments
            .iter()
            .map(|part| part.as_raw_str().trim_matches('/'));
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        format!("/{}", parts.join("/"))
    };
    let mut paths: Vec<_> = routes.iter().map(|route| path(route.path())).collect();
    paths.sort();
    paths
}

#[test]
fn the_small_module_has_the_pages_of_the_door_and_the_whole_one_has_them_too() {
    let door = Page::ALL.into_iter().filter(|page| page.is_door());
    let mut door: Vec<_> = door.map(|page| page.path().to_owned()).collect();
    door.sort();
    assert_eq!(paths_of(Module::Visitor), door);
    let whole = paths_of(Module::Whole);
    assert!(door.iter().all(|path| whole.contains(path)), "{whole:?}");
    assert!(whole.len() > door.len(), "{whole:?}");
}

#[test]
fn a_page_of_the_door_is_the_same_in_both_modules() {
    for page in Page::ALL.into_iter().filter(|page| page.is_door()) {
        let [small, whole] = [Module::Visitor, Module::Whole].map(|module| {
            let html = render(page.path(), PageContext { module, ..facts() });
            // The warning of an idle session, which only the whole module has, comes last.
            let main = html
                .find("<main")
                .zip(html.find("<dialog").or(html.find("</main>")));
            let (from, to) = main.expect("a page has a main part");
            html[from..to].replace("<!>", "")
        });
        assert!(small.contains("<h1"), "{page:?}: {small}");
        assert_eq!(small, whole, "{page:?}");
    }
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
