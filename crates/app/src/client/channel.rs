//! News between the tabs of one browser, over a `BroadcastChannel`. Nothing secret travels here.

use std::cell::OnceCell;

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

const NAME: &str = "concierge";

/// What a tab tells the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out.
    SignedOut,
    /// The session was renewed; spans in seconds.
    Renewed { expires_in: u64, idle_in: u64 },
}

impl News {
    fn to_text(self) -> String {
        match self {
            Self::SignedIn => "signed_in".to_owned(),
            Self::SignedOut => "signed_out".to_owned(),
            Self::Renewed {
                expires_in,
                idle_in,
            } => format!("renewed {expires_in} {idle_in}"),
        }
    }

    /// Anything else is from another version of the app, and passed over.
    fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        match words.next()? {
            "signed_in" => Some(Self::SignedIn),
            "signed_out" => Some(Self::SignedOut),
            "renewed" => Some(Self::Renewed {
                expires_in: words.next()?.parse().ok()?,
                idle_in: words.next()?.parse().ok()?,
            }),
            _ => None,
        }
    }
}

thread_local! {
    static CHANNEL: OnceCell<Option<BroadcastChannel>> = const { OnceCell::new() };
}

/// Runs with the tab's channel, if the browser has any. A channel does not hear itself, so the whole
/// tab shares one.
fn with_channel(act: impl FnOnce(&BroadcastChannel)) {
    CHANNEL.with(|cell| {
        if let Some(channel) = cell.get_or_init(|| BroadcastChannel::new(NAME).ok()) {
            act(channel);
        }
    });
}

/// Tells the other tabs.
pub(super) fn post(news: News) {
    // A closed channel is the only failure, and this one is never closed.
    with_channel(|channel| drop(channel.post_message(&JsValue::from_str(&news.to_text()))));
}

/// Hears the other tabs, as long as the page lives.
pub(super) fn listen(hear: impl Fn(News) + 'static) {
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(news) = event
            .data()
            .as_string()
            .as_deref()
            .and_then(News::from_text)
        {
            hear(news);
        }
    })
    .into_js_value();
    with_channel(|channel| channel.set_onmessage(Some(on_message.unchecked_ref())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_read_back_and_strangers_are_passed_over() {
        let renewed = News::Renewed {
            expires_in: 600,
            idle_in: 3600,
        };
        for news in [News::SignedIn, News::SignedOut, renewed] {
            assert_eq!(News::from_text(&news.to_text()), Some(news));
        }
        for text in ["", "renewed", "renewed x 1", "hello"] {
            assert_eq!(News::from_text(text), None, "{text}");
        }
    }
}
