//! The app: its providers and the choice of its routes, nothing else.

use concierge_core::problem::ErrorCode;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::Router;

use crate::{
    admin, client, desk,
    layout::frame::Frame,
    page::system::failed::Failed,
    state::{Module, PageContext, toast::Toast, viewer::Session},
    text::{provide_locale, use_texts},
    visitor, watch, whole,
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
            <Content failed=facts.failed module=facts.module />
        </Router>
    }
}

/// The page of the route, or the error page in its place, within the frame.
#[component]
fn Content(failed: Option<ErrorCode>, module: Module) -> impl IntoView {
    match (failed, Module::BUILT.unwrap_or(module)) {
        (Some(code), _) => view! { <Frame><Failed code=code /></Frame> }.into_any(),
        (None, Module::Visitor) => view! { <visitor::Screens /> }.into_any(),
        (None, Module::Member) => view! { <desk::Screens /> }.into_any(),
        (None, Module::Admin) => view! { <admin::Screens /> }.into_any(),
        (None, Module::Watch) => view! { <watch::Screens /> }.into_any(),
        (None, Module::Whole) => view! { <whole::Screens /> }.into_any(),
    }
}
