//! Vault: KV 2 and KV 1, token and AppRole, and every way it can say no.

use std::fs;

use super::{
    emulator::{Emulator, Listener, Variables, certificate, client},
    house::House,
    life::{Store, a_keyring_lives_in},
    race,
    running::a_server_follows,
};

const TOKEN: &str = "root-token";

fn vault(path: &str, entry: Variables) -> Store {
    let emulator = Emulator::start("vault_stub.py", &[]);
    let address = (
        "VAULT_ADDR",
        format!("http://127.0.0.1:{}", emulator.port()),
    );
    let name = ("CONCIERGE_KEY_STORE_NAME", path.to_owned());
    let token = ("VAULT_TOKEN", TOKEN.to_owned());
    Store {
        word: "vault",
        title: "Vault",
        client: (
            "vault_client.py",
            path.to_owned(),
            vec![address.clone(), token],
        ),
        variables: [vec![address, name], entry].concat(),
        secrets: vec![TOKEN.to_owned(), "the-secret".to_owned()],
        emulator,
    }
}

fn by_token(token: &str) -> Variables {
    vec![("VAULT_TOKEN", token.to_owned())]
}

fn by_role() -> Variables {
    vec![
        ("VAULT_ROLE_ID", "the-role".to_owned()),
        ("VAULT_SECRET_ID", "the-secret".to_owned()),
    ]
}

#[test]
fn what_stands_in_for_vault_passes_its_official_client() {
    let store = vault("secret/check", by_token(TOKEN));
    client("vault_client.py", &["check"], &store.client.2);
}

#[test]
fn a_keyring_lives_in_kv_2_by_token() {
    a_keyring_lives_in(vault("secret/concierge/staging", by_token(TOKEN)));
}

#[test]
fn a_keyring_lives_in_kv_1_by_approle() {
    a_keyring_lives_in(vault("old/concierge/staging", by_role()));
}

#[test]
fn a_server_follows_kv_2() {
    a_server_follows(vault("secret/concierge/staging", by_role()));
}

#[test]
fn a_server_follows_kv_1() {
    a_server_follows(vault("old/concierge/staging", by_token(TOKEN)));
}

#[test]
fn of_two_that_write_to_kv_2_one_wins() {
    let store = vault("secret/race", by_role());
    race::ends_with_one_winner("vault", &store.variables);
}

#[test]
fn each_refusal_of_vault_is_one_line_and_a_copy_stands_in_for_outages_only() {
    let store = vault("secret/concierge/staging", by_token(TOKEN));
    let mut house = House::new(&store.variables);
    let keyring = house.generate();
    house.expect("key push --to vault", 0, "sent to");
    house.live_in("vault");
    fs::remove_file(house.keyring()).unwrap();
    house.expect("key status", 0, "");
    for (mode, says) in [
        ("sealed", "it is sealed"),
        ("busy", "429"),
        ("broken", "502"),
        ("slow", "no answer within 10 s"),
    ] {
        store.emulator.make(mode);
        let line = house.expect("key diff --to vault", 5, says);
        assert_eq!(line.lines().count(), 1, "{line}");
        house.expect("migrate", 0, "");
    }
    store.emulator.make("well");
    for token in ["stranger-token", "nobody-at-all"] {
        let mut refused = House::new(&[store.variables.clone(), by_token(token)].concat());
        refused.live_in("vault");
        let data = refused.folder.path().join("data");
        fs::create_dir(&data).unwrap();
        for name in ["keyring.last-good", "keyring.last-good.key"] {
            fs::copy(house.folder.path().join("data").join(name), data.join(name)).unwrap();
        }
        refused.expect("migrate", 1, "403");
    }
    let reader = [store.variables.clone(), by_token("reader-token")].concat();
    let mut reader = House::new(&reader);
    reader.expect("key pull --from vault", 0, "written from");
    let line = "key push --to vault --force";
    reader.generate();
    reader.expect(
        line,
        5,
        "`create` and `update` on `secret/data/concierge/staging`",
    );
    house.told_no_secret(&[&keyring], &[TOKEN]);
}

#[test]
fn no_proxy_gets_the_token_where_there_is_no_tls() {
    let proxy = Listener::start();
    let store = vault("secret/concierge/staging", by_token(TOKEN));
    let port = store.emulator.port();
    for host in ["127.0.0.1", "localhost"] {
        let mut variables = store.variables.clone();
        variables.push(("VAULT_ADDR", format!("http://{host}:{port}")));
        for name in ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"] {
            variables.push((name, proxy.address()));
        }
        House::new(&variables).expect("key diff --to vault", 0, "no difference");
    }
    assert_eq!(proxy.count(), 0);
}

#[test]
fn a_wrong_secret_id_is_said_without_showing_it() {
    let mut wrong = by_role();
    wrong[1].1 = "no-such-secret-id".to_owned();
    let store = vault("secret/concierge/staging", wrong);
    let mut house = House::new(&store.variables);
    house.expect("key diff --to vault", 5, "VAULT_SECRET_ID");
    house.told_no_secret(&[], &["no-such-secret-id"]);
}

#[test]
fn the_token_is_read_from_a_file_and_a_path_that_is_none_is_refused() {
    let store = vault("secret/concierge/staging", Vec::new());
    let mut nobody = House::new(&store.variables);
    nobody.expect("key diff --to vault", 5, "set VAULT_TOKEN");
    let file = nobody.folder.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let named = ("VAULT_TOKEN_FILE", file.display().to_string());
    let mut house = House::new(&[store.variables.clone(), vec![named]].concat());
    house.expect("key diff --to vault", 0, "no difference");
    for path in [
        "secret",
        "secret//x",
        "secret/../x",
        "secret/x?y",
        "/secret/x",
    ] {
        let name = ("CONCIERGE_KEY_STORE_NAME", path.to_owned());
        let variables = [store.variables.clone(), by_token(TOKEN), vec![name]].concat();
        House::new(&variables).expect("key diff --to vault", 5, "a mount and a path");
    }
}

#[test]
fn only_a_certificate_that_proves_it_is_vault_gets_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path(), "DNS:localhost");
    let emulator = Emulator::start("vault_stub.py", &[&pem, &key]);
    let port = emulator.port();
    let with = |host: &str, authority: Option<&std::path::Path>| {
        let mut variables = by_token(TOKEN);
        variables.push(("VAULT_ADDR", format!("https://{host}:{port}")));
        variables.extend(authority.map(|path| ("VAULT_CACERT", path.display().to_string())));
        House::new(&variables)
    };
    let line = "key diff --to vault";
    with("localhost", Some(&pem)).expect(line, 0, "no difference");
    with("localhost", None).expect(line, 5, "no TLS connection");
    with("127.0.0.1", Some(&pem)).expect(line, 5, "no TLS connection");
    with("localhost", Some(&key)).expect(line, 5, "VAULT_CACERT");
    let plain = ("VAULT_ADDR", "http://vault.invalid:8200".to_owned());
    let mut house = House::new(&[by_token(TOKEN), vec![plain]].concat());
    house.expect(line, 5, "must be https");
}
