//! One short message for the whole page, such as "that did not work", shown and announced by the frame.

use leptos::prelude::*;

/// The message; empty when there is none.
#[derive(Clone, Copy, Debug)]
pub struct Toast(RwSignal<Option<&'static str>>);

impl Toast {
    /// Makes an empty one known to everything below.
    pub(crate) fn provide() {
        provide_context(Self(RwSignal::new(None)));
    }

    /// Shows a message in place of the one before.
    pub(crate) fn show(self, text: &'static str) {
        self.0.set(Some(text));
    }

    /// Takes the message away.
    pub(crate) fn clear(self) {
        self.0.set(None);
    }

    /// The message, tracked.
    pub(crate) fn text(self) -> Option<&'static str> {
        self.0.get()
    }
}

/// The page's message; a place of its own where no frame provides one.
pub(crate) fn use_toast() -> Toast {
    use_context().unwrap_or_else(|| Toast(RwSignal::new(None)))
}
