//! `decide` by table, by property, and played with one browser's jar and with a thief beside it.

use std::{cmp::Reverse, collections::BinaryHeap};

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_millis(1_000_000);
const WINDOW: u64 = 20_000;

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
        (fifth, 5, WINDOW - 1, Decision::Repeat),
        (fifth, 5, WINDOW, Decision::Rotate),
        (fifth, 4, 0, Decision::Resend),
        (fifth, 4, WINDOW + 1, Decision::Resend),
        (used, 4, 0, Decision::Overlap),
        (used, 4, WINDOW, Decision::Overlap),
        (used, 4, WINDOW + 1, Decision::Reuse),
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

/// So many times what `PROPTEST_CASES` asks for.
fn cases(times: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases * times,
        failure_persistence: None,
        ..default
    }
}

/// Any state a session can be in: what has come back is the current generation or the one before.
fn state() -> impl Strategy<Value = Rotation> {
    let generation = prop_oneof![1_u64..6, any::<u64>().prop_map(|any| any.max(1))];
    (generation, any::<bool>(), 0_u64..100_000).prop_map(|(generation, is_used, made)| Rotation {
        generation,
        rotated_at: at(made),
        seen_generation: if is_used { generation } else { generation - 1 },
    })
}

fn is_taken(decision: Decision) -> bool {
    !matches!(decision, Decision::Reuse | Decision::Refuse)
}

/// The state after a decision was carried out.
fn after(state: Rotation, decision: Decision, now: Timestamp) -> Rotation {
    match decision {
        Decision::Rotate => state.rotated(now),
        Decision::Resend => state.resent(now),
        Decision::Repeat => Rotation {
            seen_generation: state.generation,
            ..state
        },
        Decision::Overlap | Decision::Reuse | Decision::Refuse => state,
    }
}

proptest! {
    #![proptest_config(cases(1))]

    #[test]
    fn only_the_current_generation_rotates_and_never_within_the_window(
        state in state(), back in 0_u64..4, millis in 0_u64..200_000,
    ) {
        let presented = state.generation.saturating_sub(back);
        let is_old = at(millis).since(state.rotated_at) >= OVERLAP;
        let rotates = decide(state, presented, at(millis)) == Decision::Rotate;
        prop_assert_eq!(rotates, presented == state.generation && is_old);
    }

    #[test]
    fn a_generation_to_come_is_refused_and_nothing_else(
        state in state(), presented in any::<u64>(), millis in 0_u64..200_000,
    ) {
        let is_refused = decide(state, presented, at(millis)) == Decision::Refuse;
        prop_assert_eq!(is_refused, presented > state.generation);
    }

    #[test]
    fn at_most_the_current_token_and_the_one_before_are_taken(
        state in state(), presented in any::<u64>(), back in 0_u64..4, millis in 0_u64..200_000,
    ) {
        let presented = if back < 3 { state.generation.saturating_sub(back) } else { presented };
        if is_taken(decide(state, presented, at(millis))) {
            prop_assert!(presented == state.generation || presented + 1 == state.generation);
        }
        prop_assert!(is_taken(decide(state, state.generation, at(millis))));
    }

    #[test]
    fn older_is_never_taken_where_newer_is_not(state in state(), millis in 0_u64..200_000) {
        let generations = state.generation.saturating_sub(3)..=state.generation;
        let taken: Vec<bool> = generations
            .map(|presented| is_taken(decide(state, presented, at(millis))))
            .collect();
        prop_assert!(taken.is_sorted(), "{:?}", taken);
    }

    #[test]
    fn time_alone_never_makes_an_old_token_good_again(
        state in state(), back in 0_u64..4, millis in 0_u64..200_000, more in 0_u64..200_000,
    ) {
        let presented = state.generation.saturating_sub(back);
        let (now, later) = (decide(state, presented, at(millis)), decide(state, presented, at(millis + more)));
        prop_assert!(is_taken(now) || !is_taken(later));
        prop_assert!(now != Decision::Rotate || later == Decision::Rotate);
    }

    #[test]
    fn a_token_that_came_back_is_never_handed_out_again(state in state(), millis in 0_u64..200_000) {
        for presented in [state.generation, state.generation - 1] {
            let resends = decide(state, presented, at(millis)) == Decision::Resend;
            prop_assert!(!(resends && state.successor_used()));
        }
    }

    #[test]
    fn a_session_only_moves_on(steps in prop::collection::vec((0_u64..3, 0_u64..30_000), 1..20)) {
        let (mut state, mut millis) = (Rotation::begun(START), 0);
        for (back, wait) in steps {
            millis += wait;
            let decision = decide(state, state.generation.saturating_sub(back), at(millis));
            let next = after(state, decision, at(millis));
            prop_assert!(next.generation - state.generation <= 1);
            prop_assert!(next.rotated_at >= state.rotated_at);
            prop_assert!(next.seen_generation >= state.seen_generation && next.seen_generation <= next.generation);
            state = next;
        }
    }
}

