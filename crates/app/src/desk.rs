//! The routes of the whole app: the door, and the desk behind it.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_router::{
    SsrMode, StaticSegment,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    layout::{
        frame::Frame,
        guard::{RequireAdmin, RequireAuth},
        step_up::{StepUp, StepUpDialog},
    },
    page::{
        account::{profile::Profile, security::Security},
        admin::{accounts::Accounts, invitations::Invitations},
        recovery::{
            codes::RecoveryCodes,
            forgot::Forgot,
            links::{Confirm, NotMe},
            reset::Reset,
        },
        session::idle::IdleWarning,
        sign_in::second_factor::SecondFactor,
        system::{help::Help, not_found::NotFound},
    },
    visitor::OpenRoutes,
};

/// What the whole module shows. The dialogs are beside the page that they cover, and no part of it.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    StepUp::provide();
    view! {
        <Frame>
            <Pages />
        </Frame>
        <IdleWarning />
        <StepUpDialog />
    }
}

/// Every page.
#[component]
fn Pages() -> impl IntoView {
    // Of pages with a path of one segment; the others are written out, and a test finds each by its page.
    let at = |page: Page| StaticSegment(page.path());
    view! {
        <Routes fallback=NotFound>
            <OpenRoutes />
            <Route path=path!("/sign-in/second-factor") view=SecondFactor ssr=SsrMode::Async />
            <Route path=at(Page::Forgot) view=Forgot ssr=SsrMode::Async />
            <Route path=at(Page::Reset) view=Reset ssr=SsrMode::Async />
            <Route path=at(Page::Confirm) view=Confirm ssr=SsrMode::Async />
            <Route path=at(Page::NotMe) view=NotMe ssr=SsrMode::Async />
            <Route path=at(Page::Help) view=Help ssr=SsrMode::Async />
            <ParentRoute path=path!("") view=RequireAuth ssr=SsrMode::Async>
                <Route path=at(Page::Profile) view=Profile ssr=SsrMode::Async />
                <Route path=at(Page::Security) view=Security ssr=SsrMode::Async />
                <Route path=path!("/security/recovery-codes") view=RecoveryCodes ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=RequireAdmin ssr=SsrMode::Async>
                    <Route path=path!("/admin/accounts") view=Accounts ssr=SsrMode::Async />
                    <Route path=path!("/admin/invitations") view=Invitations ssr=SsrMode::Async />
                </ParentRoute>
            </ParentRoute>
        </Routes>
    }
}
