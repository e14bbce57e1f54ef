//! The routes of a visitor: the door, and nothing behind it. They are a module of their own (ADR 8), so that
//! whoever only wants to sign in loads no page of the desk.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_router::{
    SsrMode, StaticSegment,
    any_nested_route::IntoAnyNestedRoute,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    layout::{beyond::Beyond, frame::Frame, guard::GuestOnly},
    page::{
        account::{setup::Setup, sign_up::SignUp},
        sign_in::password::SignIn,
        system::home::Home,
    },
};

/// What a visitor's module shows.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    view! {
        <Frame>
            <Routes fallback=Beyond>
                <OpenRoutes />
            </Routes>
        </Frame>
    }
}

/// The pages that need nobody signed in. Every page is rendered whole before it is sent: streaming would need
/// script to show its parts, and would fix the status before the page is known.
#[component(transparent)]
pub(crate) fn OpenRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    let at = |page: Page| StaticSegment(page.path());
    view! {
        <ParentRoute path=path!("") view=leptos_router::components::Outlet ssr=SsrMode::Async>
            <Route path=at(Page::Home) view=Home ssr=SsrMode::Async />
            <Route path=at(Page::Setup) view=Setup ssr=SsrMode::Async />
            <ParentRoute path=path!("") view=GuestOnly ssr=SsrMode::Async>
                <Route path=at(Page::SignIn) view=SignIn ssr=SsrMode::Async />
                <Route path=at(Page::SignUp) view=SignUp ssr=SsrMode::Async />
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
