//! `.env` files, read and edited **literally**.
//!
//! No substitution, no escapes, no comments behind a value: what stands after the `=` is the value,
//! less the blanks around it and one pair of quotes. A key with `$name` or `#` in it arrives as it
//! was written. Reader and editor are this one file, and lines nobody touches stay as they are, to the byte.

use std::fmt;

use zeroize::Zeroizing;

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A parsed file: its lines in order, some of them assignments.
#[derive(Default)]
pub struct Dotenv {
    lines: Vec<Line>,
}

struct Line {
    /// All of it, with its line end; wiped, since it may hold a key.
    text: Zeroizing<String>,
    entry: Option<Entry>,
}

struct Entry {
    name: String,
    value: Zeroizing<String>,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong; never shows the line, which may hold a secret.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Dotenv {
    /// Reads a whole file, or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut file = Self::default();
        let mut faults = Vec::new();
        for (index, raw) in text.split_inclusive('\n').enumerate() {
            let line = match index {
                0 => raw.trim_start_matches(BYTE_ORDER_MARK),
                _ => raw,
            };
            let entry = match parse_line(line, file.lines.last()) {
                Ok(entry) => entry,
                Err((message, remedy)) => {
                    faults.push(fault(index, message, remedy));
                    None
                }
            };
            if let Some(first) = entry.as_ref().and_then(|entry| file.line_of(&entry.name)) {
                let message = format!("the name is set on line {first} already");
                faults.push(fault(index, message, "keep one of the two lines"));
            }
            file.lines.push(Line {
                text: Zeroizing::new(raw.to_owned()),
                entry,
            });
        }
        if faults.is_empty() {
            Ok(file)
        } else {
            Err(faults)
        }
    }

    /// The value of a name; an empty value counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.entries()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    /// The line of a name, counted from 1.
    pub fn line_of(&self, name: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| line.entry.as_ref().is_some_and(|entry| entry.name == name))
            .map(|index| index + 1)
    }

    /// All assignments in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines
            .iter()
            .filter_map(|line| line.entry.as_ref())
            .map(|entry| (entry.name.as_str(), entry.value.as_str()))
    }

    /// Sets a name: in its place when it is there, with its `export` if it has one, else at the end.
    pub fn set(&mut self, name: &str, value: &str) {
        let index = self.line_of(name).map(|number| number - 1);
        let (head, end) = match index.map(|index| &self.lines[index].text) {
            Some(text) => {
                let head = text.split(name).next().unwrap_or_default().to_owned();
                (head, line_end(text))
            }
            None => (String::new(), self.line_end()),
        };
        if let (None, Some(last)) = (index, self.lines.last_mut())
            && line_end(&last.text).is_empty()
        {
            last.text.push_str(end);
        }
        let line = Line {
            text: Zeroizing::new(format!("{head}{}{end}", assignment(name, value))),
            entry: Some(Entry {
                name: name.to_owned(),
                value: Zeroizing::new(value.to_owned()),
            }),
        };
        match index {
            Some(index) => self.lines[index] = line,
            None => self.lines.push(line),
        }
    }

    /// How a new line ends: as the first one does.
    fn line_end(&self) -> &'static str {
        match self.lines.first().map(|line| line_end(&line.text)) {
            Some("\r\n") => "\r\n",
            _ => "\n",
        }
    }
}

impl fmt::Display for Dotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| f.write_str(&line.text))
    }
}

impl fmt::Debug for Dotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dotenv({} lines)", self.lines.len())
    }
}

/// What a line ends with; the last one may end with nothing.
fn line_end(text: &str) -> &'static str {
    if text.ends_with("\r\n") {
        "\r\n"
    } else if text.ends_with('\n') {
        "\n"
    } else {
        ""
    }
}

/// `NAME=value`, in single quotes unless every character is safe without them in every reader.
pub fn assignment(name: &str, value: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_./:+=@,".contains(c);
    if value.chars().all(is_safe) {
        format!("{name}={value}")
    } else {
        format!("{name}='{value}'")
    }
}

fn fault(index: usize, message: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault {
        line: index + 1,
        message: message.into(),
        remedy: remedy.into(),
    }
}

type Complaint = (String, String);

fn parse_line(raw: &str, before: Option<&Line>) -> Result<Option<Entry>, Complaint> {
    let line = raw.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let above = before.and_then(|line| line.entry.as_ref());
    let assignment = line
        .strip_prefix("export ")
        .unwrap_or(line)
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| is_name(name));
    let Some((name, value)) = assignment else {
        return Err(not_an_assignment(above));
    };
    if above.is_some_and(|above| continues(above, line)) {
        return Err(not_an_assignment(above));
    }
    Ok(Some(Entry {
        name: name.to_owned(),
        value: Zeroizing::new(unquoted(name, value)?.to_owned()),
    }))
}

