//! A measured number as people read it: pure functions, the same on server and browser.

use concierge_core::{locale::Locale, monitor::Unit};

const STEPS_EN: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
const STEPS_FR: [&str; 5] = ["o", "Kio", "Mio", "Gio", "Tio"];
/// Keeps number and unit on one line.
const SPACE: char = '\u{a0}';

/// A number with its unit.
pub(super) fn figure(value: f32, unit: Unit, locale: Locale) -> String {
    match unit {
        Unit::Percent => {
            let space = match locale {
                Locale::En => String::new(),
                Locale::Fr => SPACE.to_string(),
            };
            format!("{}{space}%", decimal(value, 1, locale))
        }
        Unit::Load => decimal(value, 2, locale),
        Unit::Count => decimal(value, 0, locale),
        Unit::Millis => format!("{}{SPACE}ms", decimal(value, 1, locale)),
        Unit::Bytes => bytes(value, locale),
        Unit::Rate => format!("{}/s", bytes(value, locale)),
    }
}

fn bytes(value: f32, locale: Locale) -> String {
    let steps = match locale {
        Locale::En => STEPS_EN,
        Locale::Fr => STEPS_FR,
    };
    let (mut value, mut step) = (value, 0);
    // Of what would be read as 1024 with its decimals cut, the next unit says more.
    while value >= 1023.5 && step + 1 < steps.len() {
        value /= 1024.0;
        step += 1;
    }
    let digits = if step == 0 || value >= 100.0 { 0 } else { 1 };
    format!("{}{SPACE}{}", decimal(value, digits, locale), steps[step])
}

fn decimal(value: f32, digits: usize, locale: Locale) -> String {
    let text = format!("{value:.digits$}");
    match locale {
        Locale::En => text,
        Locale::Fr => text.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_table() {
        let table = [
            (12.34, Unit::Percent, "12.3%", "12,3\u{a0}%"),
            (0.5, Unit::Load, "0.50", "0,50"),
            (17.0, Unit::Count, "17", "17"),
            (3.24, Unit::Millis, "3.2\u{a0}ms", "3,2\u{a0}ms"),
            (1000.0, Unit::Bytes, "1000\u{a0}B", "1000\u{a0}o"),
            (1024.0, Unit::Bytes, "1.0\u{a0}KiB", "1,0\u{a0}Kio"),
            (
                8.0 * 1_073_741_824.0,
                Unit::Bytes,
                "8.0\u{a0}GiB",
                "8,0\u{a0}Gio",
            ),
            (1_048_575.0, Unit::Rate, "1.0\u{a0}MiB/s", "1,0\u{a0}Mio/s"),
        ];
        for (value, unit, en, fr) in table {
            assert_eq!(figure(value, unit, Locale::En), en);
            assert_eq!(figure(value, unit, Locale::Fr), fr);
        }
    }
}
