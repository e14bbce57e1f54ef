//! Query plans: no statement walks through a table that grows, on either engine.
//!
//! The statements are read out of the program's source, so none can be forgotten and none can drift.

use std::path::{Path, PathBuf};

use concierge_server::store::{Db, On, sql};

use crate::support::database::Database;

/// Tables that grow with accounts, sign-ins and time.
const GROWING: [&str; 19] = [
    "account",
    "password",
    "session",
    "device",
    "event",
    "revocation",
    "throttle",
    "ticket",
    "totp",
    "recovery_code",
    "recovery_unkept",
    "budget",
    "recovery_link",
    "not_me_link",
    "email_change",
    "registration",
    "invitation",
    "alert",
    "alert_delivery",
];

/// Statements that read whole tables, each for a reason.
const WALKS: [(&str, &str); 9] = [
    (
        "FROM account ORDER BY created_at, id",
        "the command line lists every account",
    ),
    (
        "WHERE ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1",
        "every session ends, once, where a sealing key is lost; an admin and, twice a minute, the metrics ask how many there are",
    ),
    (
        "SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL",
        "every session ends, once, where a key is revoked",
    ),
    (
        "DELETE FROM recovery_link WHERE used_at IS NULL",
        "every link goes, once, where a key is revoked or lost",
    ),
    (
        "DELETE FROM not_me_link WHERE used_at IS NULL",
        "every link goes, once, where a key is revoked or lost",
    ),
    (
        "DELETE FROM totp WHERE confirmed_at IS NULL",
        "every seed that waits goes, once, where a sealing key is lost",
    ),
    (
        "DELETE FROM revocation WHERE at < $1",
        "once an hour, over what ended within a day",
    ),
    (
        "FROM alert WHERE resolved_at IS NULL",
        "by an index that holds one of each rule at most",
    ),
    (
        "FROM session WHERE second_factor_at IS NULL",
        "once at the start, and only where the policy demands a second factor",
    ),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The statements of a source file: its literals that begin with a verb of SQL, tests left out.
fn statements_in(source: &str) -> Vec<&str> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
    code.split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| verbs.iter().any(|verb| text.starts_with(verb)))
        .collect()
}

/// Every statement of the program.
fn statements() -> Vec<String> {
    let mut files = Vec::new();
    rust_files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut found = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(&file).expect("a source file");
        let statements = statements_in(&source);
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let made = code.matches("sql(").count() - code.matches("fn sql(").count();
        assert_eq!(
            statements.len(),
            made,
            "{}: a statement is not a literal",
            file.display()
        );
        found.extend(statements.into_iter().map(str::to_owned));
    }
    found
}

fn walks_with_reason(statement: &str) -> bool {
    let flat: Vec<&str> = statement.split_whitespace().collect();
    let flat = flat.join(" ");
    // What goes without a condition goes, once, where a key is revoked or lost.
    let empties = flat.starts_with("DELETE FROM") && !flat.contains("WHERE");
    empties || WALKS.iter().any(|(text, _)| flat.contains(text))
}

/// The highest `$n`.
fn placeholders(statement: &str) -> usize {
    let numbers = statement.split('$').skip(1).filter_map(|rest| {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..digits].parse().ok()
    });
    numbers.max().unwrap_or_default()
}

async fn plan_of_sqlite(db: &Db, statement: &str) -> Vec<String> {
    let explain = sql(format!("EXPLAIN QUERY PLAN {statement}").leak());
    let rows = explain.fetch_all(db).await.expect(statement);
    let detail = rows.iter().map(|row| row.text("detail").expect("text"));
    detail.collect()
}

/// The plan for whatever values come: prepared, and explained without looking at them.
async fn plan_of_postgres(db: &Db, statement: &str) -> Vec<String> {
    let mut tx = db.begin().await.expect("begun");
    let nulls = vec!["NULL"; placeholders(statement)].join(", ");
    let values = if nulls.is_empty() {
        nulls
    } else {
        format!("({nulls})")
    };
    for text in [
        "SET LOCAL enable_seqscan = off".to_owned(),
        "SET LOCAL plan_cache_mode = force_generic_plan".to_owned(),
        format!("PREPARE probe AS {statement}"),
    ] {
        let run = sql(text.leak()).execute(On::Tx(&mut tx)).await;
        run.expect(statement);
    }
    let explain = sql(format!("EXPLAIN EXECUTE probe{values}").leak());
    let rows = explain.fetch_all(&mut tx).await.expect(statement);
    sql("DEALLOCATE probe")
        .execute(&mut tx)
        .await
        .expect("forgotten");
    let lines = rows.iter().map(|row| row.text("QUERY PLAN").expect("text"));
    lines.collect()
}

/// The growing table that a line of a plan walks through, in the words of either engine.
fn walked(line: &str) -> Option<&'static str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    GROWING.into_iter().find(|table| {
        words.windows(2).any(|pair| pair == ["SCAN", *table])
            || words
                .windows(4)
                .any(|four| four == ["Seq", "Scan", "on", *table])
    })
}

on_each_engine! {
    async fn no_statement_walks_through_a_table_that_grows(db) {
        let opened = db.migrated().await;
        let statements = statements();
        assert!(statements.len() > 30, "{}", statements.len());
        let mut findings = Vec::new();
        for statement in statements {
            let plan = if db.is_postgres() {
                plan_of_postgres(&opened, &statement).await
            } else {
                plan_of_sqlite(&opened, &statement).await
            };
            let walks = plan.iter().any(|line| walked(line).is_some());
            let may_walk = walks_with_reason(&statement);
            // Where SQLite walks PostgreSQL may know a better way.
            let is_stale = may_walk && !walks && !db.is_postgres();
            if (walks && !may_walk) || is_stale {
                findings.push(format!("{statement}\n{}", plan.join("\n")));
            }
        }
        assert!(findings.is_empty(), "{}", findings.join("\n\n"));
        opened.close().await;
    }
}

#[tokio::test]
async fn a_walk_is_found() {
    let db = Database::sqlite().migrated().await;
    let plan = plan_of_sqlite(&db, "SELECT id FROM session WHERE user_agent = $1").await;
    assert!(
        plan.iter().any(|line| walked(line) == Some("session")),
        "{plan:?}"
    );
    assert_eq!(
        walked("  ->  Seq Scan on event  (cost=1.0 rows=1)"),
        Some("event")
    );
    assert_eq!(placeholders("a = $2 AND b = $12"), 12);
    db.close().await;
}
