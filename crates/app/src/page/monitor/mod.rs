//! The screen of the host live.

mod alerts;
mod charts;
mod events;
mod figure;
mod follow;
mod numbers;
mod past;
pub(crate) mod screen;