fn not_an_assignment(above: Option<&Entry>) -> Complaint {
    match above {
        Some(above) => run_on(&above.name),
        None => (
            "the line is not NAME=value".to_owned(),
            "write NAME=value, or start the line with # to make it a comment".to_owned(),
        ),
    }
}

fn run_on(name: &str) -> Complaint {
    (
        format!("the value of {name} runs on into the next line"),
        format!("join the lines of {name} into one"),
    )
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a line that could pass for `name=` is really the padded tail of base64 that a tool broke
/// after 64 or 76 characters (`openssl rand -base64 64` does).
fn continues(above: &Entry, line: &str) -> bool {
    let is_base64 = |text: &str| {
        text.trim_end_matches('=')
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/')
    };
    matches!(above.value.trim_start_matches(['\'', '"']).len(), 64 | 76)
        && is_base64(above.value.trim_start_matches(['\'', '"']))
        && line.ends_with('=')
        && line.len().is_multiple_of(4)
        && is_base64(line)
        && line.chars().any(|c| c.is_ascii_lowercase())
}

/// Takes one pair of quotes off. An opening quote without its partner at the end means that the
/// value goes on elsewhere; guessing would cut a key short.
fn unquoted<'a>(name: &str, value: &'a str) -> Result<&'a str, Complaint> {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return Ok(value);
    };
    let inner = &value[1..];
    if let Some(inner) = inner.strip_suffix(quote) {
        return Ok(inner);
    }
    if inner.contains(quote) {
        return Err((
            format!("there is text behind the closing quote of {name}"),
            "put comments on a line of their own".to_owned(),
        ));
    }
    Err(run_on(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        let file = Dotenv::parse(text).unwrap();
        file.get("K").unwrap_or_default().to_owned()
    }

    #[test]
    fn values_are_literal() {
        for (line, expected) in [
            ("K=ab$name#cd", "ab$name#cd"),
            ("K=\"a${HOME}b\"", "a${HOME}b"),
            ("K='a\\nb'", "a\\nb"),
            ("K=a # b", "a # b"),
            ("K= padded ", "padded"),
            ("K=' padded '", " padded "),
            ("K='\"both\"'", "\"both\""),
            ("K='it's'", "it's"),
            ("export K=v", "v"),
            ("K=a=b==", "a=b=="),
            ("\u{feff}K=v\r\n", "v"),
            ("# K=no\n\nK=yes", "yes"),
            ("K=", ""),
            ("K=''", ""),
        ] {
            assert_eq!(value(line), expected, "{line}");
        }
    }

    #[test]
    fn a_value_that_runs_on_is_an_error_that_says_to_join_the_lines() {
        let broken = "Kf8v0yTn3Jr1bq7XwZs5dLh2mGcA9uEoPiRtYxUzNvBkQeWaSjDfHlCgMpOy6V4T";
        for text in [
            "K='abc\ndef'".to_owned(),
            "K=\"abc\n\"".to_owned(),
            "K=abc\ndef+ghi".to_owned(),
            format!("K={broken}\nabcdEFGH1234abcdEFGH12=="),
            format!("K={broken}\nab12+/cd"),
            format!("K={broken}\nabc="),
        ] {
            let faults = Dotenv::parse(&text).unwrap_err();
            assert!(faults[0].remedy.contains("join the lines"), "{text}");
        }
    }

    #[test]
    fn an_empty_setting_below_a_key_is_no_tail() {
        let key = "a".repeat(64);
        let file = Dotenv::parse(&format!("K={key}\nSECRET_KEY=\nABC=\n")).unwrap();
        assert_eq!(file.get("SECRET_KEY"), None);
        assert_eq!(file.line_of("ABC"), Some(3));
    }

    #[test]
    fn doubles_comments_behind_quotes_and_noise_are_refused() {
        for (text, line) in [
            ("K=a\nK=b", 2),
            ("K=\"a\" # comment", 1),
            ("just words", 1),
            ("1K=a", 1),
        ] {
            assert_eq!(Dotenv::parse(text).unwrap_err()[0].line, line, "{text}");
        }
    }

    #[test]
    fn an_edit_keeps_comments_and_order() {
        let mut file = Dotenv::parse("# head\nA=1\n\nK=old # x\nB='2'\n").unwrap();
        file.set("K", "n$w");
        file.set("NEW", "v");
        let text = file.to_string();
        assert_eq!(text, "# head\nA=1\n\nK='n$w'\nB='2'\nNEW=v\n");
        assert_eq!(Dotenv::parse(&text).unwrap().get("K"), Some("n$w"));
    }

    #[test]
    fn what_the_editor_writes_the_reader_reads() {
        for text in ["'", "\"", "'a'", "a'b\"c", " x ", "#", "$x", "\\", "a b"] {
            let mut file = Dotenv::default();
            file.set("K", text);
            assert_eq!(value(&file.to_string()), text);
        }
    }
}
