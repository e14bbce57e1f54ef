//! Saving a text as a file of the reader's.

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{Blob, HtmlAnchorElement, Url};

/// Saves a text as a file. Through a blob: the address of a download stays in the browser's list, and
/// must not hold the text.
pub(crate) fn download(name: &str, text: &str) {
    let Ok(blob) = Blob::new_with_str_sequence(&js_sys::Array::of1(&text.into())) else {
        return;
    };
    let Ok(address) = Url::create_object_url_with_blob(&blob) else {
        return;
    };
    let link = document().create_element("a").ok();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    drop(Url::revoke_object_url(&address));
}
