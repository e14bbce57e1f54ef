//! The routes of the whole app: the door, and the desk behind it.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_router::{
    SsrMode, StaticSegment,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    layout::guard::RequireAuth,
    page::{account::profile::Profile, session::idle::IdleWarning, system::not_found::NotFound},
    visitor::OpenRoutes,
};

/// What the whole module shows.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    let at = |page: Page| StaticSegment(page.path());
    view! {
        <Routes fallback=NotFound>
            <OpenRoutes />
            <ParentRoute path=path!("") view=RequireAuth ssr=SsrMode::Async>
                <Route path=at(Page::Profile) view=Profile ssr=SsrMode::Async />
            </ParentRoute>
        </Routes>
        <IdleWarning />
    }
}
