//! The rules of the alerts: what each watches, and switching, changing and deleting them.

use concierge_core::{
    alert::{
        Metric, Rule,
        api::{AlertDesk, ChangeRule, ChannelView, DeleteRule, RuleView},
    },
    api::Empty,
    audit::EventName,
};
use leptos::prelude::*;

use super::{
    alerts_form,
    alerts_parts::{self, Acts, item, list, severity},
    desk::Done,
};
use crate::{
    client::{use_client, wire},
    reaction::part,
    text::{format::fill_all, use_locale, use_watch_texts},
    ui::{confirm::Confirm, form::Submission},
};

/// The rules, and the one that is being changed.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) acts: Acts,
    /// Of the form by itself, so that what is wrong with it is said there.
    pub(super) submission: Submission,
    pub(super) changing: RwSignal<Option<RuleView>>,
}

impl Rules {
    /// None is being changed yet.
    pub(super) fn new(acts: Acts) -> Self {
        Self {
            acts,
            submission: Submission::new(None),
            changing: RwSignal::new(None),
        }
    }

    /// The list and the form below it.
    pub(super) fn card(self, desk: &AlertDesk) -> AnyView {
        let words = &use_watch_texts().alert_rules;
        // What was being changed is saved by now, or was read before.
        if self.changing.with_untracked(Option::is_some) {
            self.changing.set(None);
        }
        let items = desk.rules.iter().map(|rule| self.one(rule, &desk.channels));
        let items = list(items.collect());
        let channels = desk.channels.clone();
        view! {
            <section class="card" aria-labelledby="rules-heading">
                <h2 id="rules-heading">{words.title}</h2>
                {items}
                {part(move || alerts_form::form(self, self.changing.get(), &channels))}
            </section>
        }
        .into_any()
    }

    fn one(self, view: &RuleView, channels: &[ChannelView]) -> AnyView {
        let words = &use_watch_texts().alert_rules;
        let rule = &view.rule;
        let (id, client) = (view.id, use_client());
        let switched = Rule {
            enabled: !rule.enabled,
            ..rule.clone()
        };
        let label = if rule.enabled {
            words.switch_off
        } else {
            words.switch_on
        };
        let switch = {
            let client = client.clone();
            self.acts.button(label, move || {
                let request = wire::<ChangeRule>(&id, &switched);
                let done = Done::Say(use_watch_texts().alert_rules.saved);
                self.acts
                    .desk
                    .act(&client, self.acts.submission, request, done);
            })
        };
        let kept = view.clone();
        let change = self.acts.button(words.change, move || {
            self.changing.set(Some(kept.clone()));
            alerts_parts::focus(alerts_form::HEADING);
        });
        let delete = view.shipped.is_none().then(|| {
            view! {
                <Confirm
                    label=words.delete
                    question=words.delete_sure
                    yes=words.delete
                    on_yes=Callback::new(move |()| {
                        let request = wire::<DeleteRule>(&id, &Empty {});
                        let done = Done::Say(use_watch_texts().alert_rules.deleted);
                        self.acts.desk.act(&client, self.acts.submission, request, done);
                    })
                />
            }
            .into_any()
        });
        let acts = (switch, change, delete).into_any();
        item(title(view).to_owned(), condition(rule, channels), acts)
    }
}

/// What a rule is called.
pub(super) fn title(view: &RuleView) -> &str {
    match view.shipped {
        Some(shipped) if view.rule.name.is_empty() => shipped.title(use_locale()),
        _ => &view.rule.name,
    }
}

/// A metric in words.
pub(super) fn measured(metric: Metric) -> &'static str {
    let words = &use_watch_texts().alert_rules;
    match metric {
        Metric::DiskFree => words.disk_free,
        Metric::MemoryUsed => words.memory_used,
        Metric::ServerErrors => words.server_errors,
    }
}

/// What a rule watches in words; its stable name where this page has none.
fn watched(watch: &str) -> String {
    let event = EventName::from_text(watch).map(|name| name.title(use_locale()));
    let metric = || Metric::from_text(watch).map(measured);
    event.or_else(metric).unwrap_or(watch).to_owned()
}

/// What a rule warns of, in a line.
fn condition(rule: &Rule, channels: &[ChannelView]) -> String {
    let words = &use_watch_texts().alert_rules;
    let mut text = watched(&rule.watch);
    if let Some(detail) = &rule.detail {
        text.push_str(&format!(" ({detail})"));
    }
    text.push_str(&format!(" {} {}", rule.comparator.as_str(), rule.threshold));
    let minutes = |seconds: u32| (seconds / 60).to_string();
    if Metric::from_text(&rule.watch).is_none() {
        text.push_str(&format!(
            " {}",
            fill_all(words.within, &[&minutes(rule.window_seconds)])
        ));
    }
    if rule.for_seconds > 0 {
        text.push_str(&format!(
            " {}",
            fill_all(words.holds, &[&minutes(rule.for_seconds)])
        ));
    }
    text.push_str(&format!(" · {}", severity(rule.severity)));
    let named = channels
        .iter()
        .filter(|channel| rule.channels.contains(&channel.id));
    for channel in named {
        text.push_str(&format!(" · {}", channel.name));
    }
    if !rule.enabled {
        text.push_str(&format!(" · {}", words.off));
    }
    text
}
