//! The transport of the pages in a browser: renews an ended access token once and repeats the request.

use send_wrapper::SendWrapper;

use super::{Answer, Client, Transport, WireRequest, refresh::Keeper};

/// Wraps the plain transport.
pub(super) struct Renewing {
    /// Sends, without renewing.
    pub(super) plain: Client,
    /// Renews.
    pub(super) keeper: Keeper,
}

impl Transport for Renewing {
    fn send(&self, request: WireRequest) -> Answer {
        let (plain, keeper) = (self.plain.clone(), self.keeper);
        // The browser has one thread, so the future never moves to another.
        Box::pin(SendWrapper::new(async move {
            let first = plain.0.send(request.clone()).await?;
            let renewed =
                keeper.session.is_live_now() && first.asks_for_renewal() && keeper.renew().await;
            if renewed {
                plain.0.send(request).await
            } else {
                Ok(first)
            }
        }))
    }
}
