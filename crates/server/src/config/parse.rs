//! From the text of a setting to its value. Each function says in words what it would have taken.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use ipnet::IpNet;

/// `500ms`, `90s`, `10m`, `1h`, `30d`; a bare `0` too.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it is not a duration such as 500ms, 90s, 10m, 1h or 30d".to_owned();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (count, unit) = text.split_at(digits);
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let span = count.checked_mul(millis).ok_or_else(wrong)?;
    // Ten years keep every later sum of times far from overflow.
    if span > 3_650 * 86_400_000 {
        return Err("it is longer than ten years".to_owned());
    }
    Ok(Duration::from_millis(span))
}

/// A duration in the largest unit that shows it exactly.
pub(super) fn duration_text(span: Duration) -> String {
    let millis = span.as_millis();
    [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ]
    .into_iter()
    .find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit))
    .map_or_else(
        || format!("{millis}ms"),
        |(unit, name)| format!("{}{name}", millis / unit),
    )
}

/// A whole number between two bounds, both allowed.
pub(super) fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("it is not a whole number from {least} to {most}"))
}

/// `on` or `off`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("it is neither `on` nor `off`".to_owned()),
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            format!("it is none of {}", known.join(", "))
        })
}

/// An address with a port.
pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it is not an IP address with a port, such as 127.0.0.1:3000".to_owned())
}

/// An address with a port, or `off`.
pub(super) fn socket_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    let wrong =
        |_| "it is neither `off` nor an IP address with a port, such as 127.0.0.1:9464".to_owned();
    text.parse().map(Some).map_err(wrong)
}

/// A comma-separated list of networks; a plain address stands for itself alone.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                .map(|network| network.trunc())
                .map_err(|_| format!("`{part}` is neither an address nor a CIDR range"))
        })
        .collect()
}

/// A line that is shown to people.
pub(super) fn line(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) || text.chars().count() > 200 {
        return Err("it is not one line of at most 200 characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A suffix that is safe in a cookie's name (RFC 6265 tokens, narrowed).
pub(super) fn cookie_suffix(text: &str) -> Result<String, String> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.len() > 32 || !text.chars().all(is_safe) {
        return Err("it is not at most 32 letters, digits, dashes or underscores".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, millis) in [
            ("0", 0),
            ("0ms", 0),
            ("500ms", 500),
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "10",
            "m",
            "1.5h",
            "-1h",
            "10 m",
            "1w",
            "9999999999999999999d",
            "4000d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_one_would_write_it() {
        for text in ["500ms", "90s", "10m", "1h", "30d", "0ms"] {
            assert_eq!(duration_text(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn networks_take_plain_addresses() {
        let read = networks("10.0.0.1, 192.168.5.7/16,fd00::/8,::1").unwrap();
        let shown: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["10.0.0.1/32", "192.168.0.0/16", "fd00::/8", "::1/128"]
        );
        assert!(networks("proxy.local").is_err());
        assert!(networks("10.0.0.0/33").is_err());
    }

    #[test]
    fn the_small_ones_name_what_they_take() {
        assert!(number("51", 1, 50).unwrap_err().contains("1 to 50"));
        assert!(switch("yes").unwrap_err().contains("`on`"));
        assert!(
            socket("localhost:3000")
                .unwrap_err()
                .contains("127.0.0.1:3000")
        );
        assert!(
            word("x", &[("a", 1), ("b", 2)])
                .unwrap_err()
                .contains("`a`, `b`")
        );
        assert!(line("two\nlines").is_err());
        assert!(cookie_suffix("a;b").is_err());
    }
}
