//! What admins do about alerts: look, acknowledge, make and change rules. Their channels are in `channels`.

use std::{cmp::Reverse, time::Duration};

use concierge_core::{
    account::{AccountId, Name},
    alert::{
        AlertId, ChannelId, Metric, Phase, Rule, RuleId,
        api::{Acknowledgement, AlertDesk, AlertView, RuleView},
    },
    audit::{EventName, Severity},
    problem::{FieldCode, FieldError},
    time::Timestamp,
};
use serde_json::json;

use super::{
    AlertError, Alerts, channel_store, delivery_store,
    evaluate::{KEPT, event_name},
    store::{self, AlertRow},
};
use crate::{
    audit::{self, Event, Origin},
    store::{Db, StoreError, Tx},
};

/// Alerts that are told live.
const LASTING: usize = 12;
/// Alerts and messages that are shown.
const SHOWN: i64 = 50;
/// For how many minutes an alert is acknowledged: usually, at least, at most.
const MINUTES: (u32, u32, u32) = (240, 5, 7 * 24 * 60);
/// The longest window of a rule, in seconds.
const WEEK: u32 = 7 * 24 * 3600;

/// Who does it, and from where.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// The admin.
    pub actor: AccountId,
    /// From where.
    pub origin: &'a Origin,
}

/// The alerts that were told and are not over: the gravest, and of those the newest, first. A dozen at most, since they
/// are one message of the socket.
pub async fn list_live(db: &Db) -> Result<Vec<AlertView>, StoreError> {
    let mut views = list_told(db).await?;
    views.sort_unstable_by_key(|view| Reverse((view.severity, view.began_at)));
    views.truncate(LASTING);
    Ok(views)
}

/// How the alerts stand, for who measures.
#[derive(Debug)]
pub struct Standing {
    /// How many were told and are not over, by severity.
    pub lasting: Vec<(Severity, u64)>,
    /// When the message was to leave that has waited the longest; that may be yet to come.
    pub waiting_since: Option<Timestamp>,
}

/// How the alerts and their messages stand in the whole house.
pub async fn standing(db: &Db) -> Result<Standing, StoreError> {
    let told = list_told(db).await?;
    let count = |severity| told.iter().filter(|view| view.severity == severity).count();
    let lasting = Severity::ALL.into_iter().map(|severity| {
        let count = u64::try_from(count(severity)).unwrap_or(u64::MAX);
        (severity, count)
    });
    Ok(Standing {
        lasting: lasting.collect(),
        waiting_since: delivery_store::find_longest_waiting(db).await?,
    })
}

/// Those that were told and are not over.
async fn list_told(db: &Db) -> Result<Vec<AlertView>, StoreError> {
    let mut live = store::list_live(db).await?;
    live.retain(|row| row.life.phase != Phase::Pending);
    if live.is_empty() {
        return Ok(Vec::new());
    }
    let rules = list_rules(db).await?;
    let views = live.into_iter().filter_map(|row| view(row, &rules));
    Ok(views.collect())
}

/// The rules as they are shown: the shipped ones first, in the order of their kinds. They are all made in one moment.
async fn list_rules(db: &Db) -> Result<Vec<RuleView>, StoreError> {
    let kept = store::list_rules(db).await?;
    let mut rules: Vec<RuleView> = kept.into_iter().map(|kept| kept.view).collect();
    rules.sort_by_key(|view| (view.shipped.is_none(), view.shipped));
    Ok(rules)
}

impl Alerts {
    /// Everything there is to see.
    pub async fn desk(&self) -> Result<AlertDesk, StoreError> {
        let rules = list_rules(&self.db).await?;
        let since = self.clock.now().minus(KEPT);
        let mut live = store::list_live(&self.db).await?;
        live.sort_unstable_by_key(|row| Reverse(row.life.began_at));
        let mut rows = store::list_latest(&self.db, since, SHOWN).await?;
        // A very old one that still lasts is among them, too.
        rows.retain(|row| row.resolved_at.is_some());
        let alerts = live.into_iter().chain(rows);
        let alerts = alerts.filter_map(|row| view(row, &rules)).collect();
        let channels = channel_store::list_all(&self.db).await?;
        Ok(AlertDesk {
            alerts,
            channels: channels.iter().map(|row| self.channel_view(row)).collect(),
            deliveries: delivery_store::list_latest(&self.db, since, SHOWN).await?,
            rules,
        })
    }

