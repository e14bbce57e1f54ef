//! Any sequence of what happens to rings, written and read back after each step.

use concierge_core::time::Timestamp;
use proptest::{collection::vec, prelude::*};

use super::{
    Form, KeyringContents as Contents, Purpose, Stored, StoredRing, StoredState,
    document_tests::{DOTENV, KEYRING, key, parse, rotate},
};

/// What happens to rings.
#[derive(Debug, Clone)]
enum Step {
    Rotate(String),
    Add(StoredState, String),
    Change(usize, StoredState),
    Destroy(usize),
    Reverse,
    Drop,
    Epoch(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let value = || "[!-~]{1,20}|[ -~é]{1,9}x";
    let state = || {
        prop::sample::select(vec![
            StoredState::Pending,
            StoredState::Grace,
            StoredState::Retired,
            StoredState::Revoked,
        ])
    };
    prop_oneof![
        4 => value().prop_map(Step::Rotate),
        2 => (state(), value()).prop_map(|(state, value)| Step::Add(state, value)),
        4 => (0_usize..9, state()).prop_map(|(at, state)| Step::Change(at, state)),
        2 => (0_usize..9).prop_map(Step::Destroy),
        1 => Just(Step::Reverse),
        1 => Just(Step::Drop),
        1 => (0_i64..4_000_000_000_000).prop_map(Step::Epoch),
    ]
}

fn take(contents: &mut Contents, purpose: Purpose, step: &Step, number: usize) {
    let id = format!("prod-2026-{number}");
    let mut ring = contents.ring(purpose).cloned();
    match (step, &mut ring) {
        (Step::Epoch(millis), _) => contents.epoch = Some(Timestamp::from_millis(*millis)),
        (Step::Rotate(value), Some(ring)) => rotate(ring, &id, value),
        (Step::Rotate(value), None) => {
            let keys = vec![key(&id, value, StoredState::Active)];
            ring = Some(StoredRing { active: id, keys });
        }
        (Step::Add(state, value), Some(ring)) => ring.keys.insert(0, key(&id, value, *state)),
        (Step::Change(at, state), Some(ring)) => {
            let at = at % ring.keys.len();
            let one = &mut ring.keys[at];
            if one.state != StoredState::Active {
                *one = key(&one.id, one.value.expose(), *state);
            }
        }
        (Step::Destroy(at), Some(ring)) => {
            let at = at % ring.keys.len();
            if ring.keys[at].state != StoredState::Active {
                ring.keys.remove(at);
            }
        }
        (Step::Reverse, Some(ring)) => ring.keys.reverse(),
        (Step::Drop, _) => ring = None,
        (_, None) => {}
    }
    match (purpose, ring) {
        (_, Some(ring)) => contents.set(purpose, ring),
        (Purpose::Signing, None) => contents.signing = None,
        (Purpose::Sealing, None) => contents.sealing = None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_keyring_says_whatever_was_done_to_it(
        steps in vec((prop::sample::select(Purpose::ALL.to_vec()), step()), 1..20),
        start in prop::sample::select(vec![KEYRING, "", "# ours", "epoch = 2026-11-21T00:00:00Z"]),
    ) {
        let mut document = parse(Form::Keyring, start);
        for (number, (purpose, step)) in steps.iter().enumerate() {
            let mut contents = document.contents().clone();
            take(&mut contents, *purpose, step, number);
            let text = document.rewritten(&contents).unwrap();
            document = parse(Form::Keyring, text.expose());
            prop_assert!(*document.contents() == contents, "{step:?}\n{}", text.expose());
        }
        let drops = steps.iter().any(|(_, step)| matches!(step, Step::Drop));
        let text = document.rewritten(document.contents()).unwrap();
        if start == KEYRING && !drops {
            for comment in ["# Keys of production.\n# Ask Ada", " # who signs\n", "# the end\n"] {
                prop_assert!(text.expose().contains(comment), "{comment} {}", text.expose());
            }
        }
    }

    #[test]
    fn a_dot_env_says_whatever_was_done_to_it_and_keeps_its_other_lines(
        steps in vec((prop::sample::select(Purpose::ALL.to_vec()), step()), 1..20),
    ) {
        let mut document = parse(Form::Dotenv, DOTENV);
        for (number, (purpose, step)) in steps.iter().enumerate() {
            let mut contents = document.contents().clone();
            take(&mut contents, *purpose, step, number);
            // A key that looks like an end of its entry, or holds blanks at the end, is refused.
            let Ok(text) = document.rewritten(&contents) else { continue };
            document = parse(Form::Dotenv, text.expose());
            for purpose in Purpose::ALL {
                let (now, wanted) = (document.contents().ring(purpose), contents.ring(purpose));
                let active = |ring: Option<&StoredRing>| ring.map(|ring| ring.active.clone());
                prop_assert_eq!(active(now), active(wanted));
                let verifies = |key: &&Stored| {
                    !matches!(key.state, StoredState::Retired | StoredState::Revoked)
                };
                let keys = |ring: Option<&StoredRing>| {
                    let keys = ring.into_iter().flat_map(|ring| ring.keys.clone());
                    let mut keys: Vec<_> = keys
                        .filter(|key| verifies(&key))
                        .map(|key| (key.id, key.value.expose().to_owned()))
                        .collect();
                    keys.sort();
                    keys
                };
                prop_assert_eq!(keys(now), keys(wanted));
            }
        }
        let text = document.rewritten(document.contents()).unwrap();
        let is_ours = |line: &&str| line.contains("JWT_SECRET") || line.contains("SECRET_KEY");
        let others = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !is_ours(line)).map(str::to_owned).collect()
        };
        prop_assert_eq!(others(text.expose()), others(DOTENV));
    }
}
