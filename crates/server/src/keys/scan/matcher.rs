//! Finds keys in bytes of any length: all of them in one reading, with bounded memory.
//!
//! The bytes are seen through a window that moves on with an overlap, so a key that lies across the end of one
//! window lies whole in the next.

use std::{
    collections::BTreeSet,
    io::{self, Read},
};

use concierge_core::sensitive::Sensitive;
use memchr::memmem::Finder;

use crate::keys::{Purpose, known};

/// How much is seen at once.
const WINDOW: usize = 1 << 20;
/// Longer than a key may be, with room for the beginning of its line.
const OVERLAP: usize = 8 * 1024;
/// A line with a key is no longer.
const LINE: usize = 4200;
/// What may stand on a line before the name: blanks and `export`.
const LEAD: usize = 64;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// The key with this index.
    Key(usize),
    /// A line that sets a key, whichever.
    Assignment(&'static str),
}

/// Knows what to look for. The texts of the keys are copied into it, and stay in this process.
pub(super) struct Matcher {
    keys: Vec<Finder<'static>>,
    names: Vec<(&'static str, Finder<'static>)>,
    window: Vec<u8>,
}

impl Matcher {
    pub(super) fn new<'a>(keys: impl Iterator<Item = &'a Sensitive>) -> Self {
        let finder = |text: &str| Finder::new(text.as_bytes()).into_owned();
        let names = Purpose::ALL.map(Purpose::variable);
        Self {
            keys: keys.map(|key| finder(key.expose())).collect(),
            names: names
                .map(|name| (name, finder(&format!("{name}="))))
                .to_vec(),
            window: vec![0; WINDOW],
        }
    }

    /// Everything that is found up to the end of the source.
    pub(super) fn search(&mut self, source: &mut dyn Read) -> io::Result<BTreeSet<Match>> {
        let mut found = BTreeSet::new();
        let mut kept = 0;
        loop {
            let filled = kept + fill(source, &mut self.window[kept..])?;
            let is_last = filled < self.window.len();
            let seen = Seen {
                bytes: &self.window[..filled],
                is_first: kept == 0,
                is_last,
            };
            let held = |(_, key): &(usize, &Finder<'_>)| key.find(seen.bytes).is_some();
            let keys = self.keys.iter().enumerate().filter(held);
            found.extend(keys.map(|(index, _)| Match::Key(index)));
            for (name, finder) in &self.names {
                let mut places = finder.find_iter(seen.bytes);
                if places.any(|at| seen.sets_a_key(at, at + name.len() + 1)) {
                    found.insert(Match::Assignment(name));
                }
            }
            if is_last {
                return Ok(found);
            }
            self.window.copy_within(filled - OVERLAP.., 0);
            kept = OVERLAP;
        }
    }
}

fn fill(source: &mut dyn Read, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match source.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What the window shows just now.
struct Seen<'a> {
    bytes: &'a [u8],
    is_first: bool,
    is_last: bool,
}

impl Seen<'_> {
    /// Whether the name at `start`, whose value begins at `value`, begins a line that sets a key. A line that may
    /// be cut off here lies whole in the window before or after, and is judged there.
    fn sets_a_key(&self, start: usize, value: usize) -> bool {
        let is_whole = self.is_last || start + LINE <= self.bytes.len();
        let has_beginning = self.is_first || start >= LEAD;
        if !is_whole || !has_beginning {
            return false;
        }
        let before = &self.bytes[start.saturating_sub(LEAD)..start];
        let lead = match before.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => &before[end + 1..],
            None if start <= LEAD && self.is_first => before,
            None => return false,
        };
        let lead = lead.trim_ascii();
        let rest = &self.bytes[value..self.bytes.len().min(value + LINE)];
        let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next();
        (lead.is_empty() || lead == b"export")
            && line
                .and_then(|line| std::str::from_utf8(line).ok())
                .is_some_and(|line| is_given(unquoted(line)))
    }
}

/// The value at the beginning of the rest of a line: up to the closing quote or bracket, or up to a blank.
fn unquoted(rest: &str) -> &str {
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
    match quote {
        Some(quote) => rest[1..].split(quote).next().unwrap_or_default(),
        None if rest.starts_with('<') => rest.split_inclusive('>').next().unwrap_or_default(),
        None => rest.split_whitespace().next().unwrap_or_default(),
    }
}

