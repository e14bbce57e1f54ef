//! Those who don't: guessers of passwords, a crowd at once, and senders of what is no request.

use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    Outcome,
    browser::Browser,
    people::PASSWORD,
    tally::{Expected, Tally},
};

/// So many guesses at once are more than may wait for their turn on a small machine.
const CROWD: usize = 200;
/// Between two crowds.
const CALM: Duration = Duration::from_secs(20);
/// A connection that sends nothing useful is closed by then.
const CLOSED_WITHIN: Duration = Duration::from_secs(15);

/// What is no HTTP request, or never becomes one.
const NOISE: [&[u8]; 5] = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"GET /api/profile HTTP/1.1\r\nHost: loc",
    b"\0\0\0\0\r\n\r\n",
];

/// Tries passwords, now on a name that somebody has, now on one that nobody has.
pub async fn guess(port: u16, tally: &Tally, name: &str, until: Instant) -> Outcome<()> {
    let somebody = json!({ "email": format!("{name}-0@example.org"), "password": PASSWORD });
    let to = (Method::POST, "/api/auth/register");
    Browser::open(port, tally)
        .await?
        .send("registration", to, &somebody, Expected::Done)
        .await?;
    let mut browser = Browser::open(port, tally).await?;
    for attempt in 0_u32.. {
        if Instant::now() >= until {
            break;
        }
        let email = format!("{name}-{}@example.org", attempt % 2);
        let password = format!("four brass bells {attempt}");
        let body = json!({ "email": email, "password": password });
        let to = (Method::POST, "/api/auth/login");
        browser
            .send("wrong password", to, &body, Expected::Refused)
            .await?;
    }
    Ok(())
}

/// Many guesses at once, then calm, again and again.
pub async fn crowd(port: u16, tally: &Tally, until: Instant) -> Outcome<()> {
    while Instant::now() + CALM < until {
        let guesses = (0..CROWD).map(|number| async move {
            let mut browser = Browser::open(port, tally).await?;
            let email = format!("crowd-{number}@example.org");
            let body = json!({ "email": email, "password": "four brass bells" });
            let to = (Method::POST, "/api/auth/login");
            browser.send("crowd", to, &body, Expected::Refused).await
        });
        futures_util::future::try_join_all(guesses).await?;
        tokio::time::sleep(CALM).await;
    }
    Ok(())
}

/// Well-formed HTTP that no browser of ours would send.
pub async fn malform(port: u16, tally: &Tally, until: Instant) -> Outcome<()> {
    let mut browser = Browser::open(port, tally).await?;
    for number in 0_usize.. {
        if Instant::now() >= until {
            break;
        }
        let answer = browser.ask(malformed(number)?).await?;
        tally.judge("malformed request", Expected::Refused, &answer);
        if number % 8 == 7 {
            // Whoever sends too much loses the connection.
            browser = Browser::open(port, tally).await?;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn malformed(number: usize) -> Outcome<Request<Body>> {
    let login =
        || Request::post("/api/auth/login").header(header::CONTENT_TYPE, "application/json");
    let credentials = r#"{"email":"a@example.org","password":"b"}"#;
    let request = match number % 8 {
        0 => login().body(r#"{"email":"#.into()),
        1 => login().body(r#"{"email":"a@example.org","password":"b","admin":true}"#.into()),
        2 => login()
            .header(header::HOST, "elsewhere.example.org")
            .body(credentials.into()),
        3 => login()
            .header("sec-fetch-site", "cross-site")
            .body(credentials.into()),
        4 => Request::post("/api/auth/login")
            .header(header::CONTENT_TYPE, "text/plain")
            .body(credentials.into()),
        5 => Request::delete("/api/profile").body(Body::empty()),
        6 => Request::get("/api/profile")
            .header(header::AUTHORIZATION, "Bearer a.b.c")
            .body(Body::empty()),
        _ => login().body(" ".repeat(70_000).into()),
    };
    Ok(request?)
}

/// Bytes that are no request: refused, or closed without a word.
pub async fn make_noise(port: u16, tally: &Tally, until: Instant) -> Outcome<()> {
    for noise in NOISE.iter().cycle() {
        if Instant::now() >= until {
            break;
        }
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(noise).await?;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        match tokio::time::timeout(CLOSED_WITHIN, read).await {
            Err(_) => tally.breaks("a connection without a request stays open".to_owned()),
            // A reset is as good an end as any.
            Ok(_) if answer.is_empty() || answer.starts_with(b"HTTP/1.1 4") => {}
            Ok(_) => tally.breaks(format!("noise was answered: {}", noise.escape_ascii())),
        }
        *tally.counts().answers.entry("noise").or_default() += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
