//! The front end of Concierge.
use concierge_core::{account::AccountView, locale::Locale, problem::Problem};
use leptos::prelude::*;
use std::{future::Future, pin::Pin, sync::Arc};
#[derive(Clone, Debug, PartialEq)]
pub enum Theme {
    System,
    Light,
    Dark,
}
#[derive(Clone, Debug, PartialEq)]
pub struct PageContext {
    pub viewer: Option<Viewer>,
    pub locale: Locale,
    pub theme: Theme,
    pub registration_open: bool,
    pub one_session: bool,
    pub contact: Option<String>,
    pub failed: bool,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Viewer {
    pub account: AccountView,
    pub expires_in: u64,
    pub idle_in: u64,
}
#[derive(Clone)]
pub struct Nonce(pub String);
#[derive(Clone)]
pub struct Assets {
    pub css: String,
    pub js: String,
    pub wasm: String,
    pub reload_script: Option<String>,
}
pub trait Transport: Send + Sync {
    fn send(
        &self,
        request: WireRequest,
    ) -> Pin<Box<dyn Future<Output = Result<WireResponse, Problem>> + Send>>;
}
pub struct WireRequest {
    pub method: concierge_core::api::Method,
    pub path: &'static str,
    pub body: Option<String>,
}
pub struct WireResponse {
    pub status: u16,
    pub body: String,
}
#[derive(Clone)]
pub struct Client(Arc<dyn Transport>);
impl Client {
    pub fn new(t: Arc<dyn Transport>) -> Self {
        Self(t)
    }
}
pub fn shell() -> impl IntoView {
    view! { <p>"x"</p> }
}
