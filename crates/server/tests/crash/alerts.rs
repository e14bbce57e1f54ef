//! `kill -9` while an alert comes up and is sent: it is told, and a receiver that knows the ids of messages is told once.

use std::{
    collections::BTreeSet,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use concierge_server::store::{Db, On, sql};
use serde_json::{Value, json};

use crate::{
    act::tell,
    house::{self, House},
    postgres::{self, Postgres},
    program::Program,
    receiver::Receiver,
    strace::{ALERT_AIMS, Aim, MESSAGE},
};

/// No start and look makes so many calls of one kind.
const MOST: usize = 300;
/// Long enough for a start, a look and a message.
const SOON: Duration = Duration::from_secs(120);

/// A house in which somebody failed to sign in, which a rule is about to notice, and where it will be told.
struct Scene {
    house: House,
    receiver: Receiver,
    rule: String,
}

impl Scene {
    /// On PostgreSQL where a database of it is given.
    fn set(postgres: Option<Postgres>) -> Self {
        let receiver = Receiver::start();
        let house = House::watching(postgres);
        let program = house.serve();
        let token = house::grant(&program, "access_token");
        let post = |path: &str, body: Value| {
            let head = format!(
                "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}"
            );
            let answer = program.request(&head, &body.to_string());
            let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
            serde_json::from_str::<Value>(body).unwrap_or_else(|_| panic!("{answer}"))
        };
        let channel = json!({ "name": "On call", "way": "webhook", "to": receiver.url() });
        assert!(post("/api/alerts/channels", channel)["channel"]["id"].is_string());
        let rule = json!({
            "name": "Burst", "watch": "authn_login_fail", "comparator": ">=", "threshold": 1,
            "window_seconds": 3600, "severity": "warning", "enabled": true,
        });
        let rule = post("/api/alerts/rules", rule)["id"].clone();
        // Nobody may look before the death.
        house.with_database(async |db| {
            let taken = sql("UPDATE lease SET holder = 'nobody', until = $1").bind(i64::MAX);
            taken.execute(On::Write(db)).await.expect("taken");
        });
        let wrong = json!({ "email": "nobody@example.org", "password": "not the right words" });
        let answer = program.post("/api/auth/login", &wrong.to_string());
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        program.kill();
        house.end_the_turn();
        Self {
            house,
            receiver,
            rule: rule.as_str().expect("an id").to_owned(),
        }
    }

    /// The ids under which the rule's alert was told.
    fn told(&self) -> BTreeSet<String> {
        let got = self.receiver.got().into_iter();
        let of_rule = got.filter(|(_, body)| body["data"]["rule"] == self.rule.as_str());
        of_rule.map(|(id, _)| id).collect()
    }

    /// Starts the house again, as if the time had passed that the dead one had the turn for, and waits until all is said.
    fn assert_told_once(&self, house: &House, at: &str) {
        house.end_the_turn();
        house.with_database(async |db| {
            let due =
                sql("UPDATE alert_delivery SET next_try_at = 1 WHERE next_try_at IS NOT NULL");
            due.execute(On::Write(db)).await.expect("due");
        });
        let program = house.serve();
        let begun = Instant::now();
        while !self.has_said_all(house) {
            assert!(begun.elapsed() < SOON, "{at}: the alert is lost");
        }
        assert!(program.terminate().0.success(), "{at}");
        assert_eq!(self.told().len(), 1, "{at}: told twice");
        let alerts = house.with_database(async |db| {
            let alerts =
                sql("SELECT COUNT(*) AS n FROM alert WHERE rule_id = $1").bind(self.rule.as_str());
            let row = alerts.fetch_one(db).await;
            row.and_then(|row| row.int("n")).expect("a count")
        });
        assert_eq!(alerts, 1, "{at}");
    }

    /// Kills a server at the Nth call; `false` when it has said all without being killed.
    fn kill(&self, house: &House, aim: &Aim, n: usize) -> bool {
        let mut command = aim.command(house, &["serve"], n);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut strace = command.spawn().expect("strace is installed");
        let begun = Instant::now();
        loop {
            if strace.try_wait().expect("it runs").is_some() {
                return true;
            }
            if self.has_said_all(house) {
                end(&mut strace);
                return false;
            }
            assert!(begun.elapsed() < SOON, "neither killed nor done");
        }
    }

    /// Kills a server that writes the Nth row of an alert into PostgreSQL; `false` when it has said all before.
    fn kill_at_row(&self, house: &House, n: usize) -> bool {
        house.with_database(async |db| postgres::stand_at(db, n).await);
        let program = house.serve();
        let begun = Instant::now();
        let stands = loop {
            let stands = house.with_database(async |db| postgres::somebody_stands(db).await);
            if stands || self.has_said_all(house) {
                break stands;
            }
            assert!(begun.elapsed() < SOON, "neither at row {n} nor done");
        };
        program.kill();
        house.with_database(async |db| postgres::let_go(db).await);
        stands
    }

    fn has_said_all(&self, house: &House) -> bool {
        !self.told().is_empty() && all_is_said(house)
    }

    /// Kills at the first, the second and so on, each time in a copy of the house, until nothing is left to kill at.
    fn survives(&self, aim: &str, kill: impl Fn(&House, usize) -> bool) {
        let mut kills = 0;
        for n in 1..MOST {
            let copy = self.house.copied();
            self.receiver.forget();
            let is_killed = kill(&copy, n);
            self.assert_told_once(&copy, &format!("killed at {aim} {n}"));
            if !is_killed {
                break;
            }
            kills = n;
        }
        tell(&format!("alerts: {kills} kills at {aim}"));
        assert!((1..MOST - 1).contains(&kills), "{kills} kills at {aim}");
    }
}

/// Whether no message waits. Each look opens the database, which takes its time.
fn all_is_said(house: &House) -> bool {
    house.with_database(async |db: &Db| {
        let waiting = sql("SELECT COUNT(*) AS n FROM alert_delivery WHERE state = 'waiting'");
        let row = waiting.fetch_one(db).await;
        row.and_then(|row| row.int("n")).expect("a count") == 0
    })
}

/// Ends the server under strace, and with it strace.
fn end(strace: &mut Child) {
    let id = strace.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    for child in children.expect("it runs").split_whitespace() {
        let child = child.parse().ok().and_then(rustix::process::Pid::from_raw);
        let child = child.expect("a process id");
        // It may have ended by itself.
        let _ = rustix::process::kill_process(child, rustix::process::Signal::KILL);
    }
    strace.wait().expect("it ends");
}

mod a_killed_server_loses_no_alert_and_tells_none_twice {
    use super::*;

    /// At each write to the log of the database in a start and its first look, and at each connection it makes.
    #[test]
    fn on_sqlite() {
        let scene = Scene::set(None);
        for aim in &ALERT_AIMS {
            scene.survives(&aim.name(), |copy, n| scene.kill(copy, aim, n));
        }
    }

    /// At each row that it writes in its first look, and at the message.
    #[test]
    fn on_postgres() {
        let Some(postgres) = Postgres::of_cluster() else {
            return;
        };
        let scene = Scene::set(Some(postgres));
        let house = &scene.house;
        house.with_database(async |db| postgres::count_rows(db).await);
        scene.survives("row in PostgreSQL", |copy, n| scene.kill_at_row(copy, n));
        scene.survives(&MESSAGE.name(), |copy, n| scene.kill(copy, &MESSAGE, n));
    }
}

/// Between the message and its answer, where nobody can know whether it arrived.
mod a_server_that_is_killed_while_the_receiver_reads_tells_it_again_under_the_same_id {
    use super::*;

    fn run(scene: &Scene) {
        scene.receiver.hold(true);
        let program: Program = scene.house.serve();
        let begun = Instant::now();
        while scene.told().is_empty() {
            assert!(begun.elapsed() < SOON, "it is never told");
            std::thread::yield_now();
        }
        program.kill();
        scene.receiver.hold(false);
        let before = scene.told();
        scene.receiver.forget();
        scene.assert_told_once(&scene.house, "killed before the answer");
        assert_eq!(scene.told(), before);
    }

    #[test]
    fn on_sqlite() {
        run(&Scene::set(None));
    }

    #[test]
    fn on_postgres() {
        if let Some(postgres) = Postgres::of_cluster() {
            run(&Scene::set(Some(postgres)));
        }
    }
}
