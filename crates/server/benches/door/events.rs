//! Security events: recording them, the chain that follows, and the admin's list among a million.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use concierge_core::{
    audit::{
        EventName, Severity,
        api::{EventPage, EventQuery, OWN},
    },
    time::Timestamp,
};
use concierge_server::{
    audit::{self, Event, Origin},
    platform::clock::SystemClock,
    services::Services,
    store::{Db, On, sql},
};
use serde_json::json;

use crate::{
    Outcome,
    client::{Connection, HOST},
    house, machine,
    report::{self, Goal, Report},
    server::{Plan, Server},
    statistics::{median, millis, quantile},
};

/// Events in the house whose list is read.
const EVENTS: u32 = 1_000_000;
/// Events of one statement that makes them.
const AT_ONCE: u32 = 50_000;
/// Rounds of recording, and events of each, in turns with plain rows: so short that a disk that is slow for a while is so
/// for both.
const ROUNDS: usize = 200;
const OF_A_ROUND: u32 = 10;
/// For how long the chain is kept busy.
const BUSY: Duration = Duration::from_secs(10);
/// A thousand events a second, in so many transactions.
const BEAT: Duration = Duration::from_millis(50);
const OF_A_BEAT: u32 = 50;
/// How often the server looks for what waits.
const LOOK: Duration = Duration::from_millis(250);
/// Pages of each question.
const PAGES: usize = 150;

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    machine::on_all_cores(record(report, "SQLite", false))?;
    list(report, "SQLite", false)?;
    if house::postgres_url().is_none() {
        report.missing(house::NO_POSTGRES);
        return Ok(());
    }
    machine::on_all_cores(record(report, "PostgreSQL", true))?;
    list(report, "PostgreSQL", true)
}

async fn record(report: &mut Report, engine: &str, is_on_postgres: bool) -> Outcome<()> {
    let folder = house::folder()?;
    let db = match is_on_postgres {
        true => house::postgres().await?,
        false => house::sqlite(folder.path()).await?,
    };
    let services = house::services(folder.path(), db, Arc::new(SystemClock), 1).await?;
    make_plain(&services.db).await?;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..OF_A_ROUND {
            add(&services, 1).await?;
        }
        ours.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        for _ in 0..OF_A_ROUND {
            add_plain(&services).await?;
        }
        plain.push(begun.elapsed().as_secs_f64());
    }
    let rate = |spans: &[f64]| f64::from(OF_A_ROUND) / median(spans);
    report.add(
        &format!("{engine}: events recorded"),
        rate(&ours),
        "/s",
        Goal::Shown,
    );
    report.add(
        &format!("{engine}: the same, of plain durable rows"),
        rate(&ours) / rate(&plain),
        "",
        Goal::AtLeast(0.9),
    );
    let late = follow(&services).await?;
    report.add(
        &format!("{engine}: chain behind at 1,000 events/s, most"),
        late,
        "ms",
        Goal::AtMost(1000.0),
    );
    services.db.close().await;
    Ok(())
}

/// Records so many events in one transaction, as a capability does.
async fn add(services: &Services, count: u32) -> Outcome<()> {
    let origin = Origin {
        address: "203.0.113.7".to_owned(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0".to_owned(),
        request_id: "req_0190a5dac96774bb1000000000000000".to_owned(),
    };
    let mut tx = services.db.begin().await?;
    for _ in 0..count {
        let event = Event::anonymous(EventName::LoginFail, &origin).with(json!({ "count": 1 }));
        audit::record(&mut tx, &event, services.clock.now(), &*services.rng).await?;
    }
    Ok(tx.commit().await?)
}

/// A table that holds what an event says, and nothing to find it by but its id.
async fn make_plain(db: &Db) -> Outcome<()> {
    sql(
        "CREATE TABLE plain (id TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, name TEXT NOT NULL,
                             severity TEXT NOT NULL, account_id TEXT, actor_id TEXT, address TEXT, user_agent TEXT,
                             request_id TEXT, details TEXT NOT NULL)",
    )
    .execute(On::Write(db))
    .await?;
    Ok(())
}

