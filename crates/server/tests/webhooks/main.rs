//! Webhooks of alerts over real TLS, checked by the library that receivers use: `scripts/webhooks.sh`.

#[macro_use]
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_macros, reason = "other tests use the rest of it")]
mod support;

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use concierge_core::account::Role;
use concierge_server::{
    account::Deed,
    platform::clock::{Clock as _, SystemClock},
};
use serde_json::{Value, json};

use support::{
    app::TestApp,
    clock::ManualClock,
    database::{Database, variable},
};

const GRACE: &str = "grace@example.org";

/// The receiver; it ends with the test.
struct Receiver {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Receiver {
    fn start() -> Self {
        let given =
            |name| variable(name).unwrap_or_else(|| panic!("{name}; run scripts/webhooks.sh"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhooks/receiver.py");
        let mut child = Command::new(given("WEBHOOKS_PYTHON"))
            .arg(script)
            .args([given("WEBHOOKS_CERTIFICATE"), given("WEBHOOKS_KEY")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the receiver starts");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self {
            child,
            input,
            output,
        }
    }

    fn next(&mut self) -> Value {
        let line = self.output.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_of_receivers_takes_each_try_and_no_forgery() {
    let database = Database::sqlite();
    let app = TestApp::with(&database, |options| {
        // The library refuses what is older than five minutes, so this house lives now.
        options.clock = ManualClock::at(SystemClock.now()).into();
        options.config.alert_networks = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let app = app.await;
    let mut admin = app.signed_in_admin().await;
    let mut receiver = Receiver::start();
    let port = receiver.next()["port"].as_u64().expect("a port");
    let to = format!("https://localhost:{port}/hook");
    let new = json!({ "name": "On call", "way": "webhook", "to": to });
    let made = admin.post("/api/alerts/channels", new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
    writeln!(receiver.input, "{secret}").expect("told");
    assert_eq!(receiver.next()["ready"], true);
    app.registered(GRACE).await;
    app.act(GRACE, Deed::SetRole(Role::Admin)).await;
    app.act(GRACE, Deed::Lock).await;
    let alerts = &app.services.alerts;
    alerts.evaluate().await.expect("evaluated");
    alerts.deliver(&app.services.shutdown).await.expect("sent");
    let first = receiver.next();
    app.advance_seconds(5).await;
    alerts.deliver(&app.services.shutdown).await.expect("sent");
    let second = receiver.next();
    for got in [&first, &second] {
        assert_eq!(got["payload"]["type"], "alert.fired", "{got}");
        assert_eq!(got["forgery"], "refused", "{got}");
        assert_eq!(got["agent"], "Concierge");
    }
    assert_eq!(first["id"], second["id"]);
    assert_eq!(first["payload"], second["payload"]);
    database.remove().await;
}
