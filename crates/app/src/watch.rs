//! The routes where admins keep watch, a module of their own (ADR 8): charts, alerts and lists weigh as much as the rest.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    any_nested_route::IntoAnyNestedRoute,
    components::{ParentRoute, Route, Routes},
    path,
};

use crate::{
    desk::Attended,
    layout::{
        beyond::Beyond,
        guard::{RequireAdmin, RequireAuth},
    },
    page::{
        admin::{alerts::Alerts, events::AllEvents, reports::Reports},
        monitor::screen::Monitor,
    },
};

/// What the module shows.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    view! {
        <Attended>
            <Routes fallback=Beyond>
                <WatchRoutes />
            </Routes>
        </Attended>
    }
}

/// The pages that keep watch.
#[component(transparent)]
pub(crate) fn WatchRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=RequireAuth ssr=SsrMode::Async>
            <ParentRoute path=path!("") view=RequireAdmin ssr=SsrMode::Async>
                <Route path=path!("/admin/events") view=AllEvents ssr=SsrMode::Async />
                <Route path=path!("/admin/alerts") view=Alerts ssr=SsrMode::Async />
                <Route path=path!("/monitor") view=Monitor ssr=SsrMode::Async />
                <Route path=path!("/admin/reports") view=Reports ssr=SsrMode::Async />
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
