//! The document around the app, as the server sends it.
//!
//! Leptos's own hydration script puts the nonce into `crossorigin` of a preload, where anything may read
//! it; this one keeps it in `nonce` attributes, which browsers hide.

use leptos::{html, nonce::Nonce as LeptosNonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{
    app::App,
    state::{PageContext, theme::Theme},
    text::texts,
};

/// The nonce of this response, for every script tag. Only on the server, never serialised.
#[derive(Clone, Debug)]
pub struct Nonce(pub String);

/// The files of the site, by the paths they are served at.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The module's loader.
    pub js: String,
    /// The module.
    pub wasm: String,
    /// The text of the script that reloads the page while developing.
    pub reload_script: Option<String>,
}

const PAPER_LIGHT: &str = "#faf8f4";
const PAPER_DARK: &str = "#11151f";

/// The whole document. Expects [`PageContext`], [`Nonce`] and [`Assets`] in context.
pub fn shell() -> impl IntoView {
    let facts = use_context::<PageContext>().unwrap_or_default();
    let nonce = expect_context::<Nonce>().0;
    let assets = expect_context::<Assets>();
    // The scripts that Leptos writes itself carry the same nonce.
    provide_context(LeptosNonce::from_value(nonce.clone()));
    let words = texts(facts.locale);
    // The error page comes without script: it must work whatever broke.
    let hydrates = facts.failed.is_none();
    let reload = assets.reload_script.clone().map(|script| {
        let nonce = nonce.clone();
        view! { <script nonce=nonce inner_html=script></script> }
    });
    view! {
        <!DOCTYPE html>
        <html lang=facts.locale.tag() data-theme=facts.theme.attribute()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content=color_scheme(facts.theme) />
                {theme_colors(facts.theme)}
                <meta name="description" content=words.common.description />
                <link rel="stylesheet" href=assets.css.clone() />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {hydrates.then(|| scripts(&nonce, &assets))}
                {reload}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

const fn color_scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "light dark",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// The colour of the browser's own frame.
fn theme_colors(theme: Theme) -> AnyView {
    let meta = |color| html::meta().name("theme-color").content(color);
    // The view macro does not know `media` on this element.
    let when = |color, scheme| meta(color).attr("media", scheme);
    match theme {
        Theme::Light => meta(PAPER_LIGHT).into_any(),
        Theme::Dark => meta(PAPER_DARK).into_any(),
        Theme::System => (
            when(PAPER_LIGHT, "(prefers-color-scheme: light)"),
            when(PAPER_DARK, "(prefers-color-scheme: dark)"),
        )
            .into_any(),
    }
}

/// Puts the token of a link into its field; the module does it again, and takes it out of the address bar
/// (`layout/token.rs`, where the skip link's fragment is explained).
const TAKE_TOKEN: &str = "const field=document.getElementById('token'),\
     token=location.hash.slice(1).replace(/^token=/,'');\
     if(field&&token!=='main')field.value=token";

/// The script that brings the page to life, and a preload of the module that it would find last. `anonymous`
/// is how the loader fetches, so the preload is used and nothing loads twice. The loader itself needs none: the
/// import starts as soon as it is read, and a `modulepreload` is a policy violation where script is off.
///
/// Back, pressed before the module is there, may change the address and keep the document: a page that was loaded
/// anew shares it with the entries before. What was rendered is not that address's page then, which is loaded
/// instead. `import.meta.url` of a script in the page is the address at which the page was read.
///
/// The first script waits for nothing but the page: who presses before the module is there sends the token, too.
fn scripts(nonce: &str, assets: &Assets) -> impl IntoView + use<> {
    let start = format!(
        "import init,{{hydrate}} from {:?};await init({{module_or_path:{:?}}});\
         const path=({{pathname,search}})=>pathname+search;\
         path(new URL(import.meta.url))===path(location)?hydrate():location.reload();",
        assets.js, assets.wasm
    );
    let nonce = nonce.to_owned();
    view! {
        <link
            rel="preload"
            href=assets.wasm.clone()
            r#as="fetch"
            r#type="application/wasm"
            crossorigin="anonymous"
        />
        <script type="module" nonce=nonce.clone() inner_html=TAKE_TOKEN></script>
        <script type="module" nonce=nonce inner_html=start></script>
    }
}
