//! The admin's search among a million accounts: by the beginning of an address or of a name, page after page.

use std::{collections::BTreeMap, time::Instant};

use concierge_core::admin::api::{AccountPage, AccountQuery};

use crate::{
    Outcome,
    client::{Connection, HOST},
    crowd, house, machine,
    report::{self, Goal, Report},
    server::{Plan, Server},
    statistics::{median, millis, quantile},
};

/// Accounts in the house.
const ACCOUNTS: u32 = 1_000_000;
/// Letters that are typed at most.
const LETTERS: usize = 12;
/// People who are looked for, each by every number of letters of their address and of their name.
const PEOPLE: usize = 25;
/// Pages that are turned after the first one of a search.
const TURNED: usize = 2;
/// Pages that are turned, and first pages that are asked for, of the whole list.
const WHOLE: usize = 300;
/// How nobody's address or name begins.
const NOBODY: &str = "xqzvkwjyqxzv";

const FIRST_PAGE: &str = "first page";
const BY_ADDRESS: &str = "by address";
const BY_NAME: &str = "by name";
const LATER_PAGES: &str = "later pages";
const NO_MATCH: &str = "no match";

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    compare(report, "SQLite", false)?;
    if house::postgres_url().is_none() {
        report.missing(house::NO_POSTGRES);
        return Ok(());
    }
    compare(report, "PostgreSQL", true)
}

fn compare(report: &mut Report, engine: &str, is_on_postgres: bool) -> Outcome<()> {
    report::note(&format!("  {engine}: making {ACCOUNTS} accounts ..."));
    let server = Server::start(&Plan {
        crowd: ACCOUNTS,
        is_on_postgres,
        ..Plan::of(1)
    })?;
    let took = machine::as_load(search(server.doors.port, &server.doors.cookie))?;
    let all: Vec<f64> = took.values().flatten().copied().collect();
    report.add(
        &format!("{engine}: any search, p50"),
        median(&all),
        "ms",
        Goal::Shown,
    );
    for (kind, took) in &took {
        report.add(
            &format!("{engine}: {kind}, p99"),
            quantile(took, 0.99),
            "ms",
            Goal::AtMost(20.0),
        );
    }
    Ok(())
}

/// The milliseconds of every answer, by kind.
async fn search(port: u16, cookie: &str) -> Outcome<BTreeMap<&'static str, Vec<f64>>> {
    let mut desk = Desk {
        connection: Connection::open(port, HOST).await?,
        cookie,
        took: BTreeMap::new(),
    };
    let mut cursor = desk.ask(FIRST_PAGE, None, None).await?.next;
    for _ in 0..WHOLE {
        desk.ask(FIRST_PAGE, None, None).await?;
        cursor = desk.ask(LATER_PAGES, None, cursor).await?.next;
    }
    for letters in 1..=LETTERS {
        for person in 0..PEOPLE {
            // From everywhere in the crowd, with every first and last name.
            let number = person * (ACCOUNTS as usize / PEOPLE + 41);
            desk.find(BY_ADDRESS, &crowd::email(number), letters)
                .await?;
            desk.find(BY_NAME, &crowd::name(number), letters).await?;
            let nobody = desk.ask(NO_MATCH, NOBODY.get(..letters), None).await?;
            // Some names do begin like its first letter.
            if letters > 1 && !nobody.accounts.is_empty() {
                return Err("a search for nobody found somebody".into());
            }
        }
    }
    Ok(desk.took)
}

/// An admin who searches.
struct Desk<'a> {
    connection: Connection,
    cookie: &'a str,
    took: BTreeMap<&'static str, Vec<f64>>,
}

impl Desk<'_> {
    /// Looks for whose address or name begins like this text, and turns a few pages.
    async fn find(&mut self, kind: &'static str, text: &str, letters: usize) -> Outcome<()> {
        let typed: String = text.chars().take(letters).collect();
        let found = self.ask(kind, Some(&typed), None).await?;
        if found.accounts.is_empty() {
            return Err(format!("nobody was found {kind}").into());
        }
        let mut next = found.next;
        for _ in 0..TURNED {
            if next.is_none() {
                break;
            }
            next = self.ask(LATER_PAGES, Some(&typed), next).await?.next;
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        kind: &'static str,
        query: Option<&str>,
        cursor: Option<String>,
    ) -> Outcome<AccountPage> {
        let query = serde_urlencoded::to_string(AccountQuery {
            cursor,
            query: query.map(str::to_owned),
        })?;
        let path = format!("/api/admin/accounts?{query}");
        let begun = Instant::now();
        let answer = self.connection.get(&path, self.cookie).await?;
        let took = millis(begun.elapsed());
        if !answer.status.is_success() {
            return Err(format!("a search was answered {}", answer.status).into());
        }
        self.took.entry(kind).or_default().push(took);
        Ok(serde_json::from_slice(&answer.body)?)
    }
}
