//! AWS Secrets Manager in moto, which checks signatures and policies.

use std::path::Path;

use super::{
    emulator::{Emulator, Listener, Variables, certificate},
    house::House,
    life::{Store, a_keyring_lives_in},
    race,
    running::a_server_follows,
};

const NAME: &str = "concierge/staging";

fn user(emulator: &Emulator, user: &str) -> Variables {
    let half = |at: usize| emulator.facts[user][at].as_str().expect("a key");
    let endpoint = format!("http://127.0.0.1:{}", emulator.port());
    let mut variables = vec![("AWS_ENDPOINT_URL", endpoint)];
    variables.extend(user_of([half(0), half(1)]));
    variables
}

fn user_of([id, secret]: [&str; 2]) -> Variables {
    vec![
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_DEFAULT_REGION", "eu-central-1".to_owned()),
        // No machine of AWS stands behind a test; nobody should wait for one.
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
    ]
}

fn aws() -> Store {
    let emulator = Emulator::start("aws_server.py", &[]);
    let keeper = user(&emulator, "keeper");
    Store {
        word: "aws",
        title: "AWS Secrets Manager",
        client: ("aws_client.py", NAME.to_owned(), keeper.clone()),
        secrets: vec![keeper[5].1.clone()],
        variables: keeper,
        emulator,
    }
}

#[test]
fn a_keyring_lives_in_secrets_manager() {
    a_keyring_lives_in(aws());
}

#[test]
fn a_server_follows_secrets_manager() {
    a_server_follows(aws());
}

/// moto never fails like this, so another server does it: what counts is the status, the silence, the certificate.
#[test]
fn each_refusal_of_aws_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path(), "DNS:localhost");
    let plain = Emulator::start("vault_stub.py", &[]);
    let tls = Emulator::start("vault_stub.py", &[&pem, &key]);
    let line = |address: String, says: &str| {
        let endpoint = ("AWS_ENDPOINT_URL", address);
        let variables = [
            user_of(["someone", "some-secret-access-key"]),
            vec![endpoint],
        ]
        .concat();
        let said = House::new(&variables).expect("key diff --to aws", 5, says);
        assert_eq!(said.lines().count(), 1, "{said}");
    };
    for (mode, says) in [
        ("busy", "429"),
        ("broken", "502"),
        ("slow", "no answer within 10 s"),
    ] {
        plain.make(mode);
        line(format!("http://127.0.0.1:{}", plain.port()), says);
    }
    line(
        format!("https://localhost:{}", tls.port()),
        "no TLS connection",
    );
    drop(plain);
    let nobody = super::program::free();
    line(format!("http://{nobody}"), "it can't be reached");
}

#[test]
fn of_two_that_move_awscurrent_one_wins() {
    let store = aws();
    let name = ("CONCIERGE_KEY_STORE_NAME", "concierge/race".to_owned());
    let variables = [store.variables.clone(), vec![name]].concat();
    race::ends_with_one_winner("aws", &variables);
}

#[test]
fn a_wrong_signature_and_a_missing_permission_are_said() {
    let store = aws();
    let mut house = House::new(&store.variables);
    house.generate();
    house.expect("key push --to aws", 0, "sent to");
    let mut reader = House::new(&user(&store.emulator, "reader"));
    reader.expect("key pull --from aws", 0, "written from");
    reader.generate();
    reader.expect(
        "key push --to aws --force",
        5,
        "`secretsmanager:PutSecretValue` on concierge/staging",
    );
    let mut forged = store.variables.clone();
    forged[5].1 = "no-such-secret-access-key".to_owned();
    let mut forger = House::new(&forged);
    forger.expect("key diff --to aws", 5, "credentials that AWS knows");
    forger.told_no_secret(&[], &["no-such-secret-access-key"]);
}

/// Wherever an endpoint comes from: the keys go to nobody in the clear, not to a name and not through a proxy.
#[test]
fn without_tls_aws_is_asked_on_this_machine_only_and_through_nobody() {
    let proxy = Listener::start();
    let store = aws();
    let line = "key diff --to aws";
    let with = |more: Variables| House::new(&[store.variables.clone(), more].concat());
    for address in [
        "http://secretsmanager.invalid",
        &format!("http://localhost:{}", store.emulator.port()),
    ] {
        let endpoint = |name| (name, address.to_owned());
        with(vec![endpoint("AWS_ENDPOINT_URL")]).expect(line, 5, "must be https");
        let own = endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        with(vec![own]).expect(line, 5, "must be https");
    }
    let through = ("HTTP_PROXY", proxy.address());
    with(vec![through.clone()]).expect(line, 5, "without a proxy between");
    assert_eq!(proxy.count(), 0);
    let past = ("NO_PROXY", "127.0.0.1".to_owned());
    with(vec![through, past]).expect(line, 0, "no difference");
    assert_eq!(proxy.count(), 0);
}

#[test]
fn a_program_in_a_profile_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let (config, mark) = (folder.path().join("config"), folder.path().join("mark"));
    let script = format!("sh -c 'touch {}'", mark.display());
    let profile = format!("[default]\ncredential_process = {script}\n");
    std::fs::write(&config, profile).unwrap();
    let store = aws();
    let mut variables = store.variables.clone();
    variables.retain(|(name, _)| !name.contains("ACCESS_KEY"));
    variables.push(("AWS_CONFIG_FILE", config.display().to_string()));
    let mut house = House::new(&variables);
    house.expect("key diff --to aws", 5, "credentials that AWS knows");
    assert!(!mark.exists());
}

/// The library repeats the question, and the label is no longer where it was read: on our own version.
#[test]
fn a_move_whose_answer_was_lost_is_found_to_be_done() {
    let store = aws();
    let mut house = House::new(&store.variables);
    house.generate();
    house.expect("key push --to aws", 0, "sent to");
    let lossy = Emulator::start(
        "aws_lossy.py",
        &[Path::new(&store.emulator.port().to_string())],
    );
    let address = format!("http://127.0.0.1:{}", lossy.port());
    let through = [store.variables.clone(), vec![("AWS_ENDPOINT_URL", address)]].concat();
    let mut house = House::new(&through);
    let ours = house.generate();
    house.expect("key push --to aws --force", 0, "sent to");
    assert_eq!(store.keyring(), ours);
}

#[test]
fn without_a_region_or_credentials_it_says_which() {
    let store = aws();
    let without = |names: &[&str]| {
        let mut variables = store.variables.clone();
        variables.retain(|(name, _)| !names.contains(name));
        House::new(&variables)
    };
    let line = "key diff --to aws";
    without(&["AWS_REGION", "AWS_DEFAULT_REGION"]).expect(line, 5, "set AWS_REGION");
    without(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]).expect(
        line,
        5,
        "credentials that AWS knows",
    );
}
