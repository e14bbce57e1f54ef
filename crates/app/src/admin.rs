//! The routes where admins act on accounts and keys, a module of their own (ADR 8): a member has no use for them.

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
    page::admin::{accounts::Accounts, invitations::Invitations, keys::Keys},
};

/// What the admins' module shows.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    view! {
        <Attended>
            <Routes fallback=Beyond>
                <AdminRoutes />
            </Routes>
        </Attended>
    }
}

/// The pages of admins.
#[component(transparent)]
pub(crate) fn AdminRoutes() -> impl leptos_router::MatchNestedRoutes + Clone {
    view! {
        <ParentRoute path=path!("") view=RequireAuth ssr=SsrMode::Async>
            <ParentRoute path=path!("") view=RequireAdmin ssr=SsrMode::Async>
                <Route path=path!("/admin/accounts") view=Accounts ssr=SsrMode::Async />
                <Route path=path!("/admin/invitations") view=Invitations ssr=SsrMode::Async />
                <Route path=path!("/admin/keys") view=Keys ssr=SsrMode::Async />
            </ParentRoute>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
