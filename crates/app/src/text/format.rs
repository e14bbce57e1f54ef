//! Numbers and dates as people read them: pure functions, the same on server and browser.

use concierge_core::{locale::Locale, time::Timestamp};

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// Puts a number into the place of `{}`.
pub fn fill(template: &str, value: u64) -> String {
    template.replace("{}", &value.to_string())
}

/// Puts texts into the places of `{}`, one after the other; what a text holds itself is no place.
pub fn fill_all(template: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let mut pieces = template.split("{}");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(values.next().copied().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

/// A span as `m:ss`.
pub fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The day of a time in UTC, such as "21 November 2026" or "1er janvier 2027".
///
/// UTC and not the reader's zone: the server does not know the zone, and the first render must be
/// the same on both sides.
pub fn day(at: Timestamp, locale: Locale) -> String {
    let (year, month, day) = civil(at.as_seconds().div_euclid(86_400));
    match locale {
        Locale::En => format!("{day} {} {year}", MONTHS_EN[month]),
        Locale::Fr => {
            let ordinal = if day == 1 { "er" } else { "" };
            format!("{day}{ordinal} {} {year}", MONTHS_FR[month])
        }
    }
}

/// The minute of a time in UTC, such as "21 November 2026, 14:05 UTC"; see [`day`] for why not the reader's zone.
pub fn moment(at: Timestamp, locale: Locale) -> String {
    format!("{}, {}", day(at, locale), minute(at))
}

/// The minute of a day, such as "14:05 UTC".
pub fn minute(at: Timestamp) -> String {
    let minutes = at.as_seconds().rem_euclid(86_400) / 60;
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// The day of a time as `<time datetime>` wants it: `2026-11-21`.
pub fn iso_day(at: Timestamp) -> String {
    let (year, month, day) = civil(at.as_seconds().div_euclid(86_400));
    format!("{year:04}-{:02}-{day:02}", month + 1)
}

/// Year, month (from 0) and day of a count of days since 1970, in the Gregorian calendar.
///
/// Counted in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
fn civil(days: i64) -> (i64, usize, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + i64::from(month < 2);
    (year, month as usize, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_by_table() {
        let table = [
            ("1970-01-01T00:00:00Z", "1 January 1970", "1er janvier 1970"),
            (
                "2026-11-21T23:59:59Z",
                "21 November 2026",
                "21 novembre 2026",
            ),
            (
                "2024-02-29T12:00:00Z",
                "29 February 2024",
                "29 février 2024",
            ),
            ("2000-03-01T00:00:00Z", "1 March 2000", "1er mars 2000"),
            (
                "1969-12-31T23:00:00Z",
                "31 December 1969",
                "31 décembre 1969",
            ),
            ("2100-08-02T00:00:00Z", "2 August 2100", "2 août 2100"),
        ];
        for (text, en, fr) in table {
            let at = Timestamp::parse_rfc3339(text).expect("a time");
            assert_eq!(day(at, Locale::En), en);
            assert_eq!(day(at, Locale::Fr), fr);
            assert_eq!(iso_day(at), text[..10]);
        }
    }

    #[test]
    fn spans_are_minutes_and_seconds() {
        assert_eq!(clock(0), "0:00");
        assert_eq!(clock(119), "1:59");
        assert_eq!(fill("Wait {} s.", 5), "Wait 5 s.");
    }

    #[test]
    fn a_text_in_a_place_makes_no_new_place() {
        assert_eq!(fill_all("{} of {}.", &["{}", "b"]), "{} of b.");
        assert_eq!(fill_all("none", &["a"]), "none");
    }
}
