//! Signing in: throttling, equal answers, what a success changes.

mod answers;
mod fresh;
mod password;
mod races;
mod throttle;
