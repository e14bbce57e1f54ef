//! The build without server rendering: learns who is here and how they read, then mounts the app.

use concierge_core::{
    api::{Empty, Whole},
    locale::Locale,
    session::api::{GetSession, Refresh, RefreshRequest},
    time::Timestamp,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlDocument;

use crate::{
    App,
    client::{self, call, exchange, lock, refresh::Found, wire},
    state::{
        PageContext,
        locale::{LOCALE_COOKIE, THEME_COOKIE, locale_of, theme_of},
        theme::Theme,
        viewer::Viewer,
    },
};

/// Starts the app in an empty page that shows a quiet loading state until then.
pub fn start() {
    client::panic::install();
    spawn_local(async {
        let (locale, theme) = choices();
        dress_document(locale, theme);
        let facts = PageContext {
            viewer: viewer().await,
            locale,
            theme,
            // Nothing tells these to a page without a server render; the API decides anyway.
            registration_open: true,
            now: Some(Timestamp::from_millis(js_sys::Date::now() as i64)),
            ..PageContext::default()
        };
        if let Some(loading) = document().get_element_by_id("loading") {
            loading.remove();
        }
        leptos::mount::mount_to_body(move || {
            provide_context(facts);
            view! { <App /> }
        });
    });
}

/// Who is signed in, renewing first where only the access token has ended.
async fn viewer() -> Option<Viewer> {
    let plain = client::plain();
    let ask = async || {
        call::<GetSession>(&plain, Empty {})
            .await
            .ok()
            .map(Found::from)
    };
    let mut found = ask().await?;
    if matches!(found, Found::Renewable) {
        let _held = lock::acquire().await;
        let request = wire::<Refresh>(&Whole, &RefreshRequest::default());
        exchange(&plain, request).await.ok()?;
        found = ask().await?;
    }
    match found {
        Found::Live(viewer) => Some(viewer),
        Found::Renewable | Found::Gone(_) => None,
    }
}

/// The reader's language and appearance: asked for in the address, else kept in a cookie.
fn choices() -> (Locale, Theme) {
    let search = location().search().unwrap_or_default();
    let asked = |key: &str| {
        let pairs = search.trim_start_matches('?').split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, value)| (name == key).then(|| value.to_owned()))
    };
    let document = document().unchecked_into::<HtmlDocument>();
    let keep = |name: &str, value: &str| {
        let cookie = format!("{name}={value}; Path=/; Secure; SameSite=Strict; Max-Age=34560000");
        // A browser that keeps none falls back to its own language.
        drop(document.set_cookie(&cookie));
    };
    if let Some(locale) = asked("lang").as_deref().and_then(Locale::from_tag) {
        keep(LOCALE_COOKIE, locale.tag());
    }
    if let Some(theme) = asked("theme").as_deref().and_then(Theme::from_text) {
        keep(THEME_COOKIE, theme.as_str());
    }
    let jar = document.cookie().unwrap_or_default();
    let language = window().navigator().language();
    (locale_of(&jar, language.as_deref()), theme_of(&jar))
}

/// What the server's shell would have set on `<html>`.
fn dress_document(locale: Locale, theme: Theme) {
    if let Some(root) = document().document_element() {
        // Both names are plain; nothing can refuse them.
        drop(root.set_attribute("lang", locale.tag()));
        if let Some(theme) = theme.attribute() {
            drop(root.set_attribute("data-theme", theme));
        }
    }
}
