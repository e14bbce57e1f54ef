//! What the page knows of the past, and how a sample that comes in adds to it.

use concierge_core::monitor::{
    Metric, Sample, Value, Values,
    api::{Column, History, Range},
    live::Occurrence,
    ring::CAPACITY,
};

/// Events that are shown.
const EVENTS: usize = 20;

/// The past, and the newest numbers.
pub(super) struct Past {
    /// By column.
    pub(super) history: History,
    /// The newest sample's numbers.
    pub(super) now: Values,
}

impl Past {
    /// What the server told.
    pub(super) fn new(history: History) -> Self {
        let mut now = Values::default();
        for column in &history.columns {
            if let Some(value) = column.avg.last() {
                now.0[column.metric as usize] = *value;
            }
        }
        Self { history, now }
    }

    /// Adds a sample: a point of its own, or to the point that its time belongs to.
    pub(super) fn add(&mut self, sample: &Sample) {
        let at = sample.at.as_millis();
        self.now = sample.values;
        self.history.last = Some(at);
        let step = step(self.history.range);
        let point = at - at.rem_euclid(step.max(1));
        self.forget_after(point);
        let newest = self.history.at.last().copied();
        let begins = newest.is_none_or(|newest| at >= newest + step.max(1));
        // Samples of the point so far, one a second.
        let weight = newest.map_or(1.0, |newest| ((at - newest) / 1000 + 1) as f32);
        for column in &mut self.history.columns {
            let value = sample.values.0[column.metric as usize];
            match begins {
                true => begin(column, value, step > 0),
                false => join(column, value, weight),
            }
        }
        if begins {
            self.history.at.push(point);
        }
        self.forget(at);
    }

    /// Adds an event, unless it is known, in its place: one may come late.
    pub(super) fn add_event(&mut self, event: Occurrence) {
        let events = &mut self.history.events;
        if events.iter().all(|known| known.id != event.id) {
            let place =
                events.partition_point(|known| (known.at, &known.id) > (event.at, &event.id));
            events.insert(place, event);
            events.truncate(EVENTS);
        }
    }

    /// Drops points of a time that is yet to come: the clock was set back, and they would hide what is measured now.
    fn forget_after(&mut self, point: i64) {
        let kept = self.history.at.partition_point(|known| *known <= point);
        self.history.at.truncate(kept);
        for column in &mut self.history.columns {
            for values in [&mut column.avg, &mut column.min, &mut column.max] {
                values.truncate(kept);
            }
        }
    }

    /// Drops what is older than the range, and what is too much.
    fn forget(&mut self, now: i64) {
        let span = i64::try_from(self.history.range.span().as_millis()).unwrap_or(i64::MAX);
        let at = &mut self.history.at;
        let old = at.partition_point(|point| *point < now - span);
        let old = old.max(at.len().saturating_sub(CAPACITY));
        at.drain(..old);
        for column in &mut self.history.columns {
            for values in [&mut column.avg, &mut column.min, &mut column.max] {
                values.drain(..old.min(values.len()));
            }
        }
    }

    /// The time of the newest point.
    pub(super) fn ends_at(&self) -> i64 {
        self.history
            .last
            .or(self.history.at.last().copied())
            .unwrap_or_default()
    }

    /// Least, average and most of a metric over the range.
    pub(super) fn summary(&self, metric: Metric) -> [Option<f32>; 3] {
        let Some(column) = self.history.column(metric) else {
            return [None; 3];
        };
        let least = known(&column.min)
            .chain(known(&column.avg))
            .reduce(f32::min);
        let most = known(&column.max)
            .chain(known(&column.avg))
            .reduce(f32::max);
        let sum: f64 = known(&column.avg).map(f64::from).sum();
        let count = known(&column.avg).count();
        let average = (count > 0).then(|| (sum / count as f64) as f32);
        [least, average, most]
    }
}

fn known(values: &[Value]) -> impl Iterator<Item = f32> {
    values.iter().filter_map(|value| value.get())
}

/// Milliseconds of a point that is made of many samples; none of one that is a sample.
fn step(range: Range) -> i64 {
    match range {
        Range::Quarter => 0,
        Range::Hours => 60_000,
        Range::Days => 600_000,
    }
}

/// Begins a point with a value.
fn begin(column: &mut Column, value: Value, is_folded: bool) {
    column.avg.push(value);
    if is_folded {
        column.min.push(value);
        column.max.push(value);
    }
}

