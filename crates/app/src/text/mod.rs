//! The words of the app, in every language of the house, checked by the compiler.
//!
//! Each text is written once per language, side by side: one that lacks a language does not compile.
//! The language is fixed for the life of a page load (changing it is a navigation), so a text is a
//! plain `&'static str`, not a signal.

use concierge_core::locale::Locale;
use leptos::prelude::{provide_context, use_context};

/// Declares the groups of texts: `name: "English", "French";`.
macro_rules! texts {
    ($($(#[$doc:meta])* $group:ident: $type:ident { $($name:ident: $en:literal, $fr:literal;)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $type { $(#[doc = $en] pub $name: &'static str,)+ }
        )+

        /// All texts of one language.
        #[derive(Debug)]
        pub struct Texts { $($(#[$doc])* pub $group: $type,)+ }

        /// The English texts.
        pub(super) static EN: Texts = Texts { $($group: $type { $($name: $en,)+ },)+ };
        /// The French texts.
        pub(super) static FR: Texts = Texts { $($group: $type { $($name: $fr,)+ },)+ };

        #[cfg(test)]
        pub(super) const PAIRS: &[(&str, &str, &str)] = &[
            $($((concat!(stringify!($group), ".", stringify!($name)), $en, $fr),)+)+
        ];
    };
}
pub mod format;
// Below the macro, which they use.
mod admin;
mod desk;
mod table;
mod watch;

pub(crate) use admin::Texts as AdminTexts;
pub use table::Texts;

/// The texts behind the door in the language of this page load.
pub(crate) fn use_desk_texts() -> &'static desk::Texts {
    match use_locale() {
        Locale::En => &desk::EN,
        Locale::Fr => &desk::FR,
    }
}

/// The texts of the admins' pages in the language of this page load.
pub(crate) fn use_admin_texts() -> &'static AdminTexts {
    match use_locale() {
        Locale::En => &admin::EN,
        Locale::Fr => &admin::FR,
    }
}

/// The texts of the pages that keep watch in the language of this page load.
pub(crate) fn use_watch_texts() -> &'static watch::Texts {
    match use_locale() {
        Locale::En => &watch::EN,
        Locale::Fr => &watch::FR,
    }
}

/// The texts of a language.
pub const fn texts(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &table::EN,
        Locale::Fr => &table::FR,
    }
}

#[derive(Clone, Copy)]
struct PageLocale(Locale);

/// Fixes the language of everything below.
pub(crate) fn provide_locale(locale: Locale) {
    provide_context(PageLocale(locale));
}

/// The language of this page load.
pub(crate) fn use_locale() -> Locale {
    use_context::<PageLocale>().map_or_else(Locale::default, |page| page.0)
}

/// The texts in the language of this page load.
pub(crate) fn use_texts() -> &'static Texts {
    texts(use_locale())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_empty_and_placeholders_agree() {
        let behind = desk::PAIRS.iter().chain(admin::PAIRS);
        let behind = behind.chain(watch::PAIRS);
        for (name, en, fr) in table::PAIRS.iter().chain(behind) {
            assert!(!en.is_empty() && !fr.is_empty(), "{name}");
            assert_eq!(en.matches("{}").count(), fr.matches("{}").count(), "{name}");
        }
    }
}
