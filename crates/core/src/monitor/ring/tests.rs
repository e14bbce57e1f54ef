//! The rings by property: any samples in any order of time, and the bounds hold after each of them.

use proptest::{collection::vec, prelude::*};

use super::*;

const START: i64 = 1_800_000_000_000;

fn sample(at: i64, value: Option<f32>) -> Sample {
    let mut values = Values::default();
    if let Some(value) = value {
        values.set(Metric::Cpu, value);
        values.set(Metric::Memory, value * 1e8);
    }
    let at = Timestamp::from_millis(at);
    Sample { at, values }
}

/// Steps between samples: mostly one or ten seconds, now and then a long stop or a clock set back.
fn steps() -> impl Strategy<Value = Vec<(i64, Option<f32>)>> {
    let step = prop_oneof![
        6 => 900_i64..1_100,
        6 => 9_900_i64..10_100,
        1 => 0_i64..5_000_000,
        1 => -3_000_000_i64..0,
    ];
    let value = prop_oneof![9 => (0.0_f32..100.0).prop_map(Some), 1 => Just(None)];
    vec((step, value), 1..400)
}

fn assert_holds(rings: &Rings) {
    for range in Range::ALL {
        let buckets = rings.buckets(range);
        assert!(buckets.len() <= CAPACITY);
        assert!(buckets.windows(2).all(|pair| pair[0].at < pair[1].at));
        for bucket in buckets {
            for metric in Metric::ALL {
                let (min, max) = (bucket.min.get(metric), bucket.max.get(metric));
                match bucket.avg.get(metric) {
                    Some(avg) => assert!(min <= Some(avg) && Some(avg) <= max),
                    None => assert_eq!((min, max), (None, None)),
                }
            }
        }
    }
    assert!(rings.raw.len() <= CAPACITY && rings.raw.capacity() < 2 * CAPACITY);
    assert!(rings.minutes.closed.len() <= CAPACITY && rings.tens.closed.len() <= CAPACITY);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_rings_are_bounded_and_in_order(steps in steps()) {
        let (mut rings, mut at) = (Rings::default(), START);
        for (step, value) in steps {
            at += step;
            rings.push(sample(at, value));
            assert_holds(&rings);
            prop_assert_eq!(rings.newest().map(|newest| newest.at.as_millis()), Some(at));
        }
    }

    #[test]
    fn a_bucket_is_made_of_the_samples_of_its_span_and_of_no_others(
        steps in vec((500_i64..40_000, 0.0_f32..100.0), 1..900)
    ) {
        let (mut rings, mut at, mut kept) = (Rings::default(), START, Vec::new());
        for (step, value) in steps {
            at += step;
            let sample = sample(at, Some(value));
            kept.push(sample);
            rings.push(sample);
        }
        for (range, step) in [(Range::Hours, 60_000), (Range::Days, 600_000)] {
            for bucket in rings.buckets(range) {
                let from = bucket.at.as_millis();
                prop_assert_eq!(from.rem_euclid(step), 0);
                let inside = kept.iter().filter(|one| (from..from + step).contains(&one.at.as_millis()));
                let inside: Vec<f32> = inside.filter_map(|one| one.values.get(Metric::Cpu)).collect();
                let least = inside.iter().copied().fold(f32::MAX, f32::min);
                let most = inside.iter().copied().fold(f32::MIN, f32::max);
                prop_assert_eq!(bucket.min.get(Metric::Cpu), Some(least));
                prop_assert_eq!(bucket.max.get(Metric::Cpu), Some(most));
            }
        }
    }

    #[test]
    fn what_comes_after_a_sample_is_found_again(steps in steps(), from in 0_usize..400) {
        let (mut rings, mut at) = (Rings::default(), START);
        for (step, value) in steps {
            at += step;
            rings.push(sample(at, value));
        }
        let all: Vec<Timestamp> = rings.raw.iter().map(|one| one.at).collect();
        let last = all[from % all.len()];
        prop_assert!(rings.holds(last));
        let after: Vec<Timestamp> = rings.after(last).map(|one| one.at).collect();
        prop_assert_eq!(&after[..], &all[from % all.len() + 1..]);
    }
}

#[test]
fn a_full_ring_drops_its_oldest() {
    let mut rings = Rings::default();
    for second in 0..3000 {
        rings.push(sample(START + second * 1000, Some(1.0)));
    }
    assert_eq!(rings.buckets(Range::Quarter).len(), CAPACITY);
    assert!(!rings.holds(Timestamp::from_millis(START + 1_999_000)));
    assert!(rings.holds(Timestamp::from_millis(START + 2_000_000)));
}

#[test]
fn a_week_fills_the_coarsest_ring_and_no_more() {
    let mut rings = Rings::default();
    for ten_seconds in 0..(8 * 24 * 360) {
        rings.push(sample(START + ten_seconds * 10_000, Some(1.0)));
    }
    assert_eq!(rings.buckets(Range::Hours).len(), CAPACITY);
    assert_eq!(rings.buckets(Range::Days).len(), CAPACITY);
}

#[test]
fn an_average_is_over_time_and_not_over_samples() {
    let mut rings = Rings::default();
    // Half a minute at ten, seen three times; half a minute at twenty, seen every second.
    rings.push(sample(START - 1, None));
    for at in [10, 20, 30] {
        rings.push(sample(START + at * 1000 - 1, Some(10.0)));
    }
    for at in 31..=60 {
        rings.push(sample(START + at * 1000 - 1, Some(20.0)));
    }
    let minute = rings.buckets(Range::Hours).pop().expect("a bucket");
    assert_eq!(minute.avg.get(Metric::Cpu), Some(15.0));
    assert_eq!(minute.avg.get(Metric::Load1), None);
}

#[test]
fn a_stop_leaves_a_gap() {
    let mut rings = Rings::default();
    rings.push(sample(START, Some(1.0)));
    rings.push(sample(START + 3_600_000, Some(1.0)));
    let minutes = rings.buckets(Range::Hours);
    assert_eq!(minutes.len(), 2);
    assert_eq!(
        minutes[1].at.since(minutes[0].at),
        Duration::from_secs(3600)
    );
}

#[test]
fn a_clock_set_back_takes_the_future_with_it() {
    let mut rings = Rings::default();
    for second in 0..600 {
        rings.push(sample(START + second * 1000, Some(90.0)));
    }
    rings.push(sample(START + 100_500, Some(1.0)));
    assert_eq!(rings.raw.len(), 102);
    let minutes = rings.buckets(Range::Hours);
    assert_eq!(minutes.len(), 2);
    assert_eq!(minutes[1].max.get(Metric::Cpu), Some(1.0));
}
