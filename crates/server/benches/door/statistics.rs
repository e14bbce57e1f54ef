//! The few statistics of the table.

use std::time::Duration;

/// The middle one; of no figures, zero.
pub fn median(figures: &[f64]) -> f64 {
    quantile(figures, 0.5)
}

/// The figure that this share of all lies at or below.
pub fn quantile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// A span in milliseconds.
pub fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// How well a threshold on the figures tells two groups apart: 0.5 not at all, 1 without fault. Whichever group
/// is the slower one, so never under 0.5 (the Mann-Whitney statistic; equal figures count half).
pub fn area_under_curve(one: &[f64], other: &[f64]) -> f64 {
    let mut sorted = other.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wins: f64 = one
        .iter()
        .map(|figure| {
            let below = sorted.partition_point(|held| held < figure);
            let equal = sorted.partition_point(|held| held <= figure) - below;
            below as f64 + equal as f64 / 2.0
        })
        .sum();
    let area = wins / (one.len() * other.len()) as f64;
    area.max(1.0 - area)
}
