//! Holds the rules against what happened and was measured. One process does it at a time; whoever takes over goes on
//! where the one before ended.

use std::{collections::HashMap, time::Duration};

use concierge_core::{
    alert::{
        Comparator, Metric, Phase, Quiet, RuleId, Shipped,
        api::RuleView,
        busiest,
        machine::{Life, Next, Notice, Plan, step},
    },
    audit::EventName,
    time::Timestamp,
};

use super::{
    Alerts, Turn,
    message::{Fact, Latest},
    shipped,
    store::{self, AlertRow, Kept},
};
use crate::{
    audit::{self, Watched},
    store::{StoreError, Tx},
};

/// Whoever holds the turn for longer without renewing it is dead.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// How often it is renewed, and progress is written down.
const RENEWAL: Duration = Duration::from_secs(10);
/// Its name.
pub(super) const NAME: &str = "alerts";
/// Whoever was away for longer does not look further back.
const LOOKS_BACK: Duration = Duration::from_secs(24 * 3600);
/// No more events of one rule are read at once: thresholds are far below.
const MOST: i64 = 2_000;
/// What was measured longer ago says nothing.
const FRESH: Duration = Duration::from_secs(90);
/// Alerts and messages that are over are kept for so long.
pub(super) const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// What a rule comes to.
struct Found {
    value: i64,
    latest: Option<Latest>,
}

impl Alerts {
    /// One look at everything. Does nothing while another process has the turn.
    pub async fn evaluate(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut turn = self.turn.lock().await;
        self.measure(&mut turn, now).await?;
        if !self.take_turn(&mut turn, now).await? {
            return Ok(());
        }
        self.watch_door(now).await?;
        let mut live: HashMap<RuleId, AlertRow> = HashMap::new();
        for row in store::list_live(&self.db).await? {
            live.insert(row.rule, row);
        }
        for kept in store::list_rules(&self.db).await? {
            let id = kept.view.id;
            if !kept.view.rule.enabled {
                turn.evaluated.remove(&id);
                continue;
            }
            let since = turn.evaluated.get(&id).copied();
            let since = since.map_or(kept.evaluated_at, |own| own.max(kept.evaluated_at));
            if !self.look_at(&kept, live.remove(&id), since, now).await? {
                // Somebody else has the turn, or changed the rule or the alert: the next look decides again.
                turn.renewed_at = None;
                return Ok(());
            }
            turn.evaluated.insert(id, now);
        }
        Ok(())
    }

    /// Gives the turn back, at the end of the process.
    pub async fn give_turn_back(&self) -> Result<(), StoreError> {
        self.turn.lock().await.renewed_at = None;
        self.db.give_lease_back(NAME, &self.holder).await
    }

