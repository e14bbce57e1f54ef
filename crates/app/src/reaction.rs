//! Effects, tasks and changing parts of a view, each of one type, and elements by id.
//!
//! The generic ones of the framework stand in the module once per use, with all that they need; through
//! these a closure costs only itself. The module's size is what a first visitor waits for.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use leptos::{prelude::*, wasm_bindgen::JsCast};

/// Runs in a browser, now and whenever a signal changes that it read.
pub(crate) fn effect(run: impl FnMut() + 'static) {
    fn erased(mut run: Box<dyn FnMut()>) {
        Effect::new(move |_: Option<()>| run());
    }
    erased(Box::new(run));
}

/// Starts work that nobody waits for, in a browser.
pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) {
    fn erased(work: Pin<Box<dyn Future<Output = ()>>>) {
        leptos::task::spawn_local(work);
    }
    erased(Box::pin(work));
}

/// A part of a view that is made again whenever a signal changes that it read.
pub(crate) type Part = Arc<Mutex<dyn FnMut() -> AnyView + Send>>;

/// Makes a changing part of a view.
pub(crate) fn part(make: impl FnMut() -> AnyView + Send + 'static) -> Part {
    Arc::new(Mutex::new(make))
}

/// An element of the page by its id, of this kind.
pub(crate) fn element<E: JsCast>(id: &str) -> Option<E> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Whether script runs: false in the first render, true once the page lives.
pub(crate) fn use_scripted() -> Signal<bool> {
    let scripted = RwSignal::new(false);
    effect(move || scripted.set(true));
    scripted.into()
}
