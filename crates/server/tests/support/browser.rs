//! A client in process: keeps cookies by name like a browser and says where its requests come from.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, header, request},
};
use concierge_server::http::outer::Peer;
use cookie::Cookie;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A browser, or a program when it sends no `Sec-Fetch-Site`.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    /// Our cookies.
    pub cookies: BTreeMap<String, String>,
    /// What it says of its requests' origin.
    pub site: Option<&'static str>,
    /// The host it asks for.
    pub host: &'static str,
    /// Further headers of every request.
    pub headers: Vec<(&'static str, String)>,
    /// Its end of the connection.
    pub peer: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Browser {
    /// A browser without any cookie.
    pub fn new(router: Router, site: Option<&'static str>) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
            site,
            host: "localhost:3000",
            headers: Vec::new(),
            peer: SocketAddr::from(([127, 0, 0, 1], 40_000)),
        }
    }

    /// A request with everything a browser adds.
    pub fn request(&self, method: &str, path: &str) -> request::Builder {
        let mut builder = Request::builder().method(method).uri(path);
        builder = builder.header(header::HOST, self.host);
        if let Some(site) = self.site {
            builder = builder.header("sec-fetch-site", site);
        }
        if !self.cookies.is_empty() {
            let pairs = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            builder = builder.header(header::COOKIE, pairs.collect::<Vec<_>>().join("; "));
        }
        for (name, value) in &self.headers {
            builder = builder.header(*name, value);
        }
        builder
    }

    /// Sends a request as it is and keeps the cookies of the answer.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Peer(self.peer));
        let response = self.router.clone().oneshot(request).await;
        let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a body");
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_vec(),
        };
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for text in answer.set_cookies() {
            let cookie = Cookie::parse(text).expect("a cookie");
            if cookie
                .max_age()
                .is_some_and(cookie::time::Duration::is_zero)
            {
                self.cookies.remove(cookie.name());
            } else {
                let value = cookie.value().to_owned();
                self.cookies.insert(cookie.name().to_owned(), value);
            }
        }
    }

    /// Reads.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty());
        self.send(request.expect("a request")).await
    }

    /// Follows a link or types an address.
    pub async fn visit(&mut self, path: &str) -> Answer {
        let builder = self
            .request("GET", path)
            .header("sec-fetch-mode", "navigate");
        self.send(builder.body(Body::empty()).expect("a request"))
            .await
    }

    /// Sends JSON.
    pub async fn call(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let builder = self.request(method, path);
        let builder = builder.header(header::CONTENT_TYPE, "application/json");
        let request = builder.body(Body::from(body.to_string()));
        self.send(request.expect("a request")).await
    }

    /// Posts JSON.
    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    /// Posts without a body.
    pub async fn poke(&mut self, path: &str) -> Answer {
        let request = self.request("POST", path).body(Body::empty());
        self.send(request.expect("a request")).await
    }

    /// Posts a form as a page without script does.
    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).expect("a form");
        let builder = self.request("POST", path);
        let builder = builder.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(builder.body(Body::from(body)).expect("a request"))
            .await
    }

    /// Signs in.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/auth/login", body).await
    }

    /// Signs in for raw tokens and carries the access token from then on; answers the refresh token.
    pub async fn sign_in_bearer(&mut self, email: &str, password: &str) -> String {
        let body = json!({ "email": email, "password": password, "transport": "bearer" });
        let answer = self.post("/api/auth/login", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tokens = answer.json();
        let access = tokens["access_token"].as_str().expect("a token");
        self.headers
            .push(("authorization", format!("Bearer {access}")));
        tokens["refresh_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// Renews by cookie.
    pub async fn refresh(&mut self) -> Answer {
        self.poke("/api/auth/refresh").await
    }

    /// The value of one of our cookies.
    pub fn cookie(&self, name: &str) -> String {
        self.cookies
            .get(name)
            .cloned()
            .unwrap_or_else(|| panic!("no cookie {name}"))
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The first header of a name; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// What the answer sets.
    pub fn set_cookies(&self) -> Vec<String> {
        let values = self.headers.get_all(header::SET_COOKIE).iter();
        values
            .map(|value| value.to_str().expect("text").to_owned())
            .collect()
    }

    /// Asserts status and code of a problem at once, and its media type.
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.code().as_str()),
            (status, code),
            "{}",
            self.text()
        );
        assert!(
            self.header("content-type")
                .starts_with("application/problem+json")
        );
    }
}
