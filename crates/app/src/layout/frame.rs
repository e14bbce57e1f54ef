//! The frame around every page: skip link, header, the one `main`, footer, and the page-wide message.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use web_sys::HtmlElement;

use super::nav::{Choices, TopNav};
use crate::{
    reaction::{effect, element},
    state::toast::use_toast,
    text::use_texts,
    ui::mark::Mark,
};

/// The frame.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let words = use_texts();
    let toast = use_toast();
    follow_navigation();
    view! {
        // `external`: the router would scroll there but not move the focus.
        <a class="skip" href="#main" rel="external">{words.common.skip}</a>
        <header class="header">
            <a class="brand" href="/">
                <Mark />
                {words.common.product}
            </a>
            <TopNav />
        </header>
        <main class="main" id="main" tabindex="-1">
            {children()}
        </main>
        <footer class="footer">
            <Choices />
            <a class="choice" href=Page::Help.path()>
                {words.nav.help}
            </a>
        </footer>
        <div class="toast" role="status">
            {Signal::derive(move || toast.text())}
        </div>
    }
}

/// A navigation without a page load moves the focus to the new content, as a page load would.
fn follow_navigation() {
    let path = use_location().pathname;
    let toast = use_toast();
    let mut before = None;
    effect(move || {
        let now = path.get();
        if before
            .replace(now.clone())
            .is_some_and(|before| before != now)
        {
            toast.clear();
            if let Some(main) = element::<HtmlElement>("main") {
                // An element that left the page is the only failure.
                drop(main.focus());
            }
        }
    });
}
