//! The life of one alert, step by step. Whoever keeps the state keeps the whole of it: nothing hangs on a process.
//!
//! Guarantees: an alert is told once when it fires; it is told again only after its pause, and never while
//! somebody has acknowledged it; its end is told only if its beginning was.

use std::time::Duration;

use super::Phase;
use crate::time::Timestamp;

/// What is known of an alert that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Where it stands.
    pub phase: Phase,
    /// Since when the condition holds.
    pub began_at: Timestamp,
    /// When it was last told.
    pub told_at: Option<Timestamp>,
    /// Until when somebody has acknowledged it.
    pub until: Option<Timestamp>,
}

/// What a rule wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How long the condition must hold first.
    pub hold: Duration,
    /// After how long it is told again.
    pub repeat: Option<Duration>,
    /// Whether the end is told.
    pub tells_end: bool,
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It began.
    Fired,
    /// It lasts.
    Repeated,
    /// It is over.
    Resolved,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// There is none: none began, or one ended before it was told.
    Nothing,
    /// It goes on like this.
    Goes(Life, Option<Notice>),
    /// It is over.
    Over(Option<Notice>),
}

/// The next step, by whether the condition holds now.
pub fn step(life: Option<Life>, holds: bool, plan: &Plan, now: Timestamp) -> Next {
    match (life, holds) {
        (None, false) => Next::Nothing,
        (None, true) => begun(
            Life {
                phase: Phase::Pending,
                began_at: now,
                told_at: None,
                until: None,
            },
            plan,
            now,
        ),
        (Some(life), _) if life.phase == Phase::Resolved => step(None, holds, plan, now),
        (Some(life), true) => lasting(life, plan, now),
        (Some(life), false) if life.phase == Phase::Pending => Next::Nothing,
        (Some(_), false) => Next::Over(plan.tells_end.then_some(Notice::Resolved)),
    }
}

/// Whether it fires at once or has to hold first.
fn begun(life: Life, plan: &Plan, now: Timestamp) -> Next {
    if now.since(life.began_at) < plan.hold {
        return Next::Goes(life, None);
    }
    tell(life, Notice::Fired, now)
}

fn lasting(life: Life, plan: &Plan, now: Timestamp) -> Next {
    match life.phase {
        Phase::Pending => begun(life, plan, now),
        Phase::Acknowledged if life.until.is_some_and(|until| now < until) => {
            Next::Goes(life, None)
        }
        // Whoever asked for quiet has had it, and it still lasts.
        Phase::Acknowledged => tell(life, Notice::Repeated, now),
        _ => {
            let told_at = life.told_at.unwrap_or(life.began_at);
            match plan.repeat {
                Some(pause) if now.since(told_at) >= pause => tell(life, Notice::Repeated, now),
                _ => Next::Goes(life, None),
            }
        }
    }
}

fn tell(life: Life, notice: Notice, now: Timestamp) -> Next {
    let firing = Life {
        phase: Phase::Firing,
        told_at: Some(now),
        until: None,
        ..life
    };
    Next::Goes(firing, Some(notice))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    const PLAN: Plan = Plan {
        hold: Duration::from_secs(60),
        repeat: Some(Duration::from_secs(600)),
        tells_end: true,
    };

    /// What was told when, of a condition that holds or not at each ten seconds; acknowledged where told so.
    fn run(conditions: &[bool], acknowledged: &[Option<i64>], plan: &Plan) -> Vec<(i64, Notice)> {
        let (mut life, mut told) = (None, Vec::new());
        for (n, holds) in conditions.iter().enumerate() {
            let now = i64::try_from(n).expect("few") * 10;
            let next = step(life, *holds, plan, at(now));
            let notice = match next {
                Next::Nothing => None,
                Next::Goes(_, notice) | Next::Over(notice) => notice,
            };
            told.extend(notice.map(|notice| (now, notice)));
            life = match next {
                Next::Goes(life, _) => Some(life),
                Next::Nothing | Next::Over(_) => None,
            };
            if let (Some(alive), Some(Some(span))) = (&mut life, acknowledged.get(n))
                && alive.phase != Phase::Pending
            {
                alive.phase = Phase::Acknowledged;
                alive.until = Some(at(now + span));
            }
        }
        told
    }

    #[test]
    fn what_holds_too_shortly_is_never_told() {
        assert_eq!(run(&[true, true, true, false, true, false], &[], &PLAN), []);
    }

    #[test]
    fn it_is_told_once_then_after_each_pause_and_at_its_end() {
        let mut conditions = vec![true; 130];
        conditions.push(false);
        let expected = [
            (60, Notice::Fired),
            (660, Notice::Repeated),
            (1260, Notice::Repeated),
            (1300, Notice::Resolved),
        ];
        assert_eq!(run(&conditions, &[], &PLAN), expected);
    }

    #[test]
    fn what_was_acknowledged_stays_silent_until_then() {
        let conditions = vec![true; 200];
        let mut acknowledged = vec![None; 7];
        acknowledged.push(Some(1_200));
        let told = run(&conditions, &acknowledged, &PLAN);
        assert_eq!(
            told,
            [
                (60, Notice::Fired),
                (1_270, Notice::Repeated),
                (1_870, Notice::Repeated)
            ]
        );
    }

    proptest! {
        #[test]
        fn beginnings_and_ends_take_turns_and_pauses_are_kept(
            conditions in prop::collection::vec(prop::bool::weighted(0.8), 0..300),
            acknowledged in prop::collection::vec(prop::option::weighted(0.05, 1_i64..2_000), 0..300),
            hold in 0_u64..120, repeat in prop::option::of(1_u64..900), tells_end: bool,
        ) {
            let plan = Plan { hold: Duration::from_secs(hold), repeat: repeat.map(Duration::from_secs), tells_end };
            let told = run(&conditions, &acknowledged, &plan);
            let mut is_open = false;
            for (n, (now, notice)) in told.iter().enumerate() {
                let held = conditions[usize::try_from(now / 10).expect("positive")];
                match notice {
                    Notice::Fired => {
                        prop_assert!(held && (!is_open || !tells_end));
                        is_open = true;
                    }
                    Notice::Repeated => {
                        prop_assert!(held && is_open);
                        let since = now - told[n - 1].0;
                        let pause = repeat.map_or(i64::MAX, |pause| pause.cast_signed());
                        prop_assert!(since >= pause || acknowledged.iter().any(Option::is_some));
                    }
                    Notice::Resolved => {
                        prop_assert!(!held && is_open && tells_end);
                        is_open = false;
                    }
                }
            }
        }

        #[test]
        fn a_state_that_was_written_down_goes_on_the_same(conditions in prop::collection::vec(any::<bool>(), 1..100)) {
            // The step knows nothing but what it is given: taking it twice changes nothing.
            let mut life = None;
            for (n, holds) in conditions.iter().enumerate() {
                let now = at(i64::try_from(n).expect("few") * 30);
                let next = step(life, *holds, &PLAN, now);
                prop_assert_eq!(next, step(life, *holds, &PLAN, now));
                if let Next::Goes(again, _) = next {
                    prop_assert_eq!(step(Some(again), true, &PLAN, now), Next::Goes(again, None));
                }
                life = match next { Next::Goes(life, _) => Some(life), _ => None };
            }
        }
    }
}
