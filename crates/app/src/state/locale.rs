//! The reader's choices kept in cookies, for the build without a server: pure reading of their text.
//!
//! With a server these choices arrive in the page's facts and nothing here runs.

use concierge_core::locale::Locale;

use super::theme::Theme;

/// The cookie of the chosen language; scripts may read it.
pub const LOCALE_COOKIE: &str = "__Host-locale";
/// The cookie of the chosen appearance; scripts may read it.
pub const THEME_COOKIE: &str = "__Host-theme";

/// The value of a cookie in the text of `document.cookie`.
fn cookie<'a>(jar: &'a str, name: &str) -> Option<&'a str> {
    jar.split("; ")
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The language: chosen by cookie, else the browser's, else English.
pub fn locale_of(jar: &str, navigator_language: Option<&str>) -> Locale {
    cookie(jar, LOCALE_COOKIE)
        .and_then(Locale::from_tag)
        .or_else(|| navigator_language.and_then(Locale::from_tag))
        .unwrap_or_default()
}

/// The appearance chosen by cookie.
pub fn theme_of(jar: &str) -> Theme {
    cookie(jar, THEME_COOKIE)
        .and_then(Theme::from_text)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_wins_over_the_browser() {
        let jar = "a=b; __Host-locale=fr; __Host-theme=dark";
        assert_eq!(locale_of(jar, Some("en-GB")), Locale::Fr);
        assert_eq!(locale_of("", Some("fr-CA")), Locale::Fr);
        assert_eq!(locale_of("__Host-locale=xx", None), Locale::En);
        assert_eq!(theme_of(jar), Theme::Dark);
        assert_eq!(theme_of("theme=dark"), Theme::System);
    }
}
