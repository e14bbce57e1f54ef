//! What a presented refresh token means (decisions D1 to D3).
//!
//! A refresh token is (session, generation, MAC). The database keeps only the generation, and the token of a
//! generation is derived again whenever it is needed, so every retry gets the same answer. Honest tabs and lost
//! responses are never signed out; a copied token is noticed within one rotation.
//!
//! Why nobody honest is signed out, as long as an answer arrives less than [`OVERLAP`] / 2 after its request left,
//! or never: the next generation is made only `OVERLAP` after the current one was last put on its way, so by then
//! all those answers are in, and none can put a browser's jar back. And a request that leaves later carries the
//! current generation, so what still presents the one before has left early enough to be judged within `OVERLAP`.

use std::time::Duration;

use crate::time::Timestamp;

/// Within this span after the current token was put on its way the previous one is still taken, and no rotation
/// happens. Twice the ten seconds that a request and its answer may take: one trip for the answer that brings the
/// token, and one for a request that set out with the previous token just before.
pub const OVERLAP: Duration = Duration::from_secs(20);

/// The part of a live session's row that a refresh looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The current generation; a session begins with 1.
    pub generation: u64,
    /// When the current generation was last put on its way: made, or handed out again because it had not come
    /// back. The start of the session counts, too.
    pub rotated_at: Timestamp,
    /// The highest generation of which a token was presented.
    pub seen_generation: u64,
}

impl Rotation {
    /// The state of a new session.
    pub const fn begun(now: Timestamp) -> Self {
        Self {
            generation: 1,
            rotated_at: now,
            seen_generation: 1,
        }
    }

    /// The state after a rotation: the new generation is not yet proven to have arrived.
    pub const fn rotated(self, now: Timestamp) -> Self {
        Self {
            generation: self.generation + 1,
            rotated_at: now,
            seen_generation: self.generation,
        }
    }

    /// The state after the current generation was handed out again: the wait for its arrival begins anew.
    pub const fn resent(self, now: Timestamp) -> Self {
        Self {
            rotated_at: now,
            ..self
        }
    }

    /// Whether a token of the current generation has come back: it did arrive.
    pub const fn successor_used(self) -> bool {
        self.seen_generation >= self.generation
    }
}

/// What to do with a presented refresh token whose MAC is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Make the next generation.
    Rotate,
    /// The current token itself was presented: a new access token, and it stays the current one.
    Repeat,
    /// Hand out the current token again: its predecessor was presented, and it has never come back itself.
    Resend,
    /// Its predecessor was presented in time, and the current token has arrived: a new access token is enough.
    Overlap,
    /// A token that an honest client no longer has: end the session.
    Reuse,
    /// A generation that does not exist yet: refuse and change nothing.
    Refuse,
}

/// Judges a presented generation of a session that is live.
pub fn decide(state: Rotation, presented: u64, now: Timestamp) -> Decision {
    let age = now.since(state.rotated_at);
    if presented > state.generation {
        Decision::Refuse
    } else if presented == state.generation {
        if age >= OVERLAP {
            Decision::Rotate
        } else {
            Decision::Repeat
        }
    } else if presented + 1 < state.generation {
        Decision::Reuse
    } else if !state.successor_used() {
        Decision::Resend
    } else if age <= OVERLAP {
        Decision::Overlap
    } else {
        Decision::Reuse
    }
}

#[cfg(test)]
mod tests;
