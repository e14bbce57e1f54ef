//! The way on from a module's last page: another module, or the page that says that there is nothing.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    page::system::not_found::NotFound,
    reaction::{effect, part},
    state::{use_page_context, viewer::use_session},
};

/// An address that this module has no page for. Where another module is for it, the server brings that one.
#[component]
pub(crate) fn Beyond() -> impl IntoView {
    let module = use_page_context().module;
    let session = use_session();
    let path = use_location().pathname;
    // Of the address alone: where somebody is when their session ends, they are led away from by others.
    let is_here = move || {
        let role = untrack(|| session.account()).map(|account| account.role);
        path.with(|path| module.is_for(path, role))
    };
    effect(move || {
        if !is_here() {
            // The address is the page's already; the browser refuses to load nothing of ours.
            drop(location().reload());
        }
    });
    part(move || is_here().then(NotFound).into_any())
}
