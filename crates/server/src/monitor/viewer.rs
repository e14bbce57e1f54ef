//! What one viewer may do and for how long: pure rules over the time of each message.

use std::{collections::VecDeque, time::Duration};

use concierge_core::{
    monitor::live::{Asked, Over},
    session::SessionId,
    time::Timestamp,
};

use crate::session::Actor;

/// The server asks for a sign of life this often.
const PING: Duration = Duration::from_secs(20);
/// Who gives none for so long is gone.
const IDLE: Duration = Duration::from_secs(45);
/// Messages in a minute at most, signs of life included; an honest page needs five.
const MESSAGES: usize = 100;
const MINUTE: Duration = Duration::from_secs(60);

/// A message of a viewer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heard<'a> {
    /// Words.
    Text(&'a str),
    /// A sign of life.
    Ping,
    /// Anything else.
    Binary,
}

/// A viewer, as far as the rules know it.
#[derive(Debug)]
pub(super) struct Viewer {
    pub(super) session: SessionId,
    expires_at: Timestamp,
    heard_at: Timestamp,
    pinged_at: Timestamp,
    /// When the last messages came.
    messages: VecDeque<Timestamp>,
}

impl Viewer {
    pub(super) fn new(actor: &Actor, now: Timestamp) -> Self {
        Self {
            session: actor.session,
            expires_at: actor.expires_at,
            heard_at: now,
            pinged_at: now,
            messages: VecDeque::new(),
        }
    }

    /// Takes a message in; whether it asks for a renewal.
    pub(super) fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Result<bool, Over> {
        self.heard_at = now;
        if self.messages.len() == MESSAGES {
            let oldest = self.messages.pop_front();
            if oldest.is_some_and(|oldest| now.since(oldest) < MINUTE) {
                return Err(Over::Policy);
            }
        }
        self.messages.push_back(now);
        match heard {
            Heard::Ping => Ok(false),
            Heard::Text(text) => match serde_json::from_str(text) {
                Ok(Asked::Renew {}) => Ok(true),
                Err(_) => Err(Over::Policy),
            },
            Heard::Binary => Err(Over::Policy),
        }
    }

    /// The session's newest access token counts; never an earlier end than before.
    pub(super) fn renew(&mut self, expires_at: Timestamp) {
        self.expires_at = self.expires_at.max(expires_at);
    }

    /// Whether the time is over.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Over> {
        if now >= self.expires_at {
            return Err(Over::Expired);
        }
        if now.since(self.heard_at) >= IDLE {
            return Err(Over::Policy);
        }
        Ok(())
    }

    /// Whether a sign of life has to be asked for; then it counts as asked.
    pub(super) fn pings(&mut self, now: Timestamp) -> bool {
        let is_due = now.since(self.pinged_at) >= PING;
        if is_due {
            self.pinged_at = now;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::rng::{OsRng, Rng};

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn viewer() -> Viewer {
        let rng: &dyn Rng = &OsRng;
        let actor = Actor {
            account: rng.id(START),
            session: rng.id(START),
            expires_at: after(600),
            idle_expires_at: after(3600),
            fresh_until: START,
            has_second_factor: true,
        };
        Viewer::new(&actor, START)
    }

    #[test]
    fn a_hundred_messages_a_minute_pass_and_one_more_does_not() {
        let mut viewer = viewer();
        for _ in 0..MESSAGES {
            assert_eq!(viewer.hear(Heard::Ping, START), Ok(false));
        }
        assert_eq!(viewer.hear(Heard::Ping, after(59)), Err(Over::Policy));
    }

    #[test]
    fn the_minute_slides() {
        let mut viewer = viewer();
        for message in 0..1000 {
            let at = START.plus(Duration::from_millis(600 * message));
            assert_eq!(viewer.hear(Heard::Ping, at), Ok(false), "{message}");
        }
        assert!(viewer.messages.len() <= MESSAGES);
    }

    #[test]
    fn only_a_renewal_is_understood() {
        assert_eq!(
            viewer().hear(Heard::Text(r#"{"t":"renew"}"#), START),
            Ok(true)
        );
        for text in ["", "{}", r#"{"t":"s"}"#, "renew", "[]"] {
            assert_eq!(viewer().hear(Heard::Text(text), START), Err(Over::Policy));
        }
        assert_eq!(viewer().hear(Heard::Binary, START), Err(Over::Policy));
    }

    #[test]
    fn who_is_silent_for_45_seconds_is_gone_and_a_sign_of_life_keeps() {
        let mut viewer = viewer();
        assert_eq!(viewer.check(after(44)), Ok(()));
        assert_eq!(viewer.check(after(45)), Err(Over::Policy));
        assert_eq!(viewer.hear(Heard::Ping, after(44)), Ok(false));
        assert_eq!(viewer.check(after(88)), Ok(()));
    }

    #[test]
    fn a_sign_of_life_is_asked_for_every_20_seconds() {
        let mut viewer = viewer();
        let asked = (0..=60).filter(|second| viewer.pings(after(*second)));
        assert_eq!(asked.collect::<Vec<_>>(), [20, 40, 60]);
    }

    #[test]
    fn the_end_comes_with_the_access_token_unless_it_was_renewed() {
        let mut viewer = viewer();
        let listens = |viewer: &mut Viewer, at| viewer.hear(Heard::Ping, at).expect("passes");
        listens(&mut viewer, after(599));
        assert_eq!(viewer.check(after(600)), Err(Over::Expired));
        viewer.renew(after(900));
        viewer.renew(after(700));
        assert_eq!(viewer.check(after(600)), Ok(()));
        listens(&mut viewer, after(899));
        assert_eq!(viewer.check(after(900)), Err(Over::Expired));
    }
}
