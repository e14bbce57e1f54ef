//! Everything that handlers share, assembled once.

use std::{collections::HashSet, sync::Arc};

use concierge_core::{
    account::{AccountId, Role},
    audit::EventName,
    problem::ErrorCode,
    time::Timestamp,
};
use serde_json::json;

use crate::{
    account::Accounts,
    admin::Desk,
    alert::Alerts,
    audit::{self, Chain, Event, Origin, Refusal, Refusals},
    config::Config,
    floor::Floor,
    gauges::Gauges,
    http::{SecurityHeaders, Site, client::Client, cookies::CookieNames, error::ApiError, listen},
    key_desk,
    key_watch::KeyWatch,
    keys::{Keeper, Supply, data_keys::DataKeys},
    mail::{Courier, Outbox},
    monitor::{self, Caps, Monitor},
    platform::{
        clock::Clock,
        hash::Hasher,
        keyring::Keyrings,
        limit::{AddressKey, AddressLimiter, Beyond, Quota},
        metrics::{Metrics, RefreshResult},
        rng::Rng,
        shutdown::Shutdown,
    },
    recovery::{Links, RecoveryCodes},
    report::Reports,
    session::Sessions,
    sign_in::SignIn,
    store::{
        Db, StoreError,
        feed::{Change, Freshness},
    },
    totp::Totp,
};

/// Sixty refreshes a minute per address.
const REFRESHES: Quota = Quota {
    burst: 60,
    period: std::time::Duration::from_secs(60),
    beyond: Beyond::Wait,
};
/// Reports of one address: enough for a broken page, too few to fill a disk.
const REPORTS: Quota = Quota {
    burst: 20,
    period: std::time::Duration::from_secs(60),
    beyond: Beyond::Wait,
};

/// What handlers share.
pub struct Services {
    /// The configuration.
    pub config: Config,
    /// The data keys.
    pub keys: Arc<DataKeys>,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// The second factors.
    pub totp: Arc<Totp>,
    /// The recovery codes.
    pub recovery: Arc<RecoveryCodes>,
    /// The front door.
    pub sign_in: SignIn,
    /// Links that set a new password.
    pub links: Arc<Links>,
    /// Changes the keyrings.
    pub keeper: Keeper,
    /// What this process knows of the keys, and tells others.
    pub key_watch: KeyWatch,
    /// Takes mails in.
    pub outbox: Arc<Outbox>,
    courier: Arc<Courier>,
    /// The alerts.
    pub alerts: Alerts,
    /// The names of our cookies.
    pub cookie_names: CookieNames,
    /// The headers of every answer.
    pub security_headers: SecurityHeaders,
    /// The site's files.
    pub site: Site,
    /// The script that reloads pages under `cargo leptos watch`.
    pub reload_script: Option<String>,
    /// What was refused to whom.
    pub refusals: Refusals,
    /// Links events to the audit chain.
    pub chain: Chain,
    /// What is counted for the operator's own tools.
    pub metrics: Arc<Metrics>,
    /// The hashing threads.
    pub hasher: Hasher,
    /// When the process started.
    pub started_at: Timestamp,
    pub(crate) gauges: Gauges,
    /// The host live.
    pub monitor: Arc<Monitor>,
    /// Limits reports from browsers.
    pub reports: AddressLimiter,
    /// What browsers reported.
    pub browser_reports: Reports,
    /// Whether the end has begun.
    pub shutdown: Shutdown,
    refreshes: AddressLimiter,
    freshness: Arc<Freshness>,
}

/// What the services are assembled from.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The database, migrated.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Where the keys come from.
    pub supply: Supply,
    /// The keys to begin with.
    pub rings: Keyrings,
    /// The data keys, unwrapped.
    pub keys: DataKeys,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// The site's files.
    pub site: Site,
    /// The port of `cargo leptos watch`.
    pub reload_port: Option<u32>,
    /// Tells when to end.
    pub shutdown: Shutdown,
}

