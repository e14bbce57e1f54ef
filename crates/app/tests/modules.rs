//! The two modules (ADR 8): who gets which, and that both show the same door.

use concierge_app::{Assets, Module, Nonce, PageContext, app::App, shell};
use concierge_core::link::Page;
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

#[test]
fn a_first_visit_loads_the_small_module() {
    for page in Page::ALL {
        let visitor = Module::of(page.path(), false) == Module::Visitor;
        assert_eq!(visitor, page.is_door(), "{page:?}");
        assert_eq!(Module::of(page.path(), true), Module::Whole, "{page:?}");
    }
}

#[test]
fn the_small_module_has_the_pages_of_the_door_and_the_whole_one_has_them_too() {
    let mut door: Vec<_> = door().map(|page| page.path().to_owned()).collect();
    door.sort();
    assert_eq!(paths_of(Module::Visitor), door);
    let whole = paths_of(Module::Whole);
    assert!(door.iter().all(|path| whole.contains(path)), "{whole:?}");
    assert!(whole.len() > door.len(), "{whole:?}");
}

#[test]
fn a_page_of_the_door_is_the_same_in_both_modules() {
    for page in door() {
        let small = content_of(page, Module::Visitor);
        assert!(small.contains("<h1"), "{page:?}: {small}");
        assert_eq!(small, content_of(page, Module::Whole), "{page:?}");
    }
}
