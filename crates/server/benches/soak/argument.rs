//! The number that a bench takes: how long, how many.

use std::str::FromStr;

/// The number on the command line, or the usual one where none stands there; a word that is no number is refused with
/// `usage`.
pub fn number<T: FromStr>(usage: &str, usual: T) -> Result<T, String> {
    // cargo adds `--bench`, which says nothing here.
    let word = std::env::args().skip(1).find(|word| word != "--bench");
    let refused = |_| format!("usage: {usage}");
    word.map_or(Ok(usual), |word| word.parse().map_err(refused))
}