    /// Notes that an alert was seen.
    pub async fn acknowledge(
        &self,
        id: AlertId,
        wanted: &Acknowledgement,
        by: By<'_>,
    ) -> Result<AlertView, AlertError> {
        let (usual, least, most) = MINUTES;
        let minutes = wanted.minutes.unwrap_or(usual);
        if minutes < least || minutes > most {
            return Err(invalid("minutes", FieldCode::OutOfRange));
        }
        let until = self
            .clock
            .now()
            .plus(Duration::from_secs(60 * u64::from(minutes)));
        let mut tx = self.db.begin().await?;
        let actor = by.actor.to_string();
        if !store::mark_acknowledged(&mut tx, id, &actor, until).await? {
            return Err(match store::find_alert_by_id(&mut tx, id).await? {
                Some(_) => AlertError::Conflict,
                None => AlertError::NotFound,
            });
        }
        let row = store::find_alert_by_id(&mut tx, id).await?;
        let row = row.ok_or(AlertError::NotFound)?;
        let kept = store::find_rule_by_id(&mut tx, row.rule).await?;
        let details = json!({ "alert": id, "until": until });
        self.note(&mut tx, EventName::AlertAcknowledged, details, by)
            .await?;
        tx.commit().await?;
        let rules: Vec<RuleView> = kept.into_iter().map(|kept| kept.view).collect();
        view(row, &rules).ok_or(AlertError::NotFound)
    }

    /// Makes a rule.
    pub async fn make_rule(&self, rule: Rule, by: By<'_>) -> Result<RuleView, AlertError> {
        judge(&rule, true)?;
        let now = self.clock.now();
        let view = RuleView {
            id: self.rng.id(now),
            shipped: None,
            rule,
        };
        let mut tx = self.db.begin().await?;
        judge_channels(&mut tx, &view.rule, &[]).await?;
        store::insert_rule(&mut tx, &view, now).await?;
        self.note_rule(&mut tx, view.id, "made", &view.rule, by)
            .await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Puts a rule in the place of another.
    pub async fn change_rule(
        &self,
        id: RuleId,
        rule: Rule,
        by: By<'_>,
    ) -> Result<RuleView, AlertError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let kept = store::find_rule_by_id(&mut tx, id).await?;
        let kept = kept.ok_or(AlertError::NotFound)?;
        judge(&rule, kept.view.shipped.is_none())?;
        judge_channels(&mut tx, &rule, &kept.view.rule.channels).await?;
        store::mark_rule_changed(&mut tx, id, &rule, now).await?;
        if !rule.enabled {
            store::mark_rule_over(&mut tx, id, now).await?;
        }
        self.note_rule(&mut tx, id, "changed", &rule, by).await?;
        tx.commit().await?;
        Ok(RuleView { rule, ..kept.view })
    }

    /// Deletes a rule. A shipped one would come back with the next start.
    pub async fn delete_rule(&self, id: RuleId, by: By<'_>) -> Result<(), AlertError> {
        let mut tx = self.db.begin().await?;
        let kept = store::find_rule_by_id(&mut tx, id).await?;
        let kept = kept.ok_or(AlertError::NotFound)?;
        if kept.view.shipped.is_some() {
            return Err(AlertError::Conflict);
        }
        // The rule before its alerts, as whoever looks at it right now: two orders would wait for each other.
        store::mark_rule_changed(&mut tx, id, &kept.view.rule, self.clock.now()).await?;
        store::delete_rule(&mut tx, id).await?;
        self.note_rule(&mut tx, id, "deleted", &kept.view.rule, by)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn note_rule(
        &self,
        tx: &mut Tx,
        id: RuleId,
        deed: &str,
        rule: &Rule,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let details =
            json!({ "rule": id, "deed": deed, "watch": rule.watch, "enabled": rule.enabled });
        self.note(tx, EventName::AlertRuleChanged, details, by)
            .await
    }

    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        name: EventName,
        details: serde_json::Value,
        by: By<'_>,
    ) -> Result<(), StoreError> {
        let event = Event {
            actor: Some(by.actor),
            ..Event::anonymous(name, by.origin).with(details)
        };
        audit::record(tx, &event, self.clock.now(), &*self.rng).await
    }
}

