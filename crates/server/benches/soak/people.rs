//! Those who mean well: people who stay a while, people who come and go, readers of pages.

use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::json;

use crate::{
    Outcome,
    browser::Browser,
    tally::{Expected, Tally},
};

/// Everybody's password.
pub const PASSWORD: &str = "four brass bells ring";
/// Between two requests of somebody who stays.
const THINKS: Duration = Duration::from_millis(40);
/// A token renewed sooner than after ten seconds is the same token.
const RENEWS: Duration = Duration::from_secs(11);
/// Every so many profiles come a page and a change.
const PAGE_EVERY: u32 = 40;

const PAGES: [(&str, Expected); 7] = [
    ("/", Expected::Done),
    ("/sign-in", Expected::Done),
    ("/sign-up?lang=fr", Expected::Done),
    ("/nowhere", Expected::Refused),
    ("/docs", Expected::Done),
    ("/openapi.json", Expected::Done),
    ("/favicon.svg", Expected::Done),
];

/// Registers, stays for half a minute, signs out, comes back under the same name; then somebody new comes.
pub async fn stay(port: u16, tally: &Tally, name: &str, until: Instant) -> Outcome<()> {
    for round in 0_u32.. {
        let mut browser = Browser::open(port, tally).await?;
        let email = format!("{name}-{}@example.org", round / 3);
        enter(&mut browser, &email, round.is_multiple_of(3), until).await?;
        let leaves = until.min(Instant::now() + Duration::from_secs(15 + u64::from(round % 4) * 8));
        visit(&mut browser, leaves).await?;
        leave(&mut browser).await?;
        if Instant::now() >= until {
            break;
        }
    }
    Ok(())
}

/// Signs in, looks once, signs out, again and again.
pub async fn come_and_go(port: u16, tally: &Tally, name: &str, until: Instant) -> Outcome<()> {
    let mut browser = Browser::open(port, tally).await?;
    let email = format!("{name}@example.org");
    enter(&mut browser, &email, true, until).await?;
    leave(&mut browser).await?;
    while Instant::now() < until {
        enter(&mut browser, &email, false, until).await?;
        browser.profile().await?;
        leave(&mut browser).await?;
    }
    Ok(())
}

/// Reads pages without signing in.
pub async fn read(port: u16, tally: &Tally, until: Instant) -> Outcome<()> {
    let mut browser = Browser::open(port, tally).await?;
    for (path, expected) in PAGES.iter().cycle() {
        if Instant::now() >= until {
            break;
        }
        browser.get("page", path, *expected).await?;
        tokio::time::sleep(THINKS).await;
    }
    Ok(())
}

/// Registers or signs in, and tries again when told to wait.
async fn enter(
    browser: &mut Browser<'_>,
    email: &str,
    is_new: bool,
    until: Instant,
) -> Outcome<()> {
    let (what, path) = if is_new {
        ("registration", "/api/auth/register")
    } else {
        ("sign-in", "/api/auth/login")
    };
    let body = json!({ "email": email, "password": PASSWORD });
    while !browser
        .send(what, (Method::POST, path), &body, Expected::Done)
        .await?
    {
        if Instant::now() >= until {
            break;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    Ok(())
}

async fn visit(browser: &mut Browser<'_>, until: Instant) -> Outcome<()> {
    let mut renewed_at = Instant::now();
    for step in 1_u32.. {
        if Instant::now() >= until {
            break;
        }
        browser.profile().await?;
        if step.is_multiple_of(PAGE_EVERY) {
            browser
                .get("profile page", "/profile", Expected::Done)
                .await?;
            let change = json!({ "name": format!("Ada {step}") });
            let to = (Method::PATCH, "/api/profile");
            browser.send("change", to, &change, Expected::Done).await?;
        }
        if renewed_at.elapsed() >= RENEWS {
            let to = (Method::POST, "/api/auth/refresh");
            browser
                .send("refresh", to, &json!({}), Expected::Done)
                .await?;
            renewed_at = Instant::now();
        }
        tokio::time::sleep(THINKS).await;
    }
    Ok(())
}

/// Signs out; the cookies of before open nothing any more.
async fn leave(browser: &mut Browser<'_>) -> Outcome<()> {
    let jar = browser.jar();
    let to = (Method::POST, "/api/auth/logout");
    browser
        .send("sign-out", to, &json!({}), Expected::Done)
        .await?;
    let rest = browser.jar();
    browser.put_back(jar);
    let what = "profile after the sign-out";
    browser.get(what, "/api/profile", Expected::Refused).await?;
    browser.put_back(rest);
    Ok(())
}
