//! Line charts: values over time in, a drawing out. They know neither units nor words; what they show stands in a
//! table, too, because a drawing says little to who does not see it.

use leptos::prelude::*;

const WIDTH: f32 = 600.0;
const HEIGHT: f32 = 120.0;
/// Of so many columns: more than one point in each would be drawn over one another.
const COLUMNS: f32 = 300.0;

/// What part of time and values a chart shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The time at the left edge.
    pub(crate) from: i64,
    /// The time at the right edge.
    pub(crate) to: i64,
    /// The value at the upper edge; the lower one is zero.
    pub(crate) top: f32,
    /// Points further apart than this are not joined: nothing is known of the time between.
    pub(crate) gap: i64,
}

impl Scale {
    /// The data of an SVG path. Of the points in one column the highest is drawn, so no peak is lost.
    pub(crate) fn line(&self, points: impl Iterator<Item = (i64, Option<f32>)>) -> String {
        let mut path = Path::default();
        for (at, value) in points.filter(|(at, _)| (self.from..=self.to).contains(at)) {
            if path.last_at.is_some_and(|last| at - last > self.gap) {
                path.lift();
            }
            path.last_at = Some(at);
            match value {
                Some(value) => path.draw(self.column(at), self.height(value)),
                None => path.lift(),
            }
        }
        path.lift();
        path.text
    }

    fn column(&self, at: i64) -> i32 {
        let span = (self.to - self.from).max(1) as f32;
        let share = (at - self.from) as f32 / span;
        (share * COLUMNS).round() as i32
    }

    /// Downwards, as drawings are.
    fn height(&self, value: f32) -> f32 {
        HEIGHT - (value / self.top).clamp(0.0, 1.0) * HEIGHT
    }
}

/// A path as it is drawn.
#[derive(Default)]
struct Path {
    text: String,
    /// The column that still grows, and how high it is.
    open: Option<(i32, f32)>,
    is_down: bool,
    last_at: Option<i64>,
}

impl Path {
    fn draw(&mut self, column: i32, height: f32) {
        match &mut self.open {
            Some((open, highest)) if *open == column => *highest = highest.min(height),
            _ => {
                self.flush();
                self.open = Some((column, height));
            }
        }
    }

    /// What comes next is not joined with what came before.
    fn lift(&mut self) {
        self.flush();
        self.is_down = false;
    }

    fn flush(&mut self) {
        let Some((column, height)) = self.open.take() else {
            return;
        };
        let x = column as f32 * (WIDTH / COLUMNS);
        let point = match self.is_down {
            true => format!("L{x} {height:.1}"),
            // A length of nothing, so that a point on its own is a dot.
            false => format!("M{x} {height:.1}h0"),
        };
        self.text.push_str(&point);
        self.is_down = true;
    }
}

/// A round number that is not below this one: 1, 2 or 5 and zeros.
pub(crate) fn round_up(value: f32) -> f32 {
    let mut step = 1.0_f32;
    while step * 5.0 < value && step < 1e30 {
        step *= 10.0;
    }
    let rounds = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * step);
    rounds
        .into_iter()
        .find(|round| *round >= value)
        .unwrap_or(value)
}

/// A chart of lines over one another, named by another element.
pub(crate) fn chart(named_by: String, lines: Vec<Signal<String>>) -> AnyView {
    let lines = lines.into_iter().enumerate().map(|(index, line)| {
        let class = format!("chart-line chart-line-{}", index + 1);
        view! { <path class=class d=line></path> }
    });
    view! {
        <svg
            class="chart"
            viewBox="0 0 600 120"
            preserveAspectRatio="none"
            role="img"
            aria-labelledby=named_by
        >
            <path class="chart-grid" d="M0 0H600M0 60H600M0 120H600"></path>
            {lines.collect_view()}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale {
        from: 0,
        to: 300_000,
        top: 100.0,
        gap: 25_000,
    };

    #[test]
    fn points_are_joined_and_a_gap_or_an_unknown_value_parts_them() {
        let points = [
            (0, Some(0.0)),
            (10_000, Some(50.0)),
            (20_000, None),
            (30_000, Some(100.0)),
            (100_000, Some(200.0)),
        ];
        let line = SCALE.line(points.into_iter());
        assert_eq!(line, "M0 120.0h0L20 60.0M60 0.0h0M200 0.0h0");
    }

    #[test]
    fn what_is_outside_is_left_out_and_a_peak_in_a_column_is_not() {
        let points = [
            (-1, Some(1.0)),
            (0, Some(0.0)),
            (200, Some(100.0)),
            (400, Some(0.0)),
            (300_001, Some(1.0)),
        ];
        assert_eq!(SCALE.line(points.into_iter()), "M0 0.0h0");
        assert_eq!(SCALE.line(std::iter::empty()), "");
    }

    #[test]
    fn the_top_is_a_round_number() {
        let table = [
            (0.0, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (4.0, 5.0),
            (5.1, 10.0),
            (99.0, 100.0),
            (1_234.0, 2_000.0),
        ];
        for (value, round) in table {
            assert_eq!(round_up(value), round, "{value}");
        }
    }
}