fn view(row: AlertRow, rules: &[RuleView]) -> Option<AlertView> {
    let rule = rules.iter().find(|rule| rule.id == row.rule)?;
    let is_acknowledged = row.life.phase == Phase::Acknowledged;
    Some(AlertView {
        id: row.id,
        rule: row.rule,
        name: rule.rule.name.clone(),
        shipped: rule.shipped,
        severity: rule.rule.severity,
        phase: row.life.phase,
        value: row.value,
        began_at: row.life.began_at,
        acknowledged_by: row.acknowledged_by.filter(|_| is_acknowledged),
        acknowledged_until: row.life.until.filter(|_| is_acknowledged),
        resolved_at: row.resolved_at,
    })
}

pub(super) fn invalid(name: &str, code: FieldCode) -> AlertError {
    AlertError::Invalid(vec![FieldError::new(name, code)])
}

/// A line of text that is there.
pub(super) fn line(field: &str, text: &str) -> Result<String, AlertError> {
    let name: Name = text.parse().map_err(|code| invalid(field, code))?;
    match name.as_str() {
        "" => Err(invalid(field, FieldCode::Required)),
        name => Ok(name.to_owned()),
    }
}

/// Whether the channels that a rule names exist. Those it named before may be gone by now: that is no reason to refuse
/// another change.
async fn judge_channels(tx: &mut Tx, rule: &Rule, before: &[ChannelId]) -> Result<(), AlertError> {
    let there = channel_store::list_all(tx).await?;
    let is_known =
        |id: &ChannelId| before.contains(id) || there.iter().any(|channel| channel.id == *id);
    if rule.channels.iter().all(is_known) {
        Ok(())
    } else {
        Err(invalid("channels", FieldCode::Unknown))
    }
}

/// Whether a rule can be held against anything. Only a shipped one has a name of its own.
fn judge(rule: &Rule, needs_name: bool) -> Result<(), AlertError> {
    let mut wrong = Vec::new();
    let mut check = |field: &str, is_right: bool, code| {
        if !is_right {
            wrong.push(FieldError::new(field, code));
        }
    };
    let is_metric = Metric::from_text(&rule.watch).is_some();
    let is_event = event_name(&rule.watch).is_some();
    check("watch", is_metric || is_event, FieldCode::Unknown);
    let has_window = (1..=WEEK).contains(&rule.window_seconds);
    check(
        "window_seconds",
        is_metric || has_window,
        FieldCode::OutOfRange,
    );
    check(
        "for_seconds",
        rule.for_seconds <= WEEK,
        FieldCode::OutOfRange,
    );
    check(
        "repeat_seconds",
        rule.repeat_seconds == 0 || (60..=WEEK).contains(&rule.repeat_seconds),
        FieldCode::OutOfRange,
    );
    // Of one rule no more events than these are read.
    check(
        "threshold",
        (0..=1_000).contains(&rule.threshold),
        FieldCode::OutOfRange,
    );
    check(
        "detail",
        rule.detail
            .as_ref()
            .is_none_or(|detail| detail.len() <= 200),
        FieldCode::TooLong,
    );
    check("channels", rule.channels.len() <= 50, FieldCode::TooLong);
    check(
        "quiet",
        rule.quiet.is_none_or(|quiet| quiet.is_valid()),
        FieldCode::OutOfRange,
    );
    if needs_name || !rule.name.is_empty() {
        match line("name", &rule.name) {
            Err(AlertError::Invalid(fields)) => wrong.extend(fields),
            Err(other) => return Err(other),
            Ok(name) if name == rule.name => {}
            Ok(_) => wrong.push(FieldError::new("name", FieldCode::ControlCharacters)),
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(AlertError::Invalid(wrong))
    }
}
