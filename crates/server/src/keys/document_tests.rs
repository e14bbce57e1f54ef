//! Whatever is done to the rings, the file says it afterwards, and says everything else as before.

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{
    Document, Form, KeyringContents as Contents, Purpose, Stored, StoredRing, StoredState,
    tests::{GOOD, NOW, OTHER},
};
use crate::{config::Environment, platform::keyring::Algorithm};

pub(super) const KEYRING: &str = "\
# Keys of production.
# Ask Ada before you change them.

[signing] # who signs
active = 'prod-1'   # since the move

# The key of the old house.
[[signing.keys]]
id = 'prod-0'
alg = 'HS256'
value = 'hunter2, the old one'
state = 'grace'
verify_until = '2026-12-01T00:00:00Z' # when the app is updated

[[signing.keys]]
alg = 'HS256'
id = 'prod-1'
# never on paper
value = \"\"\"hunter3\"\"\"
state = 'active'

[sealing]
active = 'prod-2'
keys = [{ id = 'prod-2', alg = 'HS256', value = 'hunter4', state = 'active' }]
# the end
";

pub(super) const DOTENV: &str = "\
# Settings of production.
export PORT=8080

SMTP_URL=\"smtp://mail.example\" 
  export JWT_SECRET='hunter#3'
JWT_SECRET_ID=prod-1
# until the app is updated
JWT_SECRET_PREVIOUS=\"prod-0:HS256:hunter2, the old one:1796083200\"
SECRET_KEY=hunter4
# the end";

pub(super) fn parse(form: Form, text: &str) -> Document {
    Document::parse(form, text, Environment::Production).unwrap()
}

fn rewritten(form: Form, text: &str, change: impl Fn(&mut Contents)) -> String {
    let document = parse(form, text);
    let mut contents = document.contents().clone();
    change(&mut contents);
    document.rewritten(&contents).unwrap().expose().to_owned()
}

pub(super) fn key(id: &str, value: &str, state: StoredState) -> Stored {
    Stored {
        id: id.to_owned(),
        alg: Algorithm::Hs256,
        value: Sensitive::new(value),
        state,
        created_at: Some(NOW),
        not_before: None,
        verify_until: (state == StoredState::Grace).then_some(NOW),
    }
}

/// A new active key; the one before it verifies on.
pub(super) fn rotate(ring: &mut StoredRing, id: &str, value: &str) {
    for key in &mut ring.keys {
        if key.state == StoredState::Active {
            key.state = StoredState::Grace;
            key.verify_until = Some(NOW);
        }
    }
    ring.keys.push(key(id, value, StoredState::Active));
    id.clone_into(&mut ring.active);
}

#[test]
fn both_forms_say_the_same() {
    let environment = Environment::Production;
    let dotenv = parse(Form::Dotenv, DOTENV);
    let signing = dotenv.contents().signing.as_ref().unwrap();
    assert_eq!(signing.active_value(), Some("hunter#3"));
    assert_eq!(signing.keys[1].value.expose(), "hunter2, the old one");
    let until = Timestamp::from_millis(1_796_083_200_000);
    assert_eq!(signing.keys[1].verify_until, Some(until));
    let sealing = dotenv.contents().sealing.as_ref().unwrap();
    let implied = super::generate::implicit_id(environment, "hunter4");
    assert_eq!(sealing.active, implied);
    let keyring = parse(Form::Keyring, KEYRING);
    assert_eq!(keyring.contents().signing.as_ref().unwrap().keys.len(), 2);
    assert_eq!(
        format!("{keyring:?} {dotenv:?}"),
        "Document(Keyring) Document(Dotenv)"
    );
}

#[test]
fn without_a_change_the_text_is_the_same_byte_for_byte() {
    for (form, text) in [(Form::Keyring, KEYRING), (Form::Dotenv, DOTENV)] {
        for text in [
            text.to_owned(),
            format!("\u{feff}{}", text.replace('\n', "\r\n")),
        ] {
            assert_eq!(rewritten(form, &text, |_| ()), text);
        }
    }
}

#[test]
fn a_rotation_changes_the_lines_it_must_and_no_other() {
    let change = |contents: &mut Contents| {
        rotate(contents.signing.as_mut().unwrap(), "prod-9", GOOD);
    };
    let expected = KEYRING
        .replace("active = 'prod-1'", "active = \"prod-9\"")
        .replace("state = 'active'\n\n[sealing]", &format!("state = \"grace\"\nverify_until = 2026-11-21T00:00:00Z\n\n[[signing.keys]]\nid = \"prod-9\"\nalg = \"HS256\"\nvalue = \"{GOOD}\"\nstate = \"active\"\ncreated_at = 2026-11-21T00:00:00Z\n\n[sealing]"));
    assert_eq!(rewritten(Form::Keyring, KEYRING, change), expected);
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(
        rewritten(Form::Keyring, &crlf(KEYRING), change),
        crlf(&expected)
    );

    let expected = DOTENV
        .replace("'hunter#3'", GOOD)
        .replace("_ID=prod-1", "_ID=prod-9")
        .replace(
            "\"prod-0:HS256:hunter2, the old one:1796083200\"",
            "'prod-1:HS256:hunter#3:1795219200,prod-0:HS256:hunter2, the old one:1796083200'",
        );
    assert_eq!(rewritten(Form::Dotenv, DOTENV, change), expected);
    assert_eq!(
        rewritten(Form::Dotenv, &crlf(DOTENV), change),
        crlf(&expected)
    );
}

