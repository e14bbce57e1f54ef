//! One lock per browser around everything that changes the session's cookies (Web Locks).
//!
//! Without it two tabs would renew at once; the server's rules keep even that right, so where the
//! browser has no locks the work simply goes on. web-sys has this API only behind an unstable flag,
//! hence the small binding here.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::JsFuture;

const NAME: &str = "concierge-session";

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, granted: &JsValue) -> Promise;
}

/// The lock, let go when dropped.
pub(crate) struct Held {
    release: Option<Function>,
    /// Whether another tab had it first, and may have done the work.
    pub(crate) waited: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            // Resolving a promise cannot fail.
            drop(release.call0(&JsValue::UNDEFINED));
        }
    }
}

/// Waits for the lock.
pub(crate) async fn acquire() -> Held {
    let Some(manager) = manager() else {
        return Held {
            release: None,
            waited: false,
        };
    };
    if let Some(release) = attempt(&manager, true).await {
        return Held {
            release: Some(release),
            waited: false,
        };
    }
    Held {
        release: attempt(&manager, false).await,
        waited: true,
    }
}

fn manager() -> Option<LockManager> {
    let navigator = leptos::prelude::window().navigator();
    let locks = Reflect::get(&navigator, &JsValue::from_str("locks")).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}

/// Asks once; gives the function that lets go. With `only_if_free` it does not wait.
async fn attempt(manager: &LockManager, only_if_free: bool) -> Option<Function> {
    let options = Object::new();
    Reflect::set(
        &options,
        &JsValue::from_str("ifAvailable"),
        &JsValue::from_bool(only_if_free),
    )
    .ok()?;
    let mut release = None;
    // The lock is held as long as this promise is open.
    let held = Promise::new(&mut |resolve, _| release = Some(resolve));
    let mut request = JsValue::UNDEFINED;
    let acquired = Promise::new(&mut |resolve, _| {
        let held = held.clone();
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let got = !lock.is_null();
            drop(resolve.call1(&JsValue::UNDEFINED, &JsValue::from_bool(got)));
            if got { held.into() } else { JsValue::UNDEFINED }
        });
        request = manager.request(NAME, &options, &granted).into();
    });
    // The request itself settles only with the release, or at once when the browser refuses it.
    let first = Promise::race(&Array::of2(&acquired, &request));
    let got = JsFuture::from(first).await.ok()?;
    release.filter(|_| got.is_truthy())
}
