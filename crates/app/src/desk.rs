//! The routes of everybody who is signed in: the door, and the desk behind it.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_router::{
    SsrMode, StaticSegment,
    any_nested_route::IntoAnyNestedRoute,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    layout::{
        beyond::Beyond,
        frame::Frame,
        guard::RequireAuth,
        step_up::{StepUp, StepUpDialog},
    },
    page::{
        account::{events::Events, profile::Profile, security::Security},
        recovery::{
            codes::RecoveryCodes,
            forgot::Forgot,
            links::{Confirm, NotMe},
            reset::Reset,
        },
        session::idle::IdleWarning,
        sign_in::second_factor::SecondFactor,
        system::help::Help,
    },
    visitor::OpenRoutes,
};

/// What a member's module shows.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    view! {
        <Attended>
            <Routes fallback=Beyond>
                <OpenRoutes />
                <DeskRoutes />
            </Routes>
        </Attended>
    }
}

/// The frame where somebody may be signed in. The dialogs are beside the page that they cover, and no part of it.
#[component]
pub(crate) fn Attended(children: Children) -> impl IntoView {
    StepUp::provide();
    view! {
        <Frame>{children()}</Frame>
        <IdleWarning />
        <StepUpDialog />
    }
}

/// The pages beside the door, and those that need somebody signed in.
#[component(transparent)]
pub(crate) fn DeskRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    // Of pages with a path of one segment; the others are written out, and a test finds each by its page.
    let at = |page: Page| StaticSegment(page.path());
    view! {
        <ParentRoute path=path!("") view=leptos_router::components::Outlet ssr=SsrMode::Async>
            <Route path=path!("/sign-in/second-factor") view=SecondFactor ssr=SsrMode::Async />
            <Route path=at(Page::Forgot) view=Forgot ssr=SsrMode::Async />
            <Route path=at(Page::Reset) view=Reset ssr=SsrMode::Async />
            <Route path=at(Page::Confirm) view=Confirm ssr=SsrMode::Async />
            <Route path=at(Page::NotMe) view=NotMe ssr=SsrMode::Async />
            <Route path=at(Page::Help) view=Help ssr=SsrMode::Async />
            <ParentRoute path=path!("") view=RequireAuth ssr=SsrMode::Async>
                <Route path=at(Page::Profile) view=Profile ssr=SsrMode::Async />
                <Route path=at(Page::Security) view=Security ssr=SsrMode::Async />
                <Route path=at(Page::Events) view=Events ssr=SsrMode::Async />
                <Route path=path!("/security/recovery-codes") view=RecoveryCodes ssr=SsrMode::Async />
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
