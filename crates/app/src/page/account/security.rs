//! The security page: password, second factor, sessions.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    change_email::ChangeEmailCard, change_password::ChangePasswordCard, factor::FactorCard,
    sessions::SessionsCard,
};
use crate::text::use_desk_texts;

/// The page.
#[component]
pub(crate) fn Security() -> impl IntoView {
    let words = &use_desk_texts().security;
    view! {
        <Title text=words.title />
        <div class="page">
            <h1>{words.title}</h1>
            <SessionsCard />
            <div class="columns">
                <ChangePasswordCard />
                <div class="column">
                    <FactorCard />
                    <ChangeEmailCard />
                </div>
            </div>
        </div>
    }
}
