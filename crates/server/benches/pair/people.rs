//! People who ask, renew and sign in again all day, each from an address of their own, each time at the other process.

use std::{
    cell::{Ref, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval_at};

use crate::{
    ACCESS, EVERY, Outcome,
    client::{Answer, Connection},
    house::HOST,
    statistics::millis,
};

const PASSWORD: &str = "four brass bells ring";
/// A token is renewed when it has lived for this share of its life.
const RENEWED_AT: f64 = 0.6;
/// Every so many requests somebody signs in again.
const SIGNS_IN_EVERY: usize = 30;
/// What a clock rounds off.
const ROUNDING: Duration = Duration::from_secs(1);

/// What was asked and answered.
#[derive(Default)]
pub struct Tally(RefCell<Counts>);

/// The counts.
#[derive(Default)]
pub struct Counts {
    /// How long each kind of request took, in milliseconds.
    pub took: BTreeMap<&'static str, Vec<f64>>,
    /// The ids of the keys that signed.
    pub signers: BTreeSet<String>,
    /// 503 that said when to come back.
    pub asked_to_wait: usize,
    /// 401 to a token whose life was over.
    pub expired: usize,
    /// 401 that a session did not deserve.
    pub wronged: Vec<String>,
    /// Anything else that was no success.
    pub failed: Vec<String>,
}

impl Tally {
    /// Forgets what was counted while people came.
    pub fn begin_anew(&self) {
        self.0.borrow_mut().took.clear();
    }

    /// The counts, for as long as they are held.
    pub fn counts(&self) -> Ref<'_, Counts> {
        self.0.borrow()
    }

    /// Where it is, in a line.
    pub fn line(&self) -> String {
        let counts = self.counts();
        let answers: usize = counts.took.values().map(Vec::len).sum();
        let (signers, wronged) = (counts.signers.len(), counts.wronged.len());
        format!("{answers} answers, {signers} keys signed, {wronged} wronged")
    }

    fn fails(&self, what: String) {
        self.0.borrow_mut().failed.push(what);
    }

    /// Counts an answer to somebody whose session is valid; whether it is a success.
    fn judge(&self, what: &'static str, answer: &Answer, age: Duration, took: Duration) -> bool {
        let mut counts = self.0.borrow_mut();
        counts.took.entry(what).or_default().push(millis(took));
        let status = answer.status.as_u16();
        let is_old = what == PROFILE && age + ROUNDING >= ACCESS;
        let text = || format!("{what}: {status} {}", String::from_utf8_lossy(&answer.body));
        match status {
            200..=299 => return true,
            401 if is_old => counts.expired += 1,
            401 => counts.wronged.push(text()),
            503 if answer.says_when() => counts.asked_to_wait += 1,
            _ => counts.failed.push(text()),
        }
        false
    }
}

const PROFILE: &str = "profile";

/// Somebody with an account, and a connection to each process.
pub struct Person {
    tally: Rc<Tally>,
    ports: [u16; 2],
    connections: [Connection; 2],
    email: String,
    address: String,
    asked: usize,
    access: String,
    refresh: String,
    renewed_at: Instant,
}

impl Person {
    /// Makes an account and signs in.
    pub async fn enter(ports: &[u16; 2], number: usize, tally: Rc<Tally>) -> Outcome<Self> {
        let mut person = Self {
            tally,
            ports: *ports,
            connections: connections(ports).await?,
            email: format!("ada{number}@example.org"),
            address: format!("198.51.{}.{}", 100 + number / 250, 1 + number % 250),
            // Half of them begin at each.
            asked: number,
            access: String::new(),
            refresh: String::new(),
            renewed_at: Instant::now(),
        };
        let body = json!({ "email": person.email, "password": PASSWORD });
        let answer = person.post("/api/auth/register", &body).await?;
        if !answer.status.is_success() {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("a registration was answered {}: {text}", answer.status).into());
        }
        while !person.sign_in().await? {
            tokio::time::sleep(EVERY).await;
        }
        Ok(person)
    }

    /// Asks and asks, until nobody waits for it any more.
    pub async fn live(mut self, after: Duration) {
        let mut turn = interval_at(tokio::time::Instant::now() + after, EVERY);
        turn.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let lived = async {
            turn.tick().await;
            // Whoever came early has waited for longer than a connection is kept.
            self.connections = connections(&self.ports).await?;
            loop {
                self.ask().await?;
                turn.tick().await;
            }
        };
        let lived: Outcome<()> = lived.await;
        if let Err(error) = lived {
            self.tally.fails(format!("a connection failed: {error}"));
        }
    }

    async fn ask(&mut self) -> Outcome<()> {
        let age = self.renewed_at.elapsed();
        if self.asked.is_multiple_of(SIGNS_IN_EVERY) {
            self.sign_in().await?;
        } else if age > ACCESS.mul_f64(RENEWED_AT) {
            let body = json!({ "refresh_token": self.refresh });
            self.enter_by("refresh", "/api/auth/refresh", &body).await?;
        } else {
            let begun = Instant::now();
            let bearer = format!("Bearer {}", self.access);
            let request = Request::get("/api/profile").header(header::AUTHORIZATION, bearer);
            let answer = self.send(request.body(Body::empty())?).await?;
            self.tally.judge(PROFILE, &answer, age, begun.elapsed());
        }
        Ok(())
    }

    async fn sign_in(&mut self) -> Outcome<bool> {
        let body = json!({ "email": self.email, "password": PASSWORD, "transport": "bearer" });
        self.enter_by("sign-in", "/api/auth/login", &body).await
    }

    /// Gets new tokens.
    async fn enter_by(&mut self, what: &'static str, path: &str, body: &Value) -> Outcome<bool> {
        let begun = Instant::now();
        let answer = self.post(path, body).await?;
        let is_done = self
            .tally
            .judge(what, &answer, Duration::ZERO, begun.elapsed());
        if is_done {
            let tokens: Value = serde_json::from_slice(&answer.body)?;
            let text = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or("no token");
            (self.access, self.refresh) = (text("access_token")?, text("refresh_token")?);
            self.renewed_at = begun;
            self.tally
                .0
                .borrow_mut()
                .signers
                .insert(signer(&self.access)?);
        }
        Ok(is_done)
    }

    async fn post(&mut self, path: &str, body: &Value) -> Outcome<Answer> {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string()))?).await
    }

    /// By way of the proxy, which sends each request to the other process.
    async fn send(&mut self, mut request: Request<Body>) -> Outcome<Answer> {
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", self.address.parse()?);
        headers.insert("x-forwarded-proto", "https".parse()?);
        self.asked += 1;
        self.connections[self.asked % 2].send(request).await
    }
}

async fn connections(ports: &[u16; 2]) -> Outcome<[Connection; 2]> {
    let [here, there] = ports.map(|port| Connection::open(port, HOST));
    Ok([here.await?, there.await?])
}

/// The id of the key that signed a token.
fn signer(token: &str) -> Outcome<String> {
    let header = token.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header)?)?;
    Ok(header["kid"].as_str().ok_or("no kid")?.to_owned())
}
