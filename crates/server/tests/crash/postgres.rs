//! A house's own database in the PostgreSQL cluster, where whoever writes of an alert can be made to stand still, to be
//! killed there.
//!
//! strace can't aim at these writes: it counts the calls of each thread by itself, and the thread that starts a server
//! sends a hundred messages to PostgreSQL before the others send any, so it would be met in place of what they send
//! first. So the database counts. It keeps what is committed and nothing else: whoever was killed at each row, before
//! its commit, was killed in every state that a look leaves behind.

use concierge_server::store::{Db, On, sql};

use crate::database::{cluster, create, destroy, name};

/// A database of the cluster, which goes with its house.
pub struct Postgres {
    admin: String,
    url: String,
}

impl Postgres {
    /// An empty one, if there is a cluster.
    pub fn of_cluster() -> Option<Self> {
        let admin = cluster()?;
        let url = block_on(create(&admin, "template1"));
        Some(Self { admin, url })
    }

    /// The same once more. PostgreSQL itself waits some seconds for whoever is just leaving it, or was killed.
    pub fn copied(&self) -> Self {
        Self {
            admin: self.admin.clone(),
            url: block_on(create(&self.admin, &name(&self.url))),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        block_on(destroy(&self.admin, &self.url));
    }
}

/// Waits for what only asynchronous code can do.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(work)
}

/// Counts the rows that are written of alerts. A sequence also counts what is rolled back.
pub async fn count_rows(db: &Db) {
    for statement in [
        "CREATE SEQUENCE rows_written MINVALUE -1000 START 1",
        "CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('rows_written') = 0 THEN
                 PERFORM pg_sleep(600);
             END IF;
             RETURN NULL;
         END $$",
        "CREATE TRIGGER stand AFTER INSERT OR UPDATE OR DELETE ON alert_rule
             FOR EACH ROW EXECUTE FUNCTION stand()",
        "CREATE TRIGGER stand AFTER INSERT OR UPDATE OR DELETE ON alert
             FOR EACH ROW EXECUTE FUNCTION stand()",
        "CREATE TRIGGER stand AFTER INSERT OR UPDATE OR DELETE ON alert_delivery
             FOR EACH ROW EXECUTE FUNCTION stand()",
    ] {
        let done = sql(statement).execute(On::Write(db)).await;
        done.expect("it runs");
    }
}

/// Whoever writes the Nth row from now on stands still before it is committed, for longer than any test waits.
pub async fn stand_at(db: &Db, n: usize) {
    let before = -i64::try_from(n).expect("a small number");
    let set = sql("SELECT setval('rows_written', $1)").bind(before);
    set.execute(On::Write(db)).await.expect("set");
}

/// Whether somebody stands still.
pub async fn somebody_stands(db: &Db) -> bool {
    let standing = sql("SELECT COUNT(*) AS n FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'PgSleep'");
    let row = standing.fetch_one(db).await;
    row.and_then(|row| row.int("n")).expect("a count") > 0
}

/// Ends what stands still for somebody who was killed: a connection that waits for its client notices that by itself.
pub async fn let_go(db: &Db) {
    let gone = sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'PgSleep'");
    gone.execute(On::Write(db)).await.expect("let go");
}
