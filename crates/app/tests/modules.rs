//! The modules (ADR 8): who gets which, what each holds, and that all show the same door.

use concierge_app::{Assets, Module, Nonce, PageContext, app::App, shell};
use concierge_core::{
    account::Role,
    link::{Audience, Page},
};
use leptos::prelude::*;
use leptos_meta::ServerMetaContext;
use leptos_router::{PathSegment, RouteList, location::RequestUrl};

fn door() -> impl Iterator<Item = Page> {
    Page::ALL.into_iter().filter(|page| page.is_door())
}

/// Runs what renders, with what the server gives a visitor's render at a path.
fn on_the_server<T>(path: &str, module: Module, run: impl FnOnce() -> T) -> T {
    // Only the first call does anything; a render spawns, and does not know of tokio by itself.
    drop(any_spawner::Executor::init_tokio());
    let owner = Owner::new();
    let (meta, _output) = ServerMetaContext::new();
    let result = owner.with(|| {
        provide_context(RequestUrl::new(&format!("http://localhost{path}")));
        provide_context(meta);
        provide_context(Nonce("N0nce".to_owned()));
        provide_context(Assets {
            css: "/pkg/concierge.css".to_owned(),
            js: "/pkg/concierge.js".to_owned(),
            wasm: "/pkg/concierge.wasm".to_owned(),
            reload_script: None,
        });
        provide_context(PageContext {
            registration_open: true,
            module,
            ..PageContext::default()
        });
        run()
    });
    owner.cleanup();
    result
}

/// A route's path: its segments come with and without their slash, and groups are empty.
fn path_of(segments: &[PathSegment]) -> String {
    let parts = segments
        .iter()
        .map(|part| part.as_raw_str().trim_matches('/'));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// The paths in a module's table of routes, sorted.
fn paths_of(module: Module) -> Vec<String> {
    let routes = on_the_server("/", module, || RouteList::generate(App));
    let routes = routes.expect("the app has routes");
    let mut paths: Vec<_> = routes.iter().map(|route| path_of(route.path())).collect();
    paths.sort();
    paths
}

/// The content of a page as a module renders it.
fn content_of(page: Page, module: Module) -> String {
    let html = on_the_server(page.path(), module, || shell().to_html());
    let ends = html.find("<main").zip(html.find("</main>"));
    let (from, to) = ends.expect("a page has content");
    // Without the marks between parts, which only the browser's half needs.
    html[from..to].replace("<!>", "")
}

/// The paths of pages, sorted.
fn sorted(pages: impl Iterator<Item = Page>) -> Vec<String> {
    let mut paths: Vec<_> = pages.map(|page| page.path().to_owned()).collect();
    paths.sort();
    paths
}

fn is_for_admins(page: &Page) -> bool {
    page.audience() == Audience::Admin
}

#[test]
fn a_first_visit_loads_the_small_module_and_an_admin_at_the_desk_the_admins() {
    for page in Page::ALL {
        let of = |role| Module::of(page.path(), role);
        let at_desk = is_for_admins(&page);
        assert_eq!(of(None) == Module::Visitor, page.is_door(), "{page:?}");
        assert_eq!(of(Some(Role::Member)), Module::Member, "{page:?}");
        let desk = [Module::Admin, Module::Watch][usize::from(page.keeps_watch())];
        let expected = [Module::Member, desk][usize::from(at_desk)];
        assert_eq!(of(Some(Role::Admin)), expected, "{page:?}");
        // Who may not see it is led to sign-in by the server, or finds nothing; no module goes in a circle.
        assert_eq!(of(None) == desk, at_desk, "{page:?}");
    }
}

#[test]
fn each_module_has_its_own_pages_and_the_whole_one_has_them_all() {
    let all = || Page::ALL.into_iter();
    assert_eq!(paths_of(Module::Visitor), sorted(door()));
    let members = all().filter(|page| !is_for_admins(page));
    assert_eq!(paths_of(Module::Member), sorted(members));
    let (watching, acting): (Vec<_>, Vec<_>) = all()
        .filter(is_for_admins)
        .partition(|page| page.keeps_watch());
    assert_eq!(paths_of(Module::Admin), sorted(acting.into_iter()));
    assert_eq!(paths_of(Module::Watch), sorted(watching.into_iter()));
    assert_eq!(paths_of(Module::Whole), sorted(all()));
}

#[test]
fn a_page_of_the_door_is_the_same_in_every_module_that_has_it() {
    for page in door() {
        let small = content_of(page, Module::Visitor);
        assert!(small.contains("<h1"), "{page:?}: {small}");
        for module in [Module::Member, Module::Whole] {
            assert_eq!(small, content_of(page, module), "{page:?}");
        }
    }
}
