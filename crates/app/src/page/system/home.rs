//! The start: what Concierge does for the reader, and the two ways in.

use concierge_core::{account::AccountView, link::Page};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    reaction::part,
    state::{use_page_context, viewer::use_session},
    text::use_texts,
    ui::mark::{Drawing, Mark},
};

/// The home page.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let words = use_texts();
    let session = use_session();
    let services = [
        ("door", words.home.door, words.home.door_text, DOOR),
        ("keys", words.home.keys, words.home.keys_text, KEYS),
        ("watch", words.home.watch, words.home.watch_text, WATCH),
    ]
    .map(|(id, title, text, icon)| view! { <Service id=id title=title text=text icon=icon /> })
    .collect_view();
    view! {
        <Title text=words.home.title />
        <div class="home">
            <section class="hero">
                <Mark />
                <h1>{words.home.heading}</h1>
                <p class="lead">{words.home.lead}</p>
                {part(move || match session.account() {
                    Some(account) => view! { <Welcome account=account /> }.into_any(),
                    None => view! { <WaysIn /> }.into_any(),
                })}
            </section>
            <section aria-labelledby="services">
                <h2 class="services-title" id="services">{words.home.services}</h2>
                <ul class="services">{services}</ul>
            </section>
        </div>
    }
}

/// For who is not signed in.
#[component]
fn WaysIn() -> impl IntoView {
    let words = use_texts();
    let sign_up = use_page_context().registration_open.then(|| {
        view! {
            <a class="button button-primary" href=Page::SignUp.path()>{words.home.sign_up}</a>
        }
    });
    view! {
        <p class="ways">
            {sign_up}
            <a class="button" href=Page::SignIn.path()>{words.home.have_account}</a>
        </p>
    }
}

/// For who is signed in.
#[component]
fn Welcome(account: AccountView) -> impl IntoView {
    let words = use_texts();
    let who = if account.name.is_empty() {
        account.email
    } else {
        account.name
    };
    view! {
        <p class="welcome">{words.home.signed_in_as} " " <strong>{who}</strong> "."</p>
        <p class="ways">
            <a class="button button-primary" href=Page::Profile.path()>{words.home.to_profile}</a>
        </p>
    }
}

const DOOR: &str = r#"<svg viewBox="0 0 24 24" focusable="false"><path d="M6 21V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v17M3 21h18M14 12v1.5"/></svg>"#;
const KEYS: &str = r#"<svg viewBox="0 0 24 24" focusable="false"><path d="M8 19a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM11.2 11.3 20 2.5M16 6.5l3 3"/></svg>"#;
const WATCH: &str = r#"<svg viewBox="0 0 24 24" focusable="false"><path d="M2 12c2-4 5.5-6.5 10-6.5S20 8 22 12c-2 4-5.5 6.5-10 6.5S4 16 2 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"/></svg>"#;

/// One of the things that Concierge does.
#[component]
fn Service(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    icon: &'static str,
) -> impl IntoView {
    view! {
        <li class="service" id=id>
            <Drawing class="icon" markup=icon />
            <h3>{title}</h3>
            <p>{text}</p>
        </li>
    }
}
