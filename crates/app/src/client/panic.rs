//! What happens when the module fails: the person sees a banner with a way out, the server's log hears of it.
//!
//! After a panic the module must not be trusted, so this uses nothing but plain DOM and one `fetch`.

use concierge_core::{
    api::Endpoint,
    system::{ClientErrorReport, ReportClientError},
};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, RequestInit, window};

/// The server cuts there, too.
const LONGEST_MESSAGE: usize = 1_000;

/// Replaces the standard panic hook.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        web_sys::console::error_1(&JsValue::from_str(&message));
        // Nothing more can be done when even these fail.
        drop(show_banner());
        drop(report(message));
    }));
}

fn show_banner() -> Result<(), JsValue> {
    let document = document();
    let language = document
        .document_element()
        .and_then(|root| root.get_attribute("lang"));
    let (text, reload) = match language.as_deref() {
        Some("fr") => ("Cette page a rencontré une erreur.", "Recharger la page"),
        _ => ("This page ran into an error.", "Reload the page"),
    };
    let link = document.create_element("a")?;
    link.set_attribute("href", "")?;
    link.set_attribute("rel", "external")?;
    link.set_text_content(Some(reload));
    let banner = document.create_element("div")?;
    banner.set_attribute("role", "alert")?;
    banner.set_class_name("crash");
    banner.set_text_content(Some(text));
    banner.append_child(&link)?;
    if let Some(body) = document.body() {
        body.append_child(&banner)?;
    }
    Ok(())
}

fn report(message: String) -> Result<(), JsValue> {
    let window = window().ok_or(JsValue::UNDEFINED)?;
    let report = ClientErrorReport {
        message: message.chars().take(LONGEST_MESSAGE).collect(),
        page: window.location().pathname()?,
    };
    let body = serde_json::to_string(&report).map_err(|_| JsValue::UNDEFINED)?;
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    let init = RequestInit::new();
    init.set_method(ReportClientError::METHOD.as_str());
    init.set_body(&JsValue::from_str(&body));
    init.set_headers(headers.unchecked_ref());
    // Who loads the page again at once does not cut it off. There is no setter for it yet.
    js_sys::Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE)?;
    let _unread = window.fetch_with_str_and_init(ReportClientError::PATH, &init);
    Ok(())
}
