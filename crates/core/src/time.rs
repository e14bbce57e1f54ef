//! Points in time: whole milliseconds UTC inside, RFC 3339 text on the wire.
//!
//! The calendar is a few lines of our own, because a library's weighed 4 KB in every first visit; tests hold
//! it against that library.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time of these milliseconds since 1970, as the database keeps it.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as JWT claims want them (RFC 7519 section 2).
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time and the span after it; stops at the end of the range.
    pub const fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_millis() as i64))
    }

    /// This time less the span; stops at the start of the range.
    pub const fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.as_millis() as i64))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(if millis > 0 { millis as u64 } else { 0 })
    }

    /// RFC 3339 with milliseconds and `Z`.
    pub fn to_rfc3339(self) -> String {
        let (days, millis) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        let mut text = String::with_capacity(24);
        for (value, digits, sign) in [
            (year, 4, '-'),
            (month, 2, '-'),
            (day, 2, 'T'),
            (hour, 2, ':'),
            (minute, 2, ':'),
            (second, 2, '.'),
            (millis % 1000, 3, 'Z'),
        ] {
            push_digits(&mut text, value, digits);
            text.push(sign);
        }
        text
    }

    /// Reads RFC 3339; anything finer than a millisecond is cut off, a leap second counts as the one after it.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let separated = bytes.len() >= 20
            && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
                .iter()
                .all(|(at, sign)| bytes[*at] == *sign);
        if !separated {
            return None;
        }
        let part = |from, to| digits(bytes.get(from..to)?);
        let days = days_before(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
        let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (fraction, zone) = match bytes[19] {
            b'.' => {
                let rest = &bytes[20..];
                let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                (
                    rest.get(..length).filter(|fraction| !fraction.is_empty())?,
                    &rest[length..],
                )
            }
            _ => (&bytes[..0], &bytes[19..]),
        };
        let millis = fraction
            .iter()
            .chain(b"000")
            .take(3)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        let seconds = (hour * 60 + minute) * 60 + second - offset(zone)?;
        Some(Self(days * DAY + seconds * 1000 + millis))
    }
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The offset of a zone from UTC, in seconds: `Z` or `+hh:mm`.
fn offset(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"Z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hour, minute) = (digits(zone.get(1..3)?)?, digits(zone.get(4..)?)?);
    let valid = zone.len() == 6 && zone[3] == b':' && hour < 24 && minute < 60;
    valid.then_some(sign * (hour * 60 + minute) * 60)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

/// Appends a number with leading zeros: five times as fast as `format!`, and answers are full of times. Years that
/// four digits can't hold are beyond RFC 3339.
fn push_digits(text: &mut String, value: i64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = value.div_euclid(10_i64.pow(place)).rem_euclid(10);
        text.push(char::from(b'0' + digit as u8));
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day
/// is the last of its year, and months have 153 days in each five.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    let years = if month < 3 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let leap_days = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    Some(years * 365 + leap_days + (153 * months + 2) / 5 + day - 1 - EPOCH)
}

/// Days from March of the year 0 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// The date that many days after 1970-01-01: the inverse of [`days_before`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let months = (5 * day + 2) / 153;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let years = era * 400 + year;
    (
        if month < 3 { years + 1 } else { years },
        month,
        day - (153 * months + 2) / 5 + 1,
    )
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back_is_the_same_time() {
        let at = Timestamp::from_millis(1_795_219_200_123);
        assert_eq!(at.to_rfc3339(), "2026-11-21T00:00:00.123Z");
        assert_eq!(Timestamp::parse_rfc3339(&at.to_rfc3339()), Some(at));
    }

    #[test]
    fn an_offset_is_turned_into_utc() {
        let at = Timestamp::parse_rfc3339("2026-11-21T02:00:00+02:00");
        assert_eq!(at, Some(Timestamp::from_millis(1_795_219_200_000)));
    }

    #[test]
    fn every_day_of_eight_centuries_is_what_the_library_says() {
        use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
        for days in -150_000..150_000_i64 {
            let at = Timestamp::from_millis(days * 86_400_000 + 45_296_789);
            let library = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000);
            let library = library.ok().and_then(|at| at.format(&Rfc3339).ok());
            assert_eq!(Some(at.to_rfc3339()), library, "{days}");
            assert_eq!(Timestamp::parse_rfc3339(&at.to_rfc3339()), Some(at));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T00:60:00Z",
            "2026-11-21T00:00:00.Z",
            "2026-11-21T00:00:00+2:00",
            "2026-11-21T00:00:00Zx",
            "2026-11-21 00:00:00Z",
            "é026-11-21T00:00:00Z",
            "2026-11-21T00:00:00+02:é",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
        assert!(Timestamp::parse_rfc3339("2024-02-29T23:59:60.1234567-00:30").is_some());
    }

    #[test]
    fn a_span_before_the_start_is_zero() {
        let at = Timestamp::from_millis(10);
        assert_eq!(at.since(at.plus(Duration::from_secs(1))), Duration::ZERO);
    }
}
