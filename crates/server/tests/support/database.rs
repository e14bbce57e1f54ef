//! A fresh database per test.

use concierge_server::{
    platform::rng::{OsRng, Rng},
    store::{Db, On, sql},
};
use tempfile::TempDir;
use url::Url;

/// A database and the data folder beside it.
pub struct Database {
    /// Where it is.
    pub url: String,
    /// The data folder.
    pub folder: TempDir,
    admin: Option<String>,
}

/// The cluster to test with, if there is one.
pub fn cluster() -> Option<String> {
    variable("TEST_DATABASE_URL")
}

/// A variable of the surroundings.
pub fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests learn of the cluster from their surroundings"
    )]
    std::env::var(name).ok()
}

impl Database {
    /// A file in a new folder.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            url: format!("sqlite:{}", folder.path().join("concierge.db").display()),
            folder,
            admin: None,
        }
    }

    /// A new database of the cluster, if there is one.
    pub async fn postgres() -> Option<Self> {
        let admin = cluster()?;
        Some(Self {
            url: create(&admin, "template1").await,
            folder: tempfile::tempdir().expect("a folder"),
            admin: Some(admin),
        })
    }

    /// Whether it is one of the cluster.
    pub fn is_postgres(&self) -> bool {
        self.admin.is_some()
    }

    /// Opens it as it is.
    pub async fn open(&self) -> Db {
        Db::connect(&self.url).await.expect("the database opens")
    }

    /// Opens it with today's schema.
    pub async fn migrated(&self) -> Db {
        let db = self.open().await;
        db.migrate()
            .await
            .expect("the schema is brought up to date");
        db
    }

    /// Drops what the folder does not hold.
    pub async fn remove(self) {
        if let Some(admin) = &self.admin {
            destroy(admin, &self.url).await;
        }
    }
}

/// Makes a database of the cluster, a copy of one that nobody is in; answers its URL.
pub async fn create(admin: &str, template: &str) -> String {
    let rng: &dyn Rng = &OsRng;
    let name = format!("concierge_test_{}", hex::encode(rng.bytes::<8>()));
    run(admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    let mut url = Url::parse(admin).expect("a URL");
    url.set_path(&name);
    url.into()
}

/// Drops a database of the cluster, whoever is in it.
pub async fn destroy(admin: &str, url: &str) {
    let name = name(url);
    run(admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

/// What the cluster calls the database of a URL.
pub fn name(url: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    url.path().trim_start_matches('/').to_owned()
}

async fn run(url: &str, statement: String) {
    let db = Db::connect(url).await.expect("the cluster answers");
    sql(statement.leak())
        .execute(On::Write(&db))
        .await
        .expect("the statement runs");
    db.close().await;
}
