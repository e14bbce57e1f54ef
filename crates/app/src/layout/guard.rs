//! The browser's half of the guards; the server decides before it renders, so there these only render.
//!
//! Fed by a synchronous signal and never under a suspense: both sides render the same tree.

use concierge_core::{
    account::Role,
    link::{Audience, Page, safe_next, sign_in_after, sign_in_then},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::Outlet,
    hooks::{use_location, use_navigate, use_query_map},
};

use crate::{
    layout::house_nav::HouseNav,
    page::system::not_found::NotFound,
    reaction::{effect, part},
    state::{
        use_page_context,
        viewer::{Ended, use_session},
    },
    text::use_locale,
};

/// A redirect leaves no entry in the history: Back must not lead into it again.
fn replacing() -> NavigateOptions {
    NavigateOptions {
        replace: true,
        ..NavigateOptions::default()
    }
}

/// Lets only those through who are signed in; others go to sign-in and come back.
#[component]
pub(crate) fn RequireAuth() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let location = use_location();
    effect(move || {
        if !session.is_live() {
            let path = location.pathname.get_untracked();
            let search = location.search.get_untracked();
            let target = sign_in_link(&path, &search, session.why_ended());
            navigate(&target, replacing());
        }
    });
    view! { <Outlet /> }
}

/// Shows its pages to admins; to others there is no such page, as the server says with its status. For use within
/// [`RequireAuth`], which leads away who is not signed in at all.
#[component]
pub(crate) fn RequireAdmin() -> impl IntoView {
    let session = use_session();
    // Who has just signed out is led away: nothing flashes up before.
    let may_see = Memo::new(move |_| {
        session
            .account()
            .is_none_or(|account| account.role == Role::Admin)
    });
    part(move || match may_see.get() {
        true => view! {
            <HouseNav />
            <Outlet />
        }
        .into_any(),
        false => view! { <NotFound /> }.into_any(),
    })
}

/// The sign-in page for somebody who wanted to be at `path`, or was there when the session ended.
fn sign_in_link(path: &str, search: &str, ended: Option<Ended>) -> String {
    let search = search.trim_start_matches('?');
    let here = match search {
        "" => path.to_owned(),
        search => format!("{path}?{search}"),
    };
    match ended {
        // Who left on purpose is not led back.
        Some(Ended::SIGNED_OUT) => {
            format!(
                "{}?ended={}",
                Page::SignIn.path(),
                Ended::SIGNED_OUT.as_str()
            )
        }
        Some(ended) => sign_in_after(ended.as_str(), &here),
        None => sign_in_then(&here),
    }
}

/// Lets only those through who are not signed in; others go on to where they wanted.
#[component]
pub(crate) fn GuestOnly() -> impl IntoView {
    let session = use_session();
    let go_on = use_go_on();
    let query = use_query_map();
    effect(move || {
        if session.is_live() {
            go_on(query.with_untracked(|query| query.get("next")).as_deref());
        }
    });
    view! { <Outlet /> }
}

/// Where somebody goes who is signed in now.
#[derive(Debug, PartialEq, Eq)]
enum Onward<'a> {
    /// To a page that this app shows.
    Here(&'a str),
    /// To something that only the server knows.
    Away(&'a str),
}

/// A target without its query.
fn path_of(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or(target)
}

fn onward(next: Option<&str>) -> Onward<'_> {
    let next = safe_next(next);
    match Page::of(path_of(next)).map(Page::audience) {
        // A guest page would only lead here again.
        Some(Audience::Guest) => Onward::Here(Page::Profile.path()),
        Some(Audience::Anyone | Audience::SignedIn | Audience::Admin) => Onward::Here(next),
        None => Onward::Away(next),
    }
}

/// Gives the function that leads on after a sign-in: without a page load where this module has the page
/// and speaks the account's language already.
pub(crate) fn use_go_on() -> impl Fn(Option<&str>) + Clone {
    let session = use_session();
    let navigate = use_navigate();
    let locale = use_locale();
    let module = use_page_context().module;
    move |next| {
        let account = untrack(|| session.account());
        let own_language = account
            .as_ref()
            .is_none_or(|account| account.locale == locale);
        let role = account.map(|account| account.role);
        let is_here = |target: &str| own_language && module.is_for(path_of(target), role);
        match onward(next) {
            Onward::Here(target) if is_here(target) => navigate(target, replacing()),
            // The browser refuses only what does not parse, and these are plain paths.
            Onward::Here(target) | Onward::Away(target) => drop(location().replace(target)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_on_purpose_is_not_led_back() {
        let link = |ended| sign_in_link("/profile", "?a=b", ended);
        assert_eq!(link(None), "/sign-in?next=/profile%3Fa%3Db");
        assert_eq!(
            link(Some(Ended::Idle)),
            "/sign-in?next=/profile%3Fa%3Db&ended=idle"
        );
        assert_eq!(link(Some(Ended::SIGNED_OUT)), "/sign-in?ended=signed_out");
    }

    #[test]
    fn the_way_on_never_leaves_the_site_nor_turns_in_a_circle() {
        assert_eq!(onward(None), Onward::Here("/profile"));
        assert_eq!(onward(Some("//evil.example")), Onward::Here("/profile"));
        assert_eq!(onward(Some("/sign-in?next=/")), Onward::Here("/profile"));
        assert_eq!(onward(Some("/?a=b#c")), Onward::Here("/?a=b#c"));
        assert_eq!(onward(Some("/docs")), Onward::Away("/docs"));
    }
}