/// Adds a value to the newest point, as one of so many.
fn join(column: &mut Column, value: Value, weight: f32) {
    let Some(new) = value.get() else {
        return;
    };
    let meet = |place: Option<&mut Value>, choose: fn(f32, f32) -> f32| {
        if let Some(place) = place {
            *place = Value::new(place.get().map_or(new, |old| choose(old, new)));
        }
    };
    meet(column.min.last_mut(), f32::min);
    meet(column.max.last_mut(), f32::max);
    if let Some(place) = column.avg.last_mut() {
        let average = |old: f32| old + (new - old) / weight;
        *place = Value::new(place.get().map_or(new, average));
    }
}

#[cfg(test)]
mod tests {
    use concierge_core::{
        monitor::{
            api::{Beside, HistoryQuery},
            ring::Rings,
        },
        time::Timestamp,
    };

    use super::*;

    const START: i64 = 1_800_000_000_000;

    fn sample(at: i64, cpu: f32) -> Sample {
        let mut values = Values::default();
        values.set(Metric::Cpu, cpu);
        let at = Timestamp::from_millis(START + at);
        Sample { at, values }
    }

    fn past(range: Range) -> Past {
        let mut rings = Rings::default();
        rings.push(sample(0, 10.0));
        let query = HistoryQuery { range, since: None };
        Past::new(History::of(&rings, &query, Beside::default()))
    }

    fn whole(past: &Past) -> bool {
        let points = past.history.at.len();
        past.history
            .columns
            .iter()
            .all(|column| column.avg.len() == points && column.min.len() == column.max.len())
    }

    #[test]
    fn a_quarter_of_an_hour_slides() {
        let mut past = past(Range::Quarter);
        for second in 1..2000 {
            past.add(&sample(second * 1000, 20.0));
            assert!(whole(&past) && past.history.at.len() <= CAPACITY);
        }
        assert_eq!(past.history.at.first(), Some(&(START + 1_099_000)));
        assert_eq!(past.summary(Metric::Cpu), [Some(20.0); 3]);
        assert_eq!(past.summary(Metric::Lag), [None; 3]);
    }

    #[test]
    fn a_sample_joins_the_minute_it_belongs_to() {
        let mut past = past(Range::Hours);
        past.add(&sample(30_000, 50.0));
        assert_eq!(past.history.at, [START]);
        let [least, average, most] = past.summary(Metric::Cpu);
        assert_eq!((least, most), (Some(10.0), Some(50.0)));
        assert!(average > Some(10.0) && average < Some(50.0));
        past.add(&sample(60_500, 5.0));
        assert_eq!(past.history.at, [START, START + 60_000]);
        assert!(whole(&past));
        assert_eq!(past.summary(Metric::Cpu)[0], Some(5.0));
    }

    #[test]
    fn the_average_of_a_point_is_of_all_its_samples() {
        let mut past = past(Range::Days);
        for second in 600..1200 {
            let cpu = if second < 900 { 0.0 } else { 100.0 };
            past.add(&sample(second * 1000, cpu));
        }
        let column = past.history.column(Metric::Cpu).expect("a column");
        let average = column.avg.last().and_then(|value| value.get());
        assert!(average > Some(49.0) && average < Some(51.0), "{average:?}");
    }

    #[test]
    fn a_clock_that_was_set_back_begins_where_it_is_now() {
        for (range, points) in [
            (Range::Quarter, vec![10_000]),
            (Range::Hours, vec![0]),
            (Range::Days, vec![0]),
        ] {
            let mut past = past(range);
            past.add(&sample(3_600_000, 50.0));
            past.add(&sample(10_000, 20.0));
            let points: Vec<i64> = points.into_iter().map(|point| START + point).collect();
            assert_eq!(past.history.at, points);
            assert!(whole(&past));
        }
    }

    #[test]
    fn an_event_is_shown_once_and_the_newest_first_however_late_it_comes() {
        let mut past = past(Range::Quarter);
        let mut hear = |number: i64| {
            past.add_event(Occurrence {
                id: format!("evt_{number}"),
                at: Timestamp::from_millis(START + number),
                name: "authn_login_fail".to_owned(),
                severity: "notice".to_owned(),
                account: None,
                address: None,
            });
        };
        for number in [3, 7, 7, 5, 3] {
            hear(number);
        }
        for number in 10..30 {
            hear(number);
        }
        // Twenty newer ones are known: an old one pushes none of them out.
        hear(9);
        let events = &past.history.events;
        let times: Vec<i64> = events
            .iter()
            .map(|event| event.at.as_millis() - START)
            .collect();
        assert_eq!(times, (10..30).rev().collect::<Vec<_>>());
    }
}
