//! `kill -9` at each step at which a command on the keys writes: the real program, the real signal, by strace.
//!
//! Whatever step it is, the folder holds the old keys or the new ones, a start works, sessions stand as the act says,
//! and the same command, given again, finishes it. `make soak` runs this; it takes minutes.
//!
//! A server is killed, too, at each step at which it looks at the rules of the alerts and tells what they say, with
//! both engines where there is a cluster.
//!
//! And a revoke where the keyring is encrypted, which takes seconds of work to open.

#[path = "../support/database.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod database;
#[path = "../support/program.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod program;

mod act;
mod alerts;
mod house;
mod postgres;
mod receiver;
mod strace;

use std::time::{Duration, Instant};

use act::{Act, Sessions};
use house::House;
use program::Program;

#[test]
fn a_first_key_is_made_or_not_and_what_git_ignores_stays() {
    let house = House::empty();
    std::fs::create_dir(house.path(".git")).expect("made");
    house.write(house::IGNORED, "/target\n");
    Act::of("generate", &["key", "generate", "--out", house::KEYRING])
        .already("has a key for signing already")
        .survives(&house);
}

#[test]
fn a_first_key_in_a_dot_env_is_made_or_not() {
    let mut house = House::empty();
    house.set("CONCIERGE_ENV_FILE", ".env");
    house.write(".env", "# ours\nCONCIERGE_CONTACT=ops@example.org\n");
    Act::of("generate in .env", &["key", "generate", "--out", ".env"])
        .already("has a key for signing already")
        .survives(&house);
}

#[test]
fn a_key_that_comes_in_replaces_the_old_one_or_not() {
    let house = House::serving();
    let words = ["key", "import", "--ring", "signing", "--stdin", "--force"];
    Act::of("import", &words)
        .fed(&house::made())
        .with(Sessions::Stay)
        .survives(&house);
}

#[test]
fn a_rotation_is_done_or_not() {
    for ring in ["signing", "sealing"] {
        Act::of(
            &format!("rotate {ring}"),
            &["key", "rotate", "--ring", ring],
        )
        .with(Sessions::Stay)
        .survives(&House::serving());
    }
}

#[test]
fn a_rotation_in_a_dot_env_is_done_or_not() {
    let house = House::serving_from_dot_env();
    for ring in ["signing", "sealing"] {
        let words = ["key", "rotate", "--ring", ring, "--out", ".env"];
        Act::of(&format!("rotate {ring} in .env"), &words)
            .with(Sessions::Stay)
            .survives(&house);
    }
}

#[test]
fn a_rotation_is_undone_or_not() {
    for ring in ["signing", "sealing"] {
        let house = House::serving();
        house.done(&["key", "rotate", "--ring", ring]);
        let words = ["key", "rotate", "--ring", ring, "--undo"];
        Act::of(&format!("undo {ring}"), &words)
            .with(Sessions::Stay)
            .survives(&house);
    }
}

#[test]
fn a_revoked_key_ends_everything_once_it_is_written_down() {
    for ring in ["signing", "sealing"] {
        let house = House::serving();
        let kid = house.active(ring);
        let words = ["key", "revoke", "--kid", &kid, "--reason", "seen in a log"];
        Act::of(&format!("revoke {ring}"), &words)
            .with(Sessions::End)
            .survives(&house);
    }
}

#[test]
fn a_backup_is_restored_or_not() {
    let house = House::serving();
    house.back_up();
    house.done(&["key", "rotate", "--ring", "sealing"]);
    Act::of("restore", &house::RESTORE)
        .with(Sessions::End)
        .survives(&house);
}

#[test]
fn a_lost_keyring_is_restored_or_not() {
    let house = House::serving();
    house.back_up();
    std::fs::remove_file(house.path(house::KEYRING)).expect("lost");
    Act::of("restore a lost keyring", &house::RESTORE)
        .with(Sessions::End)
        .survives(&house);
}

const HALFWAY: &str = "they hold the same keys: `concierge key encrypt` keeps";

#[test]
fn an_encrypted_keyring_is_one_or_the_other() {
    let mut house = House::serving();
    house.set("CONCIERGE_KEYRING_PASSPHRASE_FILE", house::PASSPHRASE);
    Act::of("encrypt", &["key", "encrypt"])
        .already("is encrypted already")
        .halfway(HALFWAY)
        .with(Sessions::Stay)
        .survives(&house);
    house.done(&["key", "encrypt"]);
    Act::of("decrypt", &["key", "decrypt"])
        .already("is not encrypted")
        .halfway(HALFWAY)
        .with(Sessions::Stay)
        .survives(&house);
}

/// From the answer of the command on, whatever work the processes have to do before they can read the new keys.
#[test]
fn two_processes_with_an_encrypted_keyring_refuse_within_a_second() {
    let mut house = House::serving();
    house.set("CONCIERGE_KEYRING_PASSPHRASE_FILE", house::PASSPHRASE);
    house.done(&["key", "encrypt"]);
    let here = house.serve();
    let there = here.beside(&house.path("."), &house.borrowed());
    for ring in ["signing", "sealing"] {
        let token = known_to_both(&house, &here, &there);
        let kid = house.active(ring);
        let begun = Instant::now();
        house.done(&["key", "revoke", "--kid", &kid, "--reason", "leaked"]);
        let answered = Instant::now();
        for program in [&here, &there] {
            while house::status_of(program, &token) != 401 {
                assert!(answered.elapsed() < Duration::from_secs(1), "{ring}");
            }
        }
        let (took, refused) = (answered - begun, answered.elapsed());
        act::tell(&format!(
            "revoke {ring}, encrypted: answered after {took:?}, refused by both {refused:?} later"
        ));
    }
}

/// A token that both accept, of the first sign-in after both have read the keys: whoever signs in then stays.
fn known_to_both(house: &House, here: &Program, there: &Program) -> String {
    let kids = ["signing", "sealing"].map(|ring| house.active(ring));
    let begun = Instant::now();
    while !house.is_known_to(2, &kids) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the new keys are never read"
        );
    }
    let token = house::grant(here, "access_token");
    for program in [here, there] {
        assert_eq!(house::status_of(program, &token), 200);
    }
    token
}
