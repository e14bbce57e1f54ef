//! Tells everybody who watches: each message is written once and shared.
//!
//! The queue of a viewer is its place in one shared ring of the last messages. Who falls behind loses the oldest and
//! learns that something is missing; what one viewer does not take, no other waits for.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use concierge_core::time::Timestamp;
use tokio::sync::{broadcast, watch};

/// Messages that wait for a viewer at most.
pub(super) const QUEUE: usize = 64;
/// Events that somebody who comes hears at once: what happened while the page was on its way.
const RECENT: usize = 20;
/// For so long an event is one that happened meanwhile; an older one stands in the history of whoever comes.
const MEANWHILE: Duration = Duration::from_secs(60);

/// A message as text, shared by all.
pub type Text = Arc<str>;

/// What viewers listen to.
#[derive(Debug)]
pub(super) struct Hub {
    frames: broadcast::Sender<Text>,
    /// Each beat is a reason to look whether one may still watch.
    beats: watch::Sender<()>,
    recent: Mutex<VecDeque<(Timestamp, Text)>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            frames: broadcast::Sender::new(QUEUE),
            beats: watch::Sender::new(()),
            recent: Mutex::default(),
        }
    }
}

impl Hub {
    /// Tells everybody. Nobody to tell is fine.
    pub(super) fn tell(&self, text: Text) {
        let _ = self.frames.send(text);
    }

    /// Tells everybody of an event, and those who come soon.
    pub(super) fn tell_event(&self, at: Timestamp, text: Text) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back((at, Arc::clone(&text)));
        self.tell(text);
    }

    /// The last events and everything told from now on.
    pub(super) fn listen(&self, now: Timestamp) -> (Vec<Text>, broadcast::Receiver<Text>) {
        let early = now.minus(MEANWHILE);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(at, _)| *at >= early);
        let texts = recent.iter().map(|(_, text)| Arc::clone(text));
        (texts.collect(), self.frames.subscribe())
    }

    pub(super) fn beat(&self) {
        self.beats.send_replace(());
    }

    pub(super) fn beats(&self) -> watch::Receiver<()> {
        self.beats.subscribe()
    }
}
