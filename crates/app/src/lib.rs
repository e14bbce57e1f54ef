//! The front end of Concierge, one crate for three builds: rendered on the server (`ssr`), brought to
//! life in the browser (`hydrate`), or run in the browser alone (`csr`).
//!
//! The app holds no secret: the session's tokens are in cookies that no script can read. Everything goes
//! through [`client::call`].

#![expect(
    unreachable_pub,
    reason = "the component macro writes public items whatever the visibility of the component"
)]

mod admin;
pub mod app;
pub mod client;
mod desk;
mod layout;
mod page;
mod reaction;
#[cfg(feature = "ssr")]
mod shell;
pub mod state;
pub mod text;
mod ui;
mod visitor;
mod watch;
mod whole;

#[cfg(feature = "csr")]
mod standalone;

pub use app::App;
pub use client::{Client, Transport, WireRequest, WireResponse};
#[cfg(feature = "ssr")]
pub use shell::{Assets, Nonce, shell};
#[cfg(feature = "csr")]
pub use standalone::start;
pub use state::{Module, PageContext, theme::Theme, viewer::Viewer};

/// Brings the server's page to life.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    client::panic::install();
    leptos::mount::hydrate_body(App);
}
