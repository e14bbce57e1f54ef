//! The sessions of somebody who has as many as an account may have: the list of the API, and the page that shows it.

use std::time::Instant;

use concierge_core::session::api::SessionList;

use crate::{
    Outcome,
    client::{Answer, Connection, HOST},
    machine,
    report::{Goal, Report},
    server::{Plan, Server},
    statistics::{median, millis, quantile},
};

/// As many as the setting allows.
const SESSIONS: u32 = 50;
/// How often each is asked for, in turns.
const ASKED: usize = 1_000;
/// Requests before the first that counts.
const WARM_UP: usize = 20;

const LIST: &str = "/api/sessions";
const PAGE: &str = "/security";

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    let server = Server::start(&Plan {
        sessions: SESSIONS,
        ..Plan::of(1)
    })?;
    let took = machine::as_load(ask(server.doors.port, &server.doors.cookie))?;
    for (path, took, goal) in [
        (LIST, &took.0, Goal::AtMost(25.0)),
        (PAGE, &took.1, Goal::Shown),
    ] {
        let name = format!("{SESSIONS} sessions, GET {path}");
        report.add(&format!("{name}, p50"), median(took), "ms", Goal::Shown);
        report.add(&format!("{name}, p99"), quantile(took, 0.99), "ms", goal);
    }
    Ok(())
}

/// The milliseconds of every list, and of every page.
async fn ask(port: u16, cookie: &str) -> Outcome<(Vec<f64>, Vec<f64>)> {
    let mut connection = Connection::open(port, HOST).await?;
    let (mut lists, mut pages) = (Vec::with_capacity(ASKED), Vec::with_capacity(ASKED));
    for round in 0..WARM_UP + ASKED {
        let (list, list_took) = get(&mut connection, LIST, cookie).await?;
        let (page, page_took) = get(&mut connection, PAGE, cookie).await?;
        if round < WARM_UP {
            is_whole(&list, &page)?;
        } else {
            lists.push(list_took);
            pages.push(page_took);
        }
    }
    Ok((lists, pages))
}

/// An answer, and the milliseconds until all of it was there.
async fn get(connection: &mut Connection, path: &str, cookie: &str) -> Outcome<(Answer, f64)> {
    let begun = Instant::now();
    let answer = connection.get(path, cookie).await?;
    let took = millis(begun.elapsed());
    if !answer.status.is_success() {
        return Err(format!("{path} answers {}", answer.status).into());
    }
    Ok((answer, took))
}

/// Whether list and page show every session: a figure of anything less would say nothing.
fn is_whole(list: &Answer, page: &Answer) -> Outcome<()> {
    let listed: SessionList = serde_json::from_slice(&list.body)?;
    let page = std::str::from_utf8(&page.body)?;
    let missing = listed
        .sessions
        .iter()
        .filter(|session| !page.contains(&session.id.to_string()))
        .count();
    if listed.sessions.len() != SESSIONS as usize || missing > 0 {
        let count = listed.sessions.len();
        return Err(format!("{LIST} has {count} sessions, {PAGE} lacks {missing} of them").into());
    }
    Ok(())
}
