//! A WebSocket of this page: texts in and out, and how it ended. It is closed when it is dropped.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// What a socket tells.
pub(crate) enum Heard {
    /// A message.
    Text(String),
    /// The end, with its code; 1006 where nobody said why.
    Closed(u16),
}

/// An open socket, or one about to open.
pub(crate) struct Socket {
    inner: WebSocket,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    /// Opens a socket to a path of this site; none where the browser has no sockets.
    pub(crate) fn open(path: &str, hear: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let origin = window().location().origin().ok()?;
        // `http` becomes `ws`, and `https` becomes `wss`.
        let url = format!("{}{path}", origin.replacen("http", "ws", 1));
        let inner = WebSocket::new(&url).ok()?;
        let told = hear.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                told(Heard::Text(text));
            }
        });
        let on_close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            hear(Heard::Closed(event.code()));
        });
        inner.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        inner.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self {
            inner,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    /// Says something; a socket that is not open hears nothing.
    pub(crate) fn say(&self, text: &str) {
        if self.inner.ready_state() == WebSocket::OPEN {
            drop(self.inner.send_with_str(text));
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.inner.set_onmessage(None);
        self.inner.set_onclose(None);
        // It may be closed already.
        drop(self.inner.close());
    }
}