impl Services {
    /// Assembles the services.
    pub fn assemble(parts: Parts) -> Arc<Self> {
        let config = parts.config;
        let (db, clock, rng) = (parts.db, parts.clock, parts.rng);
        let now = clock.now();
        let key_watch = KeyWatch::new(&parts.supply, &parts.rings, rng.id(now), now);
        let shared = (db.clone(), Arc::clone(&clock), Arc::clone(&rng));
        let floor = Floor::new(
            &config,
            shared,
            parts.hasher,
            parts.keys,
            parts.rings.signing,
        );
        let keeper = floor.keeper(&config, parts.supply);
        let (keys, sessions) = (Arc::clone(&floor.keys), Arc::clone(&floor.sessions));
        let (outbox, freshness) = (Arc::clone(&floor.outbox), Arc::clone(&floor.freshness));
        let hasher = floor.hasher.clone();
        let courier = Arc::new(Courier::new(Arc::clone(&outbox), &config));
        let alerts = floor.alerts(&config, &courier);
        let factor = config.address_limit_factor;
        let accounts = floor.accounts(&config);
        let recovery = floor.recovery(&accounts);
        let links = floor.links(&config, &accounts);
        let totp = floor.totp(&config, &accounts, &recovery);
        let (chain, monitor) = (floor.chain(), floor.monitor(viewers(&config)));
        let sign_in = floor.sign_in(&config, &accounts, (&recovery, &links), &totp);
        Arc::new(Self {
            cookie_names: CookieNames::with_suffix(&config.cookie_suffix),
            security_headers: SecurityHeaders::new(&config, parts.reload_port),
            reload_script: parts.reload_port.map(reload_script),
            refusals: Refusals::default(),
            chain,
            metrics: Arc::default(),
            hasher,
            started_at: clock.now(),
            gauges: Gauges::default(),
            reports: AddressLimiter::new(REPORTS, factor),
            browser_reports: Reports::default(),
            refreshes: AddressLimiter::new(REFRESHES, factor),
            monitor,
            keeper,
            key_watch,
            courier,
            alerts,
            config,
            keys,
            db,
            clock,
            rng,
            accounts,
            sessions,
            totp,
            recovery,
            sign_in,
            links,
            outbox,
            site: parts.site,
            shutdown: parts.shutdown,
            freshness,
        })
    }

