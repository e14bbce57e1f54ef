//! What each letter says, in both languages, whatever its places are filled with.

use concierge_core::link::Page;

use super::*;
use crate::support::mail::Received;

/// The letter as its reader gets it.
async fn received(app: &TestApp, mail: Mail) -> Received {
    queue(app, &mail).await;
    let mut mails = app.mails().await;
    let folder = app.services.config.data.join("outbox");
    std::fs::remove_dir_all(folder).expect("the folder is there");
    assert_eq!(mails.len(), 1);
    mails.remove(0)
}

on_each_engine! {
    async fn every_letter_says_what_happened_and_what_to_do_in_both_languages(database) {
        let app = TestApp::with(database, |options| {
            options.config.contact = Some("Room 7, <desk> & \"Co\"".to_owned());
        }).await;
        let mut subjects = std::collections::BTreeSet::new();
        for locale in Locale::ALL {
            for letter in every_letter() {
                let name = letter.as_str();
                let link = letter.link().map(|(page, _)| page);
                let stranger = letter.reaches_strangers();
                let mail = received(&app, Mail { locale, ..to_ada(letter) }).await;
                assert_eq!(mail.to, ADA);
                assert!(subjects.insert(mail.subject.clone()), "{name}: {}", mail.subject);
                assert!(mail.text.contains("localhost:3000"), "{name}: {}", mail.text);
                assert!(mail.text.contains("Room 7, <desk> & \"Co\""), "{name}: {}", mail.text);
                assert!(mail.html.contains("Room 7, &lt;desk&gt; &amp; &quot;Co&quot;"), "{name}: {}", mail.html);
                assert!(mail.html.contains(&format!("lang=\"{}\"", locale.tag())));
                assert_eq!(mail.text.contains(" Ada,"), !stranger, "{name}: {}", mail.text);
                for part in [&mail.text, &mail.html] {
                    assert!(!part.contains(['{', '}']), "{name}: {part}");
                }
                for outside in ["<img", "src=", "url(", "<link", "<script", "@import", "background="] {
                    assert!(!mail.html.contains(outside), "{name}: {}", mail.html);
                }
                holds_its_link_once(&mail, link, name);
            }
        }
    }

    async fn a_link_says_how_long_it_works(database) {
        let app = TestApp::start(database).await;
        for (letter, en, fr) in [
            (0, "once, for 24 hours.", "une seule fois, pendant 24 heures."),
            (2, "once, for 30 minutes.", "une seule fois, pendant 30 minutes."),
            (4, "once, for 7 days.", "une seule fois, pendant 7 jours."),
        ] {
            for (locale, words) in [(Locale::En, en), (Locale::Fr, fr)] {
                let letter = every_letter().remove(letter);
                let mail = received(&app, Mail { locale, ..to_ada(letter) }).await;
                assert!(mail.text.contains(words), "{}", mail.text);
                assert!(mail.html.contains(words), "{}", mail.html);
            }
        }
    }

    async fn a_new_device_is_described_as_far_as_it_is_known(database) {
        let app = TestApp::start(database).await;
        for (browser, system, shown) in [
            ("Firefox", "Linux", "Firefox on Linux, from the address 192.0.2.7, at 2027-01-15 08:00 UTC"),
            ("Firefox", "", ": Firefox, from"),
            ("", "Linux", ": Linux, from"),
            ("", "", ": an unknown program, from"),
            // Nothing is filled into what a browser calls itself.
            ("{address}{at}", "{host}", ": {address}{at} on {host}, from"),
        ] {
            let mail = received(&app, to_ada(new_device(browser, system, "192.0.2.7"))).await;
            assert!(mail.text.contains(shown), "{}", mail.text);
        }
    }

    async fn how_many_codes_are_left_is_said_in_words_that_fit(database) {
        let app = TestApp::start(database).await;
        for (left, en, fr) in [
            (0, "None is left.", "Il n’en reste aucun."),
            (1, "One is left.", "Il en reste un."),
            (9, "9 are left.", "Il en reste 9."),
        ] {
            for (locale, words) in [(Locale::En, en), (Locale::Fr, fr)] {
                let mail = Mail { locale, ..to_ada(Letter::RecoveryCodeUsed { left }) };
                assert!(received(&app, mail).await.text.contains(words));
            }
        }
    }

    async fn asvs_1_3_3_hostile_names_break_neither_headers_nor_layout(database) {
        let app = TestApp::start(database).await;
        let hostile = "Eve\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>\u{202e}\u{200b}\u{0}\u{7f}\u{2028}";
        for mut letter in every_letter() {
            if let Letter::NewDevice { browser, system, address, .. } = &mut letter {
                for text in [browser, system, address] {
                    *text = hostile.to_owned();
                }
            }
            let name = letter.as_str();
            let mail = received(&app, Mail { name: hostile.to_owned(), ..to_ada(letter) }).await;
            let (head, _) = mail.source.split_once("\n\n").expect("a head");
            assert!(!head.contains("Bcc") && !head.contains("Eve"), "{name}: {head}");
            assert!(!mail.text.lines().any(|line| line.starts_with("Bcc")), "{name}: {}", mail.text);
            assert!(!mail.html.contains("<script"), "{name}: {}", mail.html);
            let strange = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{2028}".contains(c);
            assert!(!mail.source.contains(strange), "{name}: {:?}", mail.source);
        }
    }

    async fn nobody_can_make_the_house_send_their_words_to_a_stranger(database) {
        let app = TestApp::start(database).await;
        let greeting = async |name: &str, letter: Letter| {
            let mail = Mail { name: name.to_owned(), ..to_ada(letter) };
            let mail = received(&app, mail).await;
            mail.text.lines().next().expect("a greeting").to_owned()
        };
        let confirm = || Letter::ConfirmAddress { token: token() };
        assert_eq!(greeting("You have won", confirm()).await, "Hello,");
        for name in ["evil.example", "https://evil", "me@evil", "Win! www.evil.example/x", "a<b"] {
            assert_eq!(greeting(name, Letter::PasswordChanged).await, "Hello,", "{name}");
        }
        for name in ["Ada", "Ada B. Lovelace", "Léo-Paul d’Été", "李小龍"] {
            let expected = format!("Hello {name},");
            assert_eq!(greeting(name, Letter::PasswordChanged).await, expected);
        }
        let long = "a".repeat(500);
        assert_eq!(greeting(&long, Letter::PasswordChanged).await.len(), "Hello ,".len() + 60);
    }
}

/// The link once in each part, and the token once more by itself; none at all in the others.
fn holds_its_link_once(mail: &Received, page: Option<Page>, name: &str) {
    let tokens = |part: &str| part.matches(TOKEN).count();
    let Some(page) = page else {
        assert_eq!((tokens(&mail.text), tokens(&mail.html)), (0, 0), "{name}");
        assert!(!mail.text.contains('#'));
        return;
    };
    let link = format!("http://localhost:3000{}#{TOKEN}", page.path());
    for part in [&mail.text, &mail.html] {
        assert_eq!(part.matches(&link).count(), 1, "{name}: {part}");
        assert_eq!(tokens(part), 2, "{name}: {part}");
    }
    assert_eq!(mail.token(), TOKEN);
    let (head, _) = mail.source.split_once("\n\n").expect("a head");
    assert_eq!(tokens(head), 0);
}
