//! Properties over random values. `PROPTEST_CASES` asks for a longer run: 256 is one, and each test knows its share.

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};

/// Checks a property with so many values, or with more in the proportion that `PROPTEST_CASES` asks for.
pub fn check<S: Strategy>(cases: u32, strategy: &S, property: impl Fn(S::Value)) {
    let default = ProptestConfig::default();
    let config = ProptestConfig {
        cases: (cases.saturating_mul(default.cases) / 256).max(1),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..default
    };
    let outcome = TestRunner::new(config).run(strategy, |value| {
        property(value);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// One small change to bytes.
#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Swap(Index, Index),
    Cut(Index),
    Repeat(Index, Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let count = bytes.len();
        if count == 0 {
            return;
        }
        match self {
            Self::Replace(at, byte) => *at.get_mut(bytes) = *byte,
            Self::Insert(at, byte) => bytes.insert(at.index(count), *byte),
            Self::Remove(at) => drop(bytes.remove(at.index(count))),
            Self::Swap(one, other) => bytes.swap(one.index(count), other.index(count)),
            Self::Cut(at) => bytes.truncate(at.index(count)),
            Self::Repeat(from, length) => {
                let from = from.index(count);
                let length = length.index(count - from) + 1;
                bytes.extend_from_within(from..from + length);
            }
        }
    }
}

/// A byte, most often one that means something in a header, a token or JSON.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        3 => prop::sample::select(b"=;,.:\"'{}[]\\/-_ AZaz09\n\t\0".to_vec()),
        1 => any::<u8>(),
    ]
}

/// Any bytes, up to so many.
pub fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(byte(), 0..most)
}

/// These bytes with one to four small changes; never the same.
pub fn mutated(original: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let index = any::<Index>;
    let change = prop_oneof![
        4 => (index(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        2 => (index(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        2 => index().prop_map(Change::Remove),
        1 => (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => index().prop_map(Change::Cut),
        1 => (index(), index()).prop_map(|(from, length)| Change::Repeat(from, length)),
    ];
    vec(change, 1..5).prop_filter_map("unchanged", move |changes| {
        let mut bytes = original.clone();
        for change in &changes {
            change.apply(&mut bytes);
        }
        (bytes != original).then_some(bytes)
    })
}
