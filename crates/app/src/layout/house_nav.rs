//! The way through the pages of admins, on top of each of them.

use concierge_core::link::Page;
use leptos::prelude::*;

use super::nav::PageLink;
use crate::text::use_desk_texts;

/// The links of the desk.
#[component]
pub(super) fn HouseNav() -> impl IntoView {
    let words = &use_desk_texts().house;
    view! {
        <nav class="nav house-nav" aria-label=words.main>
            <PageLink page=Page::Accounts label=words.accounts />
            <PageLink page=Page::Invitations label=words.invitations />
            <PageLink page=Page::Keys label=words.keys />
            <PageLink page=Page::AllEvents label=words.events />
            <PageLink page=Page::Alerts label=words.alerts />
            <PageLink page=Page::Monitor label=words.monitor />
            <PageLink page=Page::Reports label=words.reports />
        </nav>
    }
}