    /// Deletes what has long been over.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        Ok(store::delete_over_before(&self.db, now.minus(KEPT)).await?
            + super::delivery_store::delete_over_before(&self.db, now.minus(KEPT)).await?
            + store::delete_readings_before(&self.db, now.minus(KEPT)).await?)
    }

    /// Takes the turn or keeps it. Between two renewals nothing is written: whatever is decided asks for it again.
    async fn take_turn(&self, turn: &mut Turn, now: Timestamp) -> Result<bool, StoreError> {
        let is_due = turn
            .renewed_at
            .is_none_or(|at| now < at || now.since(at) >= RENEWAL);
        if !is_due {
            return Ok(true);
        }
        let is_new = turn.renewed_at.is_none();
        turn.renewed_at = None;
        if !self.db.take_lease(NAME, &self.holder, LEASE, now).await? {
            turn.evaluated.clear();
            return Ok(false);
        }
        if is_new {
            self.ship(now).await?;
        }
        self.note_progress(turn).await?;
        turn.renewed_at = Some(now);
        Ok(true)
    }

    /// Puts the shipped rules in that are not there. One that an admin changed stays as they want it.
    async fn ship(&self, now: Timestamp) -> Result<(), StoreError> {
        let rules = store::list_rules(&self.db).await?;
        for shipped in Shipped::ALL {
            if rules.iter().any(|kept| kept.view.shipped == Some(*shipped)) {
                continue;
            }
            let view = RuleView {
                id: self.rng.id(now),
                shipped: Some(*shipped),
                rule: shipped::rule(*shipped),
            };
            store::insert_rule(crate::store::On::Write(&self.db), &view, now).await?;
        }
        Ok(())
    }

    /// Writes down up to when was evaluated, so that whoever takes over looks no further back.
    async fn note_progress(&self, turn: &Turn) -> Result<(), StoreError> {
        if turn.evaluated.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        if !tx.holds_lease(NAME, &self.holder).await? {
            return Ok(());
        }
        for (rule, until) in &turn.evaluated {
            store::mark_evaluated(&mut tx, *rule, *until).await?;
        }
        tx.commit().await
    }

    /// Evaluates one rule; `false` when somebody was faster.
    async fn look_at(
        &self,
        kept: &Kept,
        row: Option<AlertRow>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let rule = &kept.view.rule;
        let Some(found) = self.find(kept, since, now).await? else {
            return Ok(true);
        };
        let holds = rule.comparator.holds(found.value, rule.threshold);
        let repeat = Duration::from_secs(rule.repeat_seconds.into());
        let plan = Plan {
            hold: Duration::from_secs(rule.for_seconds.into()),
            repeat: (!repeat.is_zero()).then_some(repeat),
            tells_end: rule.tells_end,
        };
        let life = row.as_ref().map(|row| row.life);
        let next = step(life, holds, &plan, now);
        match (next, life) {
            (Next::Nothing, None) => return Ok(true),
            (Next::Goes(same, None), Some(life)) if same == life => return Ok(true),
            _ => {}
        }
        let mut tx = self.db.begin().await?;
        if !tx.holds_lease(NAME, &self.holder).await? {
            return Ok(false);
        }
        // First, so that the rule stays as it was read until the alert is written.
        if !store::mark_evaluated_as_read(&mut tx, kept, now).await? {
            return Ok(false);
        }
        if !self.write(&mut tx, kept, row, next, found, now).await? {
            return Ok(false);
        }
        tx.commit().await?;
        self.queued.notify_one();
        Ok(true)
    }

    /// Writes what became of an alert, and what is to be told of it.
    async fn write(
        &self,
        tx: &mut Tx,
        kept: &Kept,
        row: Option<AlertRow>,
        next: Next,
        found: Found,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, life, notice) = match (next, row) {
            (Next::Nothing, Some(row)) => return store::delete_alert(tx, &row).await,
            (Next::Nothing, None) | (Next::Over(_), None) => return Ok(true),
            (Next::Goes(life, notice), Some(row)) => {
                if !store::mark_alert(tx, &row, found.value, &life, None).await? {
                    return Ok(false);
                }
                (row.id, life, notice)
            }
            (Next::Goes(life, notice), None) => {
                let id = self.rng.id(now);
                store::insert_alert(tx, id, kept.view.id, found.value, &life).await?;
                (id, life, notice)
            }
            (Next::Over(notice), Some(row)) => {
                let life = Life {
                    phase: Phase::Resolved,
                    ..row.life
                };
                if !store::mark_alert(tx, &row, found.value, &life, Some(now)).await? {
                    return Ok(false);
                }
                (row.id, life, notice)
            }
        };
        let Some(notice) = notice else {
            return Ok(true);
        };
        let fact = fact(kept, id, notice, life.began_at, found, now);
        log(&fact);
        let rule = &kept.view.rule;
        let quiet = rule.quiet.filter(|quiet: &Quiet| quiet.is_valid());
        self.queue(tx, &fact, &rule.channels, quiet).await?;
        Ok(true)
    }

    /// The value that a rule is held against; `None` where nothing is known.
    async fn find(
        &self,
        kept: &Kept,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Found>, StoreError> {
        let rule = &kept.view.rule;
        if let Some(metric) = Metric::from_text(&rule.watch) {
            let readings = store::list_readings(&self.db, metric, now.minus(FRESH)).await?;
            let worst = readings
                .into_iter()
                .reduce(|one, other| metric.worse(one, other));
            return Ok(worst.map(|value| Found {
                value,
                latest: None,
            }));
        }
        let Some(name) = event_name(&rule.watch) else {
            return Ok(None);
        };
        let window = Duration::from_secs(rule.window_seconds.into());
        let since = match rule.comparator {
            Comparator::AtLeast | Comparator::Above => since.max(now.minus(LOOKS_BACK)),
            // What is missed is missed now.
            Comparator::AtMost | Comparator::Below => now,
        };
        let from = since.min(now).minus(window);
        let detail = rule.detail.as_deref().unwrap_or_default();
        let mut events = audit::list_watched(&self.db, name, &like(detail), from, MOST).await?;
        if !detail.is_empty() {
            events.retain(|event| has_detail(event, detail));
        }
        let counted: Vec<(Timestamp, u64)> = events
            .iter()
            .map(|event| (event.at, event.count()))
            .collect();
        let value = busiest(&counted, window, since, now);
        Ok(Some(Found {
            value: i64::try_from(value).unwrap_or(i64::MAX),
            latest: events.first().map(Latest::from),
        }))
    }
}

/// The event of a stable text.
pub(super) fn event_name(text: &str) -> Option<EventName> {
    serde_json::from_value(serde_json::Value::from(text)).ok()
}

/// What a database can tell of a detail: that the first of it stands somewhere. Without that a flood of other events of
/// the name would push those that are meant beyond the limit.
fn like(detail: &str) -> String {
    let first = detail.split(',').next().unwrap_or_default();
    // What JSON or the pattern would write in another way stands for anything.
    let anything = |c: char| if c.is_alphanumeric() { c } else { '%' };
    format!("%{}%", first.chars().map(anything).collect::<String>())
}

/// Whether an event has every `key=value` of a detail, separated by commas.
fn has_detail(event: &Watched, detail: &str) -> bool {
    detail.split(',').all(|pair| {
        let (key, wanted) = pair.split_once('=').unwrap_or((pair, ""));
        match &event.details[key.trim()] {
            serde_json::Value::String(text) => text == wanted.trim(),
            other => {
                let text = other.to_string();
                text == wanted.trim()
            }
        }
    })
}

fn fact(
    kept: &Kept,
    alert: concierge_core::alert::AlertId,
    notice: Notice,
    began_at: Timestamp,
    found: Found,
    now: Timestamp,
) -> Fact {
    let rule = &kept.view.rule;
    Fact {
        what: notice.into(),
        at: now,
        alert,
        rule: kept.view.id,
        name: rule.name.clone(),
        shipped: kept.view.shipped,
        severity: rule.severity,
        watch: rule.watch.clone(),
        comparator: rule.comparator,
        threshold: rule.threshold,
        window_seconds: rule.window_seconds,
        value: found.value,
        began_at,
        latest: found.latest,
    }
}

/// For whoever has no channel but the log.
fn log(fact: &Fact) {
    tracing::warn!(
        what = fact.what.as_str(),
        alert = %fact.alert,
        rule = %fact.rule,
        watch = fact.watch,
        value = fact.value,
        severity = fact.severity.as_str(),
        "{}: {} is {}", fact.what.as_str(), fact.watch, fact.value
    );
}
