//! A browser as the server sees one: a connection, a jar of cookies, and the header that tells of its own origin.

use std::{collections::BTreeMap, time::Instant};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, header},
};
use serde_json::Value;

use crate::{
    Outcome,
    client::{Answer, Connection},
    tally::{Expected, Tally},
};

/// A browser, which tells the tally of every answer.
pub struct Browser<'a> {
    /// Where every answer is judged.
    pub tally: &'a Tally,
    connection: Connection,
    jar: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    /// A browser without cookies, connected to a port.
    pub async fn open(port: u16, tally: &'a Tally) -> Outcome<Self> {
        Ok(Self {
            tally,
            connection: Connection::open(port, &format!("localhost:{port}")).await?,
            jar: BTreeMap::new(),
        })
    }

    /// Gets a path; whether that is done.
    pub async fn get(
        &mut self,
        what: &'static str,
        path: &str,
        expected: Expected,
    ) -> Outcome<bool> {
        let answer = self.ask(Request::get(path).body(Body::empty())?).await?;
        Ok(self.tally.judge(what, expected, &answer))
    }

    /// The profile, with its time.
    pub async fn profile(&mut self) -> Outcome<bool> {
        let begun = Instant::now();
        let request = Request::get("/api/profile").body(Body::empty())?;
        let answer = self.ask(request).await?;
        let took = (answer.head_at - begun).as_secs_f64() * 1000.0;
        self.tally.counts().profile.push(took);
        Ok(self.tally.judge("profile", Expected::Done, &answer))
    }

    /// Sends JSON; whether that is done.
    pub async fn send(
        &mut self,
        what: &'static str,
        (method, path): (Method, &str),
        body: &Value,
        expected: Expected,
    ) -> Outcome<bool> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?;
        let answer = self.ask(request).await?;
        Ok(self.tally.judge(what, expected, &answer))
    }

    /// Sends any request with the jar's cookies and keeps those of the answer.
    pub async fn ask(&mut self, mut request: Request<Body>) -> Outcome<Answer> {
        let cookies: Vec<String> = self.jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let headers = request.headers_mut();
        if !cookies.is_empty() {
            headers.insert(header::COOKIE, cookies.join("; ").parse()?);
        }
        headers
            .entry("sec-fetch-site")
            .or_insert("same-origin".parse()?);
        let answer = self.connection.send(request).await?;
        self.keep(&answer.headers);
        Ok(answer)
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default().split(';').next();
            match pair.and_then(|pair| pair.split_once('=')) {
                Some((name, "")) => drop(self.jar.remove(name)),
                Some((name, value)) => {
                    self.jar.insert(name.to_owned(), value.to_owned());
                }
                None => {}
            }
        }
    }

    /// The cookies as they are now, for [`Self::put_back`].
    pub fn jar(&self) -> BTreeMap<String, String> {
        self.jar.clone()
    }

    /// Puts cookies back that the server has taken away, as a thief would.
    pub fn put_back(&mut self, jar: BTreeMap<String, String>) {
        self.jar = jar;
    }
}
