//! `key import`: a good key is taken as it is, a bad one changes nothing.

use super::*;

const STAGING: [(&str, &str); 1] = [("CONCIERGE_ENV", "staging")];

#[test]
fn good_keys_become_the_active_ones_and_pass_the_check() {
    let folder = tempfile::tempdir().expect("a folder");
    for (ring, key) in [("signing", GOOD), ("sealing", OTHER)] {
        let words = format!("key import --json --ring {ring} --stdin");
        let done = run(folder.path(), &words, &STAGING, &format!("{key}\r\n"));
        assert_eq!(done.code, Some(0), "{}", done.error);
        assert!(done.out.contains("\"staging-00000000-"), "{}", done.out);
        assert!(!(done.out + &done.error).contains(key));
    }
    let file = folder.path().join("data/secrets.staging.toml");
    let mode = file.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&file).expect("a file");
    for key in [GOOD, OTHER] {
        assert!(text.contains(&format!("value = \"{key}\"")), "{text}");
    }
    let checked = run(folder.path(), "key check", &STAGING, "");
    assert_eq!(checked.code, Some(0), "{}", checked.error);
}

#[test]
fn a_bad_key_is_refused_in_every_environment_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        &folder.path().join(".env"),
        &format!("# ours\nSECRET_KEY={OTHER}\n"),
    );
    let known = "your-256-bit-secret";
    let period = "0123456789abcdef".repeat(4);
    for environment in ["development", "staging"] {
        for (key, why) in [
            (
                "0123456789abcdef0123456789abcdef",
                "32 hex characters are 128 bits; 64 are needed",
            ),
            (period.as_str(), "64 bits at most"),
            (known, "public documentation"),
            ("", "it is empty"),
            (&format!(" {GOOD}"), "blanks"),
            (&format!("{GOOD}\n\n"), "several lines"),
            (OTHER, "the same key signs and seals"),
        ] {
            let variables = [
                ("CONCIERGE_ENV", environment),
                ("CONCIERGE_ENV_FILE", ".env"),
            ];
            let done = run(
                folder.path(),
                "key import --ring signing --stdin",
                &variables,
                key,
            );
            assert!(done.error.contains(why), "{}", done.error);
            assert_eq!(done.code, Some(1), "{why}");
            assert!(
                key.is_empty() || !done.error.contains(key),
                "{}",
                done.error
            );
        }
    }
    for id in ["a/b", "prod-20261120-9f3a"] {
        let words = format!("key import --ring signing --stdin --id {id}");
        let done = run(folder.path(), &words, &STAGING, GOOD);
        assert_eq!(done.code, Some(1), "{}", done.error);
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_ring_in_use_is_replaced_only_by_force_and_comments_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("prod.env");
    let text = format!("# ours\nPORT=1\nexport JWT_SECRET={GOOD} \n# theirs\n");
    write(&file, &text);
    let words = "key import --ring signing --stdin --env production --out prod.env";
    let refused = run(folder.path(), words, &[], OTHER);
    assert_eq!(refused.code, Some(2), "{}", refused.error);
    assert!(refused.error.contains("key rotate"), "{}", refused.error);
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);
    let done = run(folder.path(), &format!("{words} --force"), &[], OTHER);
    assert_eq!(done.code, Some(0), "{}", done.error);
    let expected = format!("# ours\nPORT=1\nexport JWT_SECRET={OTHER}\n# theirs\n");
    assert_eq!(fs::read_to_string(&file).expect("a file"), expected);
}

#[test]
fn a_key_that_would_disagree_with_another_place_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = [("CONCIERGE_ENV", "staging"), ("JWT_SECRET", OTHER)];
    let words = "key import --ring signing --stdin";
    let refused = run(folder.path(), words, &set, GOOD);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.error.contains("another key stands in environment"),
        "{}",
        refused.error
    );
    assert!(!folder.path().join("data").exists());
    let same = run(folder.path(), words, &set, OTHER);
    assert_eq!(same.code, Some(0), "{}", same.error);
}
