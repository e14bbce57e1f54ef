//! Every route in one table, for the build that no server brings another module.

use leptos::prelude::*;
use leptos_router::components::Routes;

use crate::{
    admin::AdminRoutes,
    desk::{Attended, DeskRoutes},
    page::system::not_found::NotFound,
    visitor::OpenRoutes,
    watch::WatchRoutes,
};

/// Every page.
#[component]
pub(crate) fn Screens() -> impl IntoView {
    view! {
        <Attended>
            <Routes fallback=NotFound>
                <OpenRoutes />
                <DeskRoutes />
                <AdminRoutes />
                <WatchRoutes />
            </Routes>
        </Attended>
    }
}