/// One request of one tab, in milliseconds: after the one before, on the way out, on the way back.
#[derive(Debug, Clone, Copy)]
struct Trip {
    wait: u64,
    out: u64,
    back: u64,
    is_lost: bool,
    is_refresh: bool,
}

/// A moment of a trip; the generations of what it carries.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Leave,
    Judge(u64),
    Arrive { access: u64, refresh: Option<u64> },
}

fn trip() -> impl Strategy<Value = Trip> {
    let near = |millis: u64| millis - 2..=millis + 2;
    let wait = prop_oneof![
        4 => 0_u64..3_000,
        2 => near(10_000),
        2 => near(WINDOW),
        2 => 0_u64..30_000,
    ];
    let whole = prop_oneof![Just(0_u64), 0..WINDOW / 2, WINDOW / 2 - 3..WINDOW / 2];
    let part = prop_oneof![Just(0_u64), Just(100), 0_u64..=100];
    let lost = prop::bool::weighted(0.2);
    (wait, whole, part, lost, prop::bool::weighted(0.7)).prop_map(
        |(wait, whole, part, is_lost, is_refresh)| Trip {
            wait,
            out: whole * part / 100,
            back: whole - whole * part / 100,
            is_lost,
            is_refresh,
        },
    )
}

/// The server's answer to a refresh: the generations of the access and, where one is sent, the refresh cookie.
fn answer(
    state: &mut Rotation,
    presented: u64,
    now: Timestamp,
) -> Result<(u64, Option<u64>), Decision> {
    let decision = decide(*state, presented, now);
    *state = after(*state, decision, now);
    match decision {
        Decision::Rotate | Decision::Resend => Ok((state.generation, Some(state.generation))),
        Decision::Repeat | Decision::Overlap => Ok((state.generation, None)),
        Decision::Reuse | Decision::Refuse => Err(decision),
    }
}

/// Makes the trips of one browser's tabs, in the order of time; fails when one of them is signed out.
fn travel(trips: &[Trip]) -> Result<(), TestCaseError> {
    let (mut state, mut access, mut refresh) = (Rotation::begun(START), 1, 1);
    let mut agenda = BinaryHeap::new();
    let mut leaves = 0;
    for (number, trip) in trips.iter().enumerate() {
        leaves += trip.wait;
        agenda.push(Reverse((leaves, number, Moment::Leave)));
    }
    while let Some(Reverse((millis, number, moment))) = agenda.pop() {
        let trip = trips[number];
        match moment {
            Moment::Leave => {
                let carried = if trip.is_refresh { refresh } else { access };
                agenda.push(Reverse((millis + trip.out, number, Moment::Judge(carried))));
            }
            Moment::Judge(used) if !trip.is_refresh => {
                state.seen_generation = state.seen_generation.max(used);
            }
            Moment::Judge(presented) => {
                let (access, refresh) =
                    answer(&mut state, presented, at(millis)).map_err(|decision| {
                        TestCaseError::fail(format!(
                            "{decision:?} of {presented} at {millis} ms: {state:?}"
                        ))
                    })?;
                if !trip.is_lost {
                    let arrival = Moment::Arrive { access, refresh };
                    agenda.push(Reverse((millis + trip.back, number, arrival)));
                }
            }
            Moment::Arrive {
                access: new_access,
                refresh: new_refresh,
            } => {
                access = new_access;
                refresh = new_refresh.unwrap_or(refresh);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn one_jar_is_never_signed_out_by_its_own_tabs(trips in prop::collection::vec(trip(), 1..60)) {
        travel(&trips)?;
    }

    /// Owner and thief begin with one token, renew when they like and use what they get. Who is behind gets no
    /// refresh cookie, within the window or after it, and after it the session ends.
    #[test]
    fn a_thief_who_is_behind_never_catches_up(
        turns in prop::collection::vec((any::<bool>(), 0_u64..60_000), 1..30),
    ) {
        let (mut state, mut jars, mut millis) = (Rotation::begun(START), [1, 1], 0);
        for (is_thief, wait) in turns {
            millis += wait;
            let jar = &mut jars[usize::from(is_thief)];
            let is_behind = *jar < state.generation;
            let is_late = at(millis).since(state.rotated_at) > OVERLAP;
            let Ok((access, refresh)) = answer(&mut state, *jar, at(millis)) else {
                prop_assert!(is_behind);
                return Ok(());
            };
            prop_assert!(!is_behind || (refresh.is_none() && !is_late));
            state.seen_generation = state.seen_generation.max(access);
            *jar = refresh.unwrap_or(*jar);
        }
    }
}