#[test]
fn a_destroyed_key_leaves_with_its_table_and_the_epoch_stands_at_the_top() {
    let text = rewritten(Form::Keyring, KEYRING, |contents| {
        contents.epoch = Some(NOW);
        contents.signing.as_mut().unwrap().keys.remove(0);
        rotate(contents.sealing.as_mut().unwrap(), "prod-9", OTHER);
    });
    assert!(
        text.starts_with("epoch = 2026-11-21T00:00:00Z\n\n# Keys of production."),
        "{text}"
    );
    assert!(
        !text.contains("hunter2") && !text.contains("old house"),
        "{text}"
    );
    assert!(
        text.contains("# never on paper\nvalue = \"\"\"hunter3\"\"\"\n"),
        "{text}"
    );
    let later = Timestamp::from_millis(NOW.as_millis() + 1);
    let again = rewritten(Form::Keyring, &text, |contents| {
        contents.epoch = Some(later)
    });
    assert_eq!(again, text.replacen("00Z", "00.001Z", 1));
}

#[test]
fn a_file_of_comments_takes_both_rings_below_them() {
    for (form, text, key_line) in [
        (Form::Keyring, "# ours\n", "\n[signing]\n"),
        (Form::Keyring, "", "[signing]\n"),
        (Form::Dotenv, "# ours\nA=1", "\nJWT_SECRET="),
        (
            Form::Dotenv,
            "# ours\nJWT_SECRET=\nA=1\n",
            "# ours\nJWT_SECRET=3",
        ),
    ] {
        let text = rewritten(form, text, |contents| {
            for (purpose, value) in Purpose::ALL.into_iter().zip([GOOD, OTHER]) {
                let keys = vec![key("prod-1", value, StoredState::Active)];
                contents.set(
                    purpose,
                    StoredRing {
                        active: "prod-1".into(),
                        keys,
                    },
                );
            }
        });
        assert!(text.contains(key_line), "{text}");
        assert!(
            !text.contains("# ours") || text.starts_with("# ours"),
            "{text}"
        );
    }
}

#[test]
fn a_dot_env_says_what_it_has_a_place_for() {
    let text = rewritten(Form::Dotenv, DOTENV, |contents| {
        let ring = contents.signing.as_mut().unwrap();
        ring.keys[1].state = StoredState::Retired;
        ring.keys.push(key("prod-8", OTHER, StoredState::Revoked));
        ring.keys.push(key("prod-9", GOOD, StoredState::Pending));
        contents.epoch = Some(NOW);
    });
    let in_30_days = NOW.as_seconds() + 30 * 86_400;
    let line = format!("\nJWT_SECRET_PREVIOUS=prod-9:HS256:{GOOD}:{in_30_days}\n");
    assert!(text.contains(&line), "{text}");
    let keys = parse(Form::Dotenv, &text)
        .contents()
        .signing
        .clone()
        .unwrap()
        .keys;
    assert_eq!(keys[1].state, StoredState::Grace);
    let none_before = |contents: &mut Contents| contents.signing.as_mut().unwrap().keys.truncate(1);
    assert!(
        rewritten(Form::Dotenv, &text, none_before).contains("\nJWT_SECRET_PREVIOUS=\nSECRET_KEY")
    );
    let nothing = rewritten(Form::Dotenv, &text, |contents| {
        *contents = Contents::default()
    });
    assert!(
        nothing.contains("export JWT_SECRET=\nJWT_SECRET_ID=\n"),
        "{nothing}"
    );
    assert!(!nothing.contains("hunter"), "{nothing}");
}

#[test]
fn what_cannot_be_written_is_refused_without_showing_it() {
    let dotenv = parse(Form::Dotenv, DOTENV);
    let refused = |change: &dyn Fn(&mut StoredRing)| {
        let mut contents = dotenv.contents().clone();
        change(contents.signing.as_mut().unwrap());
        let error = dotenv.rewritten(&contents).unwrap_err();
        assert!(
            !error.contains("hunter") && !error.contains(GOOD),
            "{error}"
        );
        error
    };
    let error = refused(&|ring| {
        ring.keys[0].alg = Algorithm::Ed25519;
        ring.keys[0].value = Sensitive::new(GOOD);
    });
    assert!(
        error.contains("Ed25519") && error.contains("secrets.<env>.toml"),
        "{error}"
    );
    refused(&|ring| ring.keys[0].value = Sensitive::new("hunter\n5"));
    refused(&|ring| ring.keys[0].value = Sensitive::new(""));
    refused(&|ring| ring.keys[1].value = Sensitive::new("hunter:1,prod-8:HS256:x"));
    refused(&|ring| ring.keys[1].verify_until = None);
    refused(&|ring| ring.active = "prod-7".into());
    for (text, part) in [
        ("SECRET_KEY_PREVIOUS=a:HS256:hunter:1", "SECRET_KEY is not"),
        (
            "SECRET_KEY=hunter\nSECRET_KEY_PREVIOUS=hunter",
            "SECRET_KEY_PREVIOUS: entry 1",
        ),
        ("SECRET_KEY=hunter\nSECRET_KEY_ID=a b", "SECRET_KEY: the id"),
        ("SECRET_KEY='hunter\n", "line 1"),
    ] {
        let error = Document::parse(Form::Dotenv, text, Environment::Test).unwrap_err();
        assert!(error.contains(part) && !error.contains("hunter"), "{error}");
    }
}

#[test]
fn other_names_are_refused() {
    assert!(
        Form::of("keys.txt".as_ref())
            .unwrap_err()
            .contains("keys.txt")
    );
    for name in [".env", ".env.local", "prod.env"] {
        assert_eq!(Form::of(name.as_ref()), Ok(Form::Dotenv), "{name}");
    }
    assert_eq!(
        Form::of("a/secrets.staging.toml".as_ref()),
        Ok(Form::Keyring)
    );
}
