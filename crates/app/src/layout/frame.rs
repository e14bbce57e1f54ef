//! The frame around every page: skip link, header, the one `main`, footer, and the page-wide message.

use leptos::{html, prelude::*};
use leptos_router::hooks::use_location;

use super::nav::{Choices, TopNav};
use crate::{state::toast::use_toast, text::use_texts, ui::mark::Mark};

/// The frame.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let words = use_texts();
    let toast = use_toast();
    let main = NodeRef::<html::Main>::new();
    follow_navigation(main);
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
        <main class="main" id="main" tabindex="-1" node_ref=main>
            {children()}
        </main>
        <footer class="footer">
            <Choices />
        </footer>
        <div class="toast" role="status">
            {move || toast.text()}
        </div>
    }
}

/// A navigation without a page load moves the focus to the new content, as a page load would.
fn follow_navigation(main: NodeRef<html::Main>) {
    let path = use_location().pathname;
    let toast = use_toast();
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            toast.clear();
            if let Some(main) = main.get_untracked() {
                // An element that left the page is the only failure.
                drop(main.focus());
            }
        }
        now
    });
}
