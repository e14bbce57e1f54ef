//! The navigation: where one can go, signing out, and the choice of language and appearance.

use concierge_core::{
    account::Role,
    api::Endpoint,
    link::{Audience, Page, encode_query},
    locale::Locale,
    session::api::{Logout, Scope},
};
use leptos::{ev, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    client::refresh::use_keeper,
    reaction::{part, spawn},
    state::{
        theme::Theme,
        toast::use_toast,
        use_page_context,
        viewer::{Ended, use_session},
    },
    text::{use_locale, use_texts},
};

/// The links of the header.
#[component]
pub(crate) fn TopNav() -> impl IntoView {
    let words = use_texts();
    let session = use_session();
    let role = Memo::new(move |_| session.account().map(|account| account.role));
    view! {
        <nav class="nav" aria-label=words.nav.main>
            {part(move || match role.get() {
                Some(role) => view! {
                    <PageLink page=Page::Profile label=words.nav.profile />
                    <PageLink page=Page::Security label=words.nav.security />
                    <PageLink page=Page::Events label=words.nav.events />
                    {(role == Role::Admin).then(|| view! {
                        <PageLink page=Page::Accounts label=words.nav.house within=Audience::Admin />
                    })}
                    <SignOut />
                }
                .into_any(),
                None => view! { <PageLink page=Page::SignIn label=words.nav.sign_in /> }.into_any(),
            })}
        </nav>
    }
}

/// A link to a page, marked while one is on it, or on another page for the audience that it leads to.
#[component]
pub(super) fn PageLink(
    page: Page,
    label: &'static str,
    #[prop(optional)] within: Option<Audience>,
) -> impl IntoView {
    let here = use_location().pathname;
    let current = move || {
        here.with(|here| {
            let beside = || within.is_some() && Page::of(here).map(Page::audience) == within;
            (here == page.path())
                .then_some("page")
                .or_else(|| beside().then_some("true"))
        })
    };
    view! {
        <a class="nav-link" href=page.path() aria-current=current>
            {label}
        </a>
    }
}

/// The page that says that somebody signed out.
fn signed_out_page() -> String {
    format!(
        "{}?ended={}",
        Page::SignIn.path(),
        Ended::SIGNED_OUT.as_str()
    )
}

/// How far a pressed button signs out; one without a value leaves that to the operator.
fn scope_of(event: &ev::SubmitEvent) -> Option<Scope> {
    let pressed = event.submitter()?.get_attribute("value")?;
    [Scope::Current, Scope::All]
        .into_iter()
        .find(|scope| scope.as_str() == pressed)
}

/// What signs out, here or everywhere where an account may have several sessions: a form of its own, so that it works
/// without script.
#[component]
fn SignOut() -> impl IntoView {
    let words = use_texts();
    let keeper = use_keeper();
    let toast = use_toast();
    let navigate = use_navigate();
    let pending = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        let scope = scope_of(&event);
        let navigate = navigate.clone();
        spawn(async move {
            match keeper.sign_out(scope).await {
                Ok(()) => navigate(&signed_out_page(), NavigateOptions::default()),
                Err(_) => {
                    toast.show(words.nav.signing_out_failed);
                    // Another tab may have signed out meanwhile, and this button be gone.
                    let _gone = pending.try_set(false);
                }
            }
        });
    };
    let button = move |label: &'static str, scope: Option<Scope>| {
        view! {
            <button
                class="nav-link nav-button"
                type="submit"
                name=scope.map(|_| "scope")
                value=scope.map(Scope::as_str)
                aria-busy=move || pending.get().then_some("true")
            >
                {label}
            </button>
        }
        .into_any()
    };
    let several = !use_page_context().one_session;
    view! {
        <form class="nav-sign-out" method="post" action=Logout::PATH on:submit=submit>
            {button(words.nav.sign_out, several.then_some(Scope::Current))}
            {several.then(|| button(words.nav.sign_out_all, Some(Scope::All)))}
        </form>
    }
}

/// Language and appearance, as plain links that the server answers: they work without script.
#[component]
pub(crate) fn Choices() -> impl IntoView {
    let words = use_texts();
    let language = use_locale();
    let theme = use_page_context().theme;
    let languages = Locale::ALL
        .map(|locale| {
            view! {
                <Choice
                    key="lang"
                    value=locale.tag()
                    label=locale.name()
                    chosen={locale == language}
                    lang=locale.tag()
                />
            }
        })
        .collect_view();
    let themes = Theme::ALL
        .map(|choice| {
            let label = match choice {
                Theme::System => words.nav.system,
                Theme::Light => words.nav.light,
                Theme::Dark => words.nav.dark,
            };
            view! { <Choice key="theme" value=choice.as_str() label=label chosen={choice == theme} /> }
        })
        .collect_view();
    view! {
        <nav class="choices" aria-label=words.nav.language>
            <ul>{languages}</ul>
        </nav>
        <nav class="choices" aria-label=words.nav.theme>
            <ul>{themes}</ul>
        </nav>
    }
}

/// One choice: a link to the page one is on, with the choice as a parameter.
#[component]
fn Choice(
    key: &'static str,
    value: &'static str,
    label: &'static str,
    chosen: bool,
    #[prop(optional)] lang: Option<&'static str>,
) -> impl IntoView {
    let location = use_location();
    let href = move || {
        let (path, search) = (location.pathname.get(), location.search.get());
        choice_link(&path, &search, key, value)
    };
    view! {
        <li>
            <a
                class="choice"
                href=href
                rel="external"
                lang=lang
                aria-current=chosen.then_some("true")
            >
                {label}
            </a>
        </li>
    }
}

/// The link to the same page with a choice; what the query said before stays.
fn choice_link(path: &str, search: &str, key: &str, value: &str) -> String {
    let search = search.trim_start_matches('?');
    let value = encode_query(value);
    if search.is_empty() {
        format!("{path}?{key}={value}")
    } else {
        format!("{path}?{search}&{key}={value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_keeps_the_way_back() {
        assert_eq!(choice_link("/", "", "lang", "fr"), "/?lang=fr");
        assert_eq!(
            choice_link("/sign-in", "?next=/profile", "theme", "dark"),
            "/sign-in?next=/profile&theme=dark"
        );
    }
}
