//! The app: its providers and its table of routes, nothing else.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode, StaticSegment,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    client,
    layout::{
        frame::Frame,
        guard::{GuestOnly, RequireAuth},
    },
    page::{
        account::{profile::Profile, setup::Setup, sign_up::SignUp},
        recovery::{
            codes::RecoveryCodes,
            forgot::Forgot,
            links::{Confirm, NotMe},
            reset::Reset,
        },
        session::idle::IdleWarning,
        sign_in::{password::SignIn, second_factor::SecondFactor},
        system::{failed::Failed, help::Help, home::Home, not_found::NotFound},
    },
    state::{PageContext, toast::Toast, viewer::Session},
    text::{provide_locale, use_texts},
};

/// The whole app, the content of `<body>`.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let facts = PageContext::provide();
    provide_locale(facts.locale);
    Toast::provide();
    client::connect(Session::provide(facts.viewer));
    let product = use_texts().common.product;
    view! {
        <Title formatter=move |title| format!("{title} · {product}") />
        <Router>
            <Frame>
                <Content failed=facts.failed />
            </Frame>
            <IdleWarning />
        </Router>
    }
}

/// The page of the route, or the error page in its place.
#[component]
fn Content(failed: bool) -> impl IntoView {
    match failed {
        true => view! { <Failed /> }.into_any(),
        false => view! { <Screens /> }.into_any(),
    }
}

/// The table of routes. Every page is rendered whole before it is sent: streaming would need script to
/// show its parts, and would fix the status before the page is known.
#[component]
fn Screens() -> impl IntoView {
    // Of pages with a path of one segment; the others are written out, and a test finds each by its page.
    let at = |page: Page| StaticSegment(page.path());
    view! {
        <Routes fallback=NotFound>
            <Route path=at(Page::Home) view=Home ssr=SsrMode::Async />
            <Route path=at(Page::Setup) view=Setup ssr=SsrMode::Async />
            <Route path=path!("/sign-in/second-factor") view=SecondFactor ssr=SsrMode::Async />
            <Route path=at(Page::Forgot) view=Forgot ssr=SsrMode::Async />
            <Route path=at(Page::Reset) view=Reset ssr=SsrMode::Async />
            <Route path=at(Page::Confirm) view=Confirm ssr=SsrMode::Async />
            <Route path=at(Page::NotMe) view=NotMe ssr=SsrMode::Async />
            <Route path=at(Page::Help) view=Help ssr=SsrMode::Async />
            <ParentRoute path=path!("") view=GuestOnly ssr=SsrMode::Async>
                <Route path=at(Page::SignIn) view=SignIn ssr=SsrMode::Async />
                <Route path=at(Page::SignUp) view=SignUp ssr=SsrMode::Async />
            </ParentRoute>
            <ParentRoute path=path!("") view=RequireAuth ssr=SsrMode::Async>
                <Route path=at(Page::Profile) view=Profile ssr=SsrMode::Async />
                <Route path=path!("/security/recovery-codes") view=RecoveryCodes ssr=SsrMode::Async />
            </ParentRoute>
        </Routes>
    }
}
