//! What a presented refresh token means (decisions D1 to D3).
//!
//! A refresh token is (session, generation, MAC). The database keeps only the generation, and the token of a
//! generation is derived again whenever it is needed, so every retry gets the same answer. Honest tabs and lost
//! responses are never signed out; a copied token is noticed within one rotation.

use std::time::Duration;

use crate::time::Timestamp;

/// Within this span after a rotation the previous token still gets the current one, and no further
/// rotation happens: a late `Set-Cookie` can't push a browser two generations back.
pub const OVERLAP: Duration = Duration::from_secs(10);

/// The part of a live session's row that a refresh looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The current generation; a session begins with 1.
    pub generation: u64,
    /// When the current generation was made; the start of the session counts as a rotation.
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
    /// Hand out the current token again; it was presented itself.
    Repeat,
    /// Hand out the current token; its predecessor was presented, in time.
    Overlap,
    /// Hand out the current token; its predecessor was presented late, and the current one never came back.
    LostResponse,
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
    } else if presented + 1 == state.generation {
        if age <= OVERLAP {
            Decision::Overlap
        } else if !state.successor_used() {
            Decision::LostResponse
        } else {
            Decision::Reuse
        }
    } else {
        Decision::Reuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn at(millis: u64) -> Timestamp {
        START.plus(Duration::from_millis(millis))
    }

    #[test]
    fn the_protocol_by_table() {
        let fifth = Rotation {
            generation: 5,
            rotated_at: START,
            seen_generation: 4,
        };
        let used = Rotation {
            seen_generation: 5,
            ..fifth
        };
        let table = [
            (fifth, 6, 0, Decision::Refuse),
            (fifth, 5, 9_999, Decision::Repeat),
            (fifth, 5, 10_000, Decision::Rotate),
            (fifth, 4, 10_000, Decision::Overlap),
            (used, 4, 10_000, Decision::Overlap),
            (fifth, 4, 10_001, Decision::LostResponse),
            (used, 4, 10_001, Decision::Reuse),
            (fifth, 3, 0, Decision::Reuse),
            (fifth, 0, 0, Decision::Reuse),
        ];
        for (state, presented, millis, expected) in table {
            assert_eq!(
                decide(state, presented, at(millis)),
                expected,
                "{presented} after {millis} ms"
            );
        }
    }

    #[test]
    fn a_clock_that_steps_back_never_signs_anyone_out() {
        let state = Rotation {
            generation: 2,
            rotated_at: at(60_000),
            seen_generation: 2,
        };
        assert_eq!(decide(state, 2, START), Decision::Repeat);
        assert_eq!(decide(state, 1, START), Decision::Overlap);
    }
}