/// The same values in such a table, in a transaction of their own, without anything of ours around it.
async fn add_plain(services: &Services) -> Outcome<()> {
    let id: concierge_core::id::Id<audit::EventKind> = services.rng.id(services.clock.now());
    let mut tx = services.db.begin().await?;
    sql(
        "INSERT INTO plain (id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id.to_string())
    .bind(services.clock.now().as_millis())
    .bind("authn_login_fail")
    .bind("notice")
    .bind(None::<String>)
    .bind(None::<String>)
    .bind("203.0.113.7")
    .bind("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0")
    .bind("req_0190a5dac96774bb1000000000000000")
    .bind("{\"count\":1}")
    .execute(&mut tx)
    .await?;
    Ok(tx.commit().await?)
}

/// The milliseconds that the chain is behind at most, while events come in.
async fn follow(services: &Arc<Services>) -> Outcome<f64> {
    while services.link_events().await? > 0 {}
    let recording = tokio::spawn({
        let services = Arc::clone(services);
        async move {
            let (mut beat, begun) = (tokio::time::interval(BEAT), Instant::now());
            while begun.elapsed() < BUSY {
                beat.tick().await;
                add(&services, OF_A_BEAT)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        }
    });
    let linking = tokio::spawn(link(Arc::clone(services)));
    let mut late: f64 = 0.0;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    while !recording.is_finished() && !linking.is_finished() {
        look.tick().await;
        late = late.max(behind(&services.db, services.clock.now()).await?);
    }
    if linking.is_finished() {
        linking.await??;
    } else {
        linking.abort();
    }
    recording.await??;
    Ok(late)
}

/// Links what waits, as the running server does, until that fails.
async fn link(services: Arc<Services>) -> Result<(), String> {
    let mut look = tokio::time::interval(LOOK);
    loop {
        look.tick().await;
        let linked = services.link_events().await;
        linked.map_err(|error| error.to_string())?;
    }
}

async fn behind(db: &Db, now: Timestamp) -> Outcome<f64> {
    let row = sql("SELECT MIN(at) AS at FROM event WHERE position IS NULL")
        .fetch_one(db)
        .await?;
    let oldest = row.int_or_null("at")?;
    Ok(oldest.map_or(0.0, |at| millis(now.since(Timestamp::from_millis(at)))))
}

fn list(report: &mut Report, engine: &str, is_on_postgres: bool) -> Outcome<()> {
    report::note(&format!("  {engine}: making {EVENTS} events ..."));
    let server = Server::start(&Plan {
        events: EVENTS,
        is_on_postgres,
        ..Plan::of(1)
    })?;
    let took = machine::as_load(read(server.doors.port, &server.doors.cookie))?;
    for (kind, took) in &took {
        report.add(
            &format!("{engine}: events, {kind}, p99"),
            quantile(took, 0.99),
            "ms",
            Goal::AtMost(20.0),
        );
    }
    Ok(())
}

/// What is asked, by its name.
fn questions() -> [(&'static str, EventQuery); 8] {
    let all = EventQuery::default();
    let of = |name: EventName| Some(name.as_str().to_owned());
    let own = Some(OWN.to_owned());
    let since = Timestamp::parse_rfc3339("2026-01-01T00:00:00Z");
    [
        ("all", all.clone()),
        (
            "by name",
            EventQuery {
                event: of(EventName::LoginFail),
                ..all.clone()
            },
        ),
        (
            "by rare name",
            EventQuery {
                event: of(EventName::TokenReuse),
                ..all.clone()
            },
        ),
        (
            "by severity",
            EventQuery {
                severity: Some(Severity::Notice),
                ..all.clone()
            },
        ),
        (
            "by account",
            EventQuery {
                account: own.clone(),
                ..all.clone()
            },
        ),
        (
            "by account and name",
            EventQuery {
                account: own.clone(),
                event: of(EventName::MfaFail),
                ..all.clone()
            },
        ),
        (
            "by account and severity",
            EventQuery {
                account: own,
                severity: Some(Severity::Info),
                ..all.clone()
            },
        ),
        ("since", EventQuery { since, ..all }),
    ]
}

/// The milliseconds of every page, by question.
async fn read(port: u16, cookie: &str) -> Outcome<BTreeMap<&'static str, Vec<f64>>> {
    let mut connection = Connection::open(port, HOST).await?;
    let mut took = BTreeMap::<_, Vec<f64>>::new();
    for (kind, question) in questions() {
        let mut cursor = None;
        for _ in 0..PAGES {
            let query = EventQuery {
                cursor,
                ..question.clone()
            };
            let path = format!("/api/events?{}", serde_urlencoded::to_string(query)?);
            let begun = Instant::now();
            let answer = connection.get(&path, cookie).await?;
            took.entry(kind).or_default().push(millis(begun.elapsed()));
            if !answer.status.is_success() {
                return Err(format!("a page of events was answered {}", answer.status).into());
            }
            let page: EventPage = serde_json::from_slice(&answer.body)?;
            if page.events.is_empty() {
                return Err(format!("there are no events {kind}").into());
            }
            cursor = page.next;
        }
    }
    Ok(took)
}

/// Puts so many events into the house, a second apart: every tenth is the admin's, the others are of a thousand
/// accounts, and few are grave.
pub async fn fill(services: &Services, events: u32, is_on_postgres: bool) -> Outcome<()> {
    let db = &services.db;
    let now = services.clock.now().as_millis();
    for begin in (0..events).step_by(AT_ONCE as usize) {
        sql("WITH RECURSIVE numbers (n) AS
                 (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $2)
             INSERT INTO event (id, at, name, severity, account_id, address, user_agent, request_id, details, position)
             SELECT 'evt_0190a5dac96774bb' || CAST(1000000000000000 + n AS TEXT), $3 - 1000 * n,
                    CASE WHEN n % 1000 = 7 THEN 'authn_token_reuse' WHEN n % 4 = 0 THEN 'authn_login_success'
                         WHEN n % 4 = 1 THEN 'authn_login_fail' WHEN n % 4 = 2 THEN 'authn_mfa_fail'
                         ELSE 'authn_token_revoked' END,
                    CASE WHEN n % 1000 = 7 THEN 'critical' WHEN n % 4 IN (1, 2) THEN 'notice' ELSE 'info' END,
                    CASE WHEN n % 10 = 0 THEN (SELECT id FROM account ORDER BY created_at LIMIT 1)
                         ELSE 'acc_0190a5dac96774bb' || CAST(1000000000000000 + n % 1000 AS TEXT) END,
                    '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0',
                    'req_0190a5dac96774bb1000000000000000', '{\"count\":1}', n + 1
             FROM numbers")
        .bind(i64::from(begin))
        .bind(i64::from(events.min(begin + AT_ONCE)))
        .bind(now)
        .execute(On::Write(db))
        .await?;
    }
    if is_on_postgres {
        // Its daemon does the same within a minute, and would do it while we measure.
        sql("VACUUM ANALYZE event").execute(On::Write(db)).await?;
    }
    Ok(())
}
