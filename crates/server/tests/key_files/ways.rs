//! Keys of the tools people know, each made once by the real tool, pass the check of the real program from every place.

use std::process::Command;

use super::*;

const NODE_HEX: &str = "process.stdout.write(require('crypto').randomBytes(64).toString('hex'))";
const NODE_BASE64: &str =
    "process.stdout.write(require('crypto').randomBytes(64).toString('base64'))";
const PYTHON: &str = "import secrets, string
alphabet = string.ascii_letters + string.digits + '!@#$%^&*()_+-=[]{}|;:,.<>?'
print(''.join(secrets.choice(alphabet) for _ in range(64)))";

/// The line a tool prints; lines are joined, as one must.
fn made_by(tool: &str, words: &[&str]) -> String {
    let output = Command::new(tool).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{tool}: {error}"));
    assert!(output.status.success(), "{tool}");
    String::from_utf8(output.stdout)
        .expect("text")
        .replace('\n', "")
}

/// The check of a signing key that stands in a place, which a folder and the variables say.
fn checked(place: impl Fn(&Path) -> Vec<(&'static str, String)>) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let mut variables = place(folder.path());
    variables.push(("CONCIERGE_ENV", "production".to_owned()));
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    run(folder.path(), "key check", &variables, "")
}

fn everywhere(key: &str) -> Vec<(&'static str, Ended)> {
    let other = || ("SECRET_KEY", OTHER.to_owned());
    let environment = checked(|_| vec![("JWT_SECRET", key.to_owned()), other()]);
    let dotenv = checked(|folder| {
        write(
            &folder.join("prod.env"),
            &format!("JWT_SECRET={key}\nSECRET_KEY={OTHER}\n"),
        );
        vec![("CONCIERGE_ENV_FILE", "prod.env".to_owned())]
    });
    let file = checked(|folder| {
        write(&folder.join("jwt"), &format!("{key}\n"));
        vec![("JWT_SECRET_FILE", "jwt".to_owned()), other()]
    });
    let credential = checked(|folder| {
        let credentials = folder.join("credentials");
        fs::create_dir(&credentials).expect("a folder");
        write(&credentials.join("JWT_SECRET"), key);
        vec![
            ("CREDENTIALS_DIRECTORY", credentials.display().to_string()),
            other(),
        ]
    });
    let toml = checked(|folder| {
        write(
            &folder.join("keyring.toml"),
            &format!(
                "[signing]\nactive = 'a'\n[[signing.keys]]\nid = 'a'\nalg = 'HS256'\nvalue = '{key}'\nstate = 'active'\n"
            ),
        );
        vec![("CONCIERGE_KEYRING", "keyring.toml".to_owned()), other()]
    });
    vec![
        ("environment", environment),
        (".env", dotenv),
        ("_FILE", file),
        ("credential", credential),
        ("TOML", toml),
    ]
}

#[test]
fn keys_of_real_tools_pass_from_every_place() {
    for (tool, words) in [
        ("openssl", &["rand", "-hex", "32"][..]),
        ("openssl", &["rand", "-base64", "32"]),
        ("openssl", &["rand", "-base64", "64"]),
        ("node", &["-e", NODE_HEX]),
        ("node", &["-e", NODE_BASE64]),
        ("python3", &["-c", PYTHON]),
    ] {
        let key = made_by(tool, words);
        // One in 150,000 random keys looks like a pattern; two in a row never do.
        let key = match concierge_server::keys::weaknesses(&key).is_empty() {
            true => key,
            false => made_by(tool, words),
        };
        assert!(key.len() >= 44, "{tool} {words:?}");
        for (place, done) in everywhere(&key) {
            assert_eq!(
                done.code,
                Some(0),
                "{tool} {words:?} from {place}: {}",
                done.error
            );
            assert!(!(done.out + &done.error).contains(&key), "{place}");
        }
    }
}
