//! Two that write at once. This runs inside a child process, because the libraries of AWS and Azure learn where to go
//! and who they are from the environment of theirs.

use std::process::Command;

use concierge_server::{
    config::{Config, LoadArgs, StoreKind},
    keys::stores::{Fault, KeyStore},
};

use super::{emulator::Variables, house::House};

/// Tells the child which store it is about.
const STORE: &str = "STORE_TO_RACE_FOR";

/// Runs the race below with a store's variables.
pub fn ends_with_one_winner(word: &str, variables: &Variables) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "race::of_two_writers_one_wins", "--nocapture"]);
    command
        .current_dir(folder.path())
        .env_clear()
        .env(STORE, word);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

/// Nothing happens unless a test above asked for it.
#[tokio::test]
async fn of_two_writers_one_wins() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a child learns from its parent what to do"
    )]
    let word = std::env::var(STORE).unwrap_or_default();
    let Some(kind) = StoreKind::ALL.into_iter().find(|one| one.as_str() == word) else {
        return;
    };
    let reading = Config::read(&LoadArgs::default());
    let settings = &reading.keys().store;
    let store = || KeyStore::of(kind, settings, reading.environment).expect("a store");
    let mut house = House::new(&Vec::new());
    let texts: [String; 4] = std::array::from_fn(|_| house.generate());

    store().replace(&texts[0], None).await.expect("written");
    assert_eq!(store().replace(&texts[1], None).await, Err(Fault::Conflict));
    let read = || async { store().fetch().await.expect("read").expect("there") };
    let first = read().await;
    assert_eq!(first.text.expose(), texts[0]);
    store()
        .replace(&texts[1], Some(&first.version))
        .await
        .expect("written");
    let late = store().replace(&texts[2], Some(&first.version)).await;
    assert_eq!(late, Err(Fault::Conflict));
    assert_eq!(read().await.text.expose(), texts[1]);

    let second = read().await.version;
    let (one, other) = (store(), store());
    let told = tokio::join!(
        one.replace(&texts[2], Some(&second)),
        other.replace(&texts[3], Some(&second)),
    );
    let left = read().await;
    match told {
        (Ok(version), Err(fault)) => {
            assert_eq!((left.text.expose(), fault), (&*texts[2], Fault::Conflict));
            assert!(left.version == version || kind == StoreKind::Azure);
        }
        (Err(fault), Ok(version)) => {
            assert_eq!((left.text.expose(), fault), (&*texts[3], Fault::Conflict));
            assert!(left.version == version || kind == StoreKind::Azure);
        }
        // In Key Vault the first one may see the second one before that one has put the text back.
        (Err(Fault::Conflict), Err(Fault::Conflict)) if kind == StoreKind::Azure => {
            let either = [&texts[2], &texts[3]];
            assert!(either.iter().any(|text| *text == left.text.expose()));
        }
        told => panic!("{told:?}"),
    }
    store().health().await.expect("well");
}
