//! What tests share: a database each, an application around it, a client like a browser, the program itself.

pub mod app;
pub mod authenticator;
pub mod browser;
pub mod clock;
pub mod database;
pub mod exposition;
pub mod line;
pub mod log;
pub mod mail;
pub mod program;
pub mod property;

/// The address most tests sign in with.
pub const ADA: &str = "ada@example.org";
/// A password the policy accepts.
pub const PASSWORD: &str = "four brass bells ring";

/// Runs each body once per engine, with a fresh database. The PostgreSQL variant has nothing to run without a
/// cluster.
macro_rules! on_each_engine {
    ($(async fn $name:ident($db:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "each body uses some of its file's imports")]
            use super::*;

            async fn run($db: &$crate::support::database::Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let database = $crate::support::database::Database::sqlite();
                run(&database).await;
                database.remove().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(database) = $crate::support::database::Database::postgres().await {
                    run(&database).await;
                    database.remove().await;
                }
            }
        }
    )+};
}
