//! A crowd: accounts that nobody signs in to, made by the engine itself, and what an admin types to find one.

use concierge_server::{
    services::Services,
    store::{On, sql},
};

use crate::Outcome;

/// Accounts of one transaction.
const AT_ONCE: u32 = 50_000;

const FIRST: [&str; 40] = [
    "Ada",
    "Alan",
    "Barbara",
    "Beatrice",
    "Charlotte",
    "Claude",
    "Dennis",
    "Dorothy",
    "Edith",
    "Edsger",
    "Emmanuelle",
    "Frances",
    "Francois",
    "Grace",
    "Guillaume",
    "Hannah",
    "Hedy",
    "Ines",
    "Isabelle",
    "Jean",
    "Joan",
    "Katherine",
    "Konrad",
    "Lise",
    "Louis",
    "Margaret",
    "Marie",
    "Mathilde",
    "Niklaus",
    "Noemie",
    "Oliver",
    "Pauline",
    "Quentin",
    "Radia",
    "Rosalind",
    "Sophie",
    "Theodore",
    "Ursula",
    "Vincent",
    "Yvonne",
];
const LAST: [&str; 25] = [
    "Allen",
    "Babbage",
    "Bernard",
    "Curie",
    "Dijkstra",
    "Dubois",
    "Evans",
    "Fournier",
    "Girard",
    "Hamilton",
    "Hopper",
    "Ibarra",
    "Johnson",
    "Kowalski",
    "Lamarr",
    "Lovelace",
    "Moreau",
    "Nightingale",
    "Ostrowski",
    "Perlman",
    "Richardson",
    "Schneider",
    "Turing",
    "Villeneuve",
    "Zimmermann",
];

/// Where each account of the crowd gets its name: both lists, told apart, by their places.
const NAMES: &str = "CREATE TABLE bench_name (list BIGINT NOT NULL, place BIGINT NOT NULL,
                                              name TEXT NOT NULL, PRIMARY KEY (list, place))";
/// The same text on both engines. The id is one of version 7 in form, in the order of its number.
const INSERT: &str = "WITH RECURSIVE one (n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM one WHERE n + 1 < $2)
     INSERT INTO account (id, email, email_normalised, email_sorted, name, name_normalised,
                          locale, role, created_at)
     SELECT 'acc_01900000000070008000' || CAST(100000000000 + n AS TEXT), email, email, email,
            name, lower(name), 'en', 'member', $3 + n
     FROM (SELECT n, lower(last.name) || '.' || lower(first.name) || CAST(n AS TEXT) || '@example.org' AS email,
                  first.name || ' ' || last.name AS name
           FROM one JOIN bench_name AS first ON first.list = 0 AND first.place = n % $4
                    JOIN bench_name AS last ON last.list = 1 AND last.place = (n / $4) % $5) AS made";

/// Puts so many accounts beside the people of the house.
pub async fn settle(services: &Services, accounts: u32, is_on_postgres: bool) -> Outcome<()> {
    let db = &services.db;
    sql(NAMES).execute(On::Write(db)).await?;
    let (first, last) = (i64::try_from(FIRST.len())?, i64::try_from(LAST.len())?);
    for (list, names) in [(0_i64, FIRST.as_slice()), (1, LAST.as_slice())] {
        for (place, name) in (0_i64..).zip(names) {
            sql("INSERT INTO bench_name (list, place, name) VALUES ($1, $2, $3)")
                .bind(list)
                .bind(place)
                .bind(*name)
                .execute(On::Write(db))
                .await?;
        }
    }
    let now = services.clock.now().as_millis();
    let mut made = 0;
    for begin in (0..accounts).step_by(AT_ONCE as usize) {
        made += sql(INSERT)
            .bind(i64::from(begin))
            .bind(i64::from(accounts.min(begin + AT_ONCE)))
            .bind(now)
            .bind(first)
            .bind(last)
            .execute(On::Write(db))
            .await?;
    }
    if made != u64::from(accounts) {
        return Err(format!("of {accounts} accounts {made} were made").into());
    }
    if is_on_postgres {
        // Its daemon does the same within a minute, and would do it while we measure.
        sql("VACUUM ANALYZE account").execute(On::Write(db)).await?;
    }
    Ok(())
}

/// The address of an account of the crowd.
pub fn email(number: usize) -> String {
    let (first, last) = parts(number);
    format!("{last}.{first}{number}@example.org").to_lowercase()
}

/// The name of an account of the crowd.
pub fn name(number: usize) -> String {
    let (first, last) = parts(number);
    format!("{first} {last}")
}

fn parts(number: usize) -> (&'static str, &'static str) {
    (
        FIRST[number % FIRST.len()],
        LAST[number / FIRST.len() % LAST.len()],
    )
}