    /// The admin desk.
    pub fn desk(&self) -> Desk<'_> {
        Desk {
            accounts: &self.accounts,
            sessions: &self.sessions,
            sign_in: &self.sign_in,
        }
    }

    /// The key desk.
    pub fn key_desk(&self) -> key_desk::Desk<'_> {
        key_desk::Desk {
            db: &self.db,
            clock: &self.clock,
            rng: &self.rng,
            supply: self.keeper.supply(),
            keeper: &self.keeper,
            config: &self.config,
            sessions: &self.sessions,
        }
    }

    /// Measures the host for as long as the program runs.
    pub async fn measure(self: Arc<Self>) {
        monitor::watch(Arc::clone(&self.monitor), self.config.data.clone()).await;
    }

    /// Whether 5xx answers say what happened: in development only.
    pub fn shows_causes(&self) -> bool {
        !self.config.environment.is_deployed()
    }

    /// Whether copies in memory are believed right now.
    pub fn feed_is_heard(&self) -> bool {
        self.freshness.is_good(self.clock.now())
    }

    /// Notes a refusal that needs no account.
    pub fn refused(&self, event: EventName, reason: &'static str, client: &Client) {
        let refusal = Refusal { event, reason };
        self.refusals
            .note(refusal, &client.address_key, &client.origin);
    }

    /// Writes down what was refused, and what browsers reported, since the last time.
    pub async fn record_refusals(&self) -> Result<(), StoreError> {
        let refused = self
            .refusals
            .flush(&self.db, self.clock.now(), &*self.rng)
            .await;
        self.browser_reports.flush(&self.db).await.and(refused)
    }

    /// Forgets what browsers have not reported for long.
    pub async fn purge_reports(&self) -> Result<u64, StoreError> {
        self.browser_reports.purge(&self.db, self.clock.now()).await
    }

    /// Ends the sessions of before that passed no second factor though the policy demands one now; answers how many.
    pub async fn end_unproven(&self) -> Result<usize, StoreError> {
        let policy = self.config.second_factor;
        if !policy.demands(Role::Admin) {
            return Ok(0);
        }
        let mut bound = HashSet::<AccountId>::new();
        for id in self.sessions.unproven().await? {
            // One that is gone has no session that could be used.
            let account = self.accounts.view(id).await.ok();
            bound.extend(
                account
                    .filter(|account| policy.demands(account.role))
                    .map(|_| id),
            );
        }
        self.sessions
            .end_unproven(|account| bound.contains(&account))
            .await
    }

    /// Whether mails go to a server; else to a folder, where only the operator sees them.
    pub fn sends_mail(&self) -> bool {
        self.config.mail.smtp_url.is_some()
    }

    /// Whether a letter with a link reaches anybody: in production without a server it is not even written to the folder.
    pub fn delivers_links(&self) -> bool {
        self.sends_mail() || !self.config.environment.is_production()
    }

    /// Sends the mails that are due. One that is given up leaves an event instead.
    pub async fn deliver_mails(&self) -> Result<(), StoreError> {
        for lost in self.courier.deliver(&self.shutdown).await? {
            let mut tx = self.db.begin().await?;
            if !self.outbox.remove(&mut tx, &lost).await? {
                continue;
            }
            let origin = Origin::default();
            let details = json!({ "letter": lost.letter, "failure": lost.failure });
            let event = Event::anonymous(EventName::MailFailed, &origin).with(details);
            audit::record(&mut tx, &event, self.clock.now(), &*self.rng).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Counts a refresh of an address.
    pub fn count_refresh(&self, address_key: &AddressKey) -> Result<(), ApiError> {
        let counted = self.refreshes.count(address_key, self.clock.now());
        counted.map_err(|wait| {
            self.metrics.refresh(RefreshResult::Throttled);
            ApiError::retry(ErrorCode::Throttled, wait)
        })
    }

    /// Takes in what the feed announced after `position`; answers the new position.
    ///
    /// Announcements are deleted after a day, and a process may have stood still for longer. Positions are dense,
    /// so it has heard everything exactly when there is one announcement for each position; else every copy goes.
    /// Counting asks no clock, which stands still with a suspended machine, and also notices a restored backup.
    pub async fn hear(&self, position: i64) -> Result<i64, StoreError> {
        let began = self.clock.now();
        // Read first: all that was announced up to here is among the changes, unless it was deleted.
        let newest = self.db.feed_position().await?;
        let changes = self.db.changes_since(position).await?;
        let heard = changes.last().map_or(newest, |(at, _)| newest.max(*at));
        for (_, change) in &changes {
            if *change == Change::Everything {
                self.sessions.forget_all();
                self.accounts.forget_all();
                self.key_watch.call();
            }
            self.sessions.hear(change);
            self.accounts.hear(change);
        }
        if i64::try_from(changes.len()) != Ok(heard - position) {
            tracing::warn!("news was deleted unheard; every copy in memory is dropped");
            self.sessions.forget_all();
            self.accounts.forget_all();
            // A revoke may be among what was not heard.
            self.key_watch.call();
        }
        self.freshness.heard(began);
        if heard != position {
            // Somebody's session may have ended, or an admin is none any more.
            self.monitor.beat();
        }
        Ok(heard)
    }
}

/// So many sockets: a page or two on each device of an admin, and never all the connections there are.
fn viewers(config: &Config) -> Caps {
    let factor = usize::try_from(config.address_limit_factor.max(1)).unwrap_or(1);
    let count = |setting: u32| usize::try_from(setting).unwrap_or(usize::MAX);
    Caps {
        account: count(config.monitor_viewers_per_account),
        address: factor.saturating_mul(50),
        all: (listen::places() / 2).min(count(config.monitor_viewers)),
    }
}

/// Reloads the page when `cargo leptos watch` has built anew; swaps style sheets in place.
fn reload_script(port: u32) -> String {
    format!(
        "(()=>{{let s=new WebSocket('ws://'+location.hostname+':{port}/live_reload');\
         s.onmessage=e=>{{let m=JSON.parse(e.data);\
         if(m.all)location.reload();\
         if(m.css)document.querySelectorAll('link[rel=stylesheet]').forEach(l=>l.href=l.href.split('?')[0]+'?'+Date.now())}}}})()"
    )
}