/// Whether somebody meant it as a key: not empty, no example that everybody knows, no placeholder, no reference to
/// where the key really is.
fn is_given(value: &str) -> bool {
    let first = value.chars().next();
    let is_one_character = value.chars().all(|c| Some(c) == first);
    let is_words = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || " _-".contains(c))
    };
    let is_placeholder = value
        .strip_prefix('<')
        .and_then(|value| value.strip_suffix('>'))
        .is_some_and(is_words);
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
    };
    let is_variable = value.strip_prefix('$').is_some_and(is_name);
    // `os.environ["SECRET_KEY"]`, `getenv('SECRET_KEY')`
    let is_code = value.ends_with([')', ']', ';', ','])
        && value
            .split(['(', '['])
            .next()
            .is_some_and(|name| name.len() < value.len() && is_name(name));
    let is_substituted = value.starts_with("${") && value.ends_with('}');
    let is_filled_in =
        is_variable || is_substituted || value.starts_with("$(") || value.starts_with("{{");
    !(is_one_character || is_placeholder || is_filled_in || is_code || known::is_known(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "5ddb3a0bb8f0e35fb96a2acd4f2b0dbeca80ab2b1b2e4c6e3a3fd7be7f0e9cc1";

    fn found(bytes: &[u8]) -> Vec<Match> {
        let key = Sensitive::new(KEY);
        let mut matcher = Matcher::new([&key].into_iter());
        let found = matcher.search(&mut &*bytes).unwrap();
        found.into_iter().collect()
    }

    #[test]
    fn a_key_is_found_wherever_it_lies_between_two_windows() {
        for offset in [-100, -64, -63, -32, -1, 0, 1] {
            let before = (WINDOW as i64 + offset) as usize;
            let bytes = [&vec![b'x'; before], KEY.as_bytes(), &[0; 9_000]].concat();
            assert_eq!(found(&bytes), [Match::Key(0)], "{offset}");
        }
        assert_eq!(found(&KEY.as_bytes()[1..]), []);
    }

    #[test]
    fn a_line_that_sets_a_key_is_found_wherever_it_lies_between_two_windows() {
        for place in [
            WINDOW - LINE - 1,
            WINDOW - LINE,
            WINDOW - 50,
            WINDOW - 5,
            WINDOW,
            WINDOW + 1,
            WINDOW - OVERLAP,
            WINDOW - OVERLAP + LEAD - 1,
        ] {
            let line = b"\nSECRET_KEY=not-in-use\n".as_slice();
            let bytes = [&vec![b'x'; place], line, &[b'y'; 9_000]].concat();
            assert_eq!(found(&bytes), [Match::Assignment("SECRET_KEY")], "{place}");
        }
    }

    #[test]
    fn only_a_line_with_a_value_of_its_own_sets_a_key() {
        for text in [
            "JWT_SECRET=hunter2",
            "a\nJWT_SECRET='p&9 x'",
            "  export JWT_SECRET=\"0c8d\" # ours\r\n",
            "JWT_SECRET=$0c8d/Zq=",
            "JWT_SECRET=0c8d concierge serve",
        ] {
            let found = found(text.as_bytes());
            assert_eq!(found, [Match::Assignment("JWT_SECRET")], "{text}");
        }
        for text in [
            "JWT_SECRET=",
            "JWT_SECRET=''\nX=1",
            "# JWT_SECRET=0c8d",
            "MY_JWT_SECRET=0c8d",
            "SECRET_KEY_ID=prod-1",
            "JWT_SECRET=$(openssl rand -hex 32)",
            "JWT_SECRET=$JWT_SECRET",
            "JWT_SECRET=\"${JWT_SECRET:-}\"",
            "JWT_SECRET=<64 hex characters>",
            "JWT_SECRET={{ vault_jwt }}",
            "JWT_SECRET=...",
            "JWT_SECRET=xxxxxxxx",
            "SECRET_KEY=os.environ[\"SECRET_KEY\"]",
            "JWT_SECRET=your-256-bit-secret",
        ] {
            assert_eq!(found(text.as_bytes()), [], "{text}");
        }
    }
}
