//! The channels of the alerts: testing, switching, changing and deleting them.

use concierge_core::{
    alert::{
        ChannelId, Way,
        api::{
            AlertDesk, ChangeChannel, ChannelChange, ChannelView, DeleteChannel, TestChannel,
            Tested,
        },
    },
    api::Empty,
    sensitive::Sensitive,
};
use leptos::prelude::*;

use super::{
    alerts_channel_form,
    alerts_parts::{self, Acts, list},
    desk::Done,
};
use crate::{
    client::{call_on, use_client, wire},
    reaction::part,
    text::use_watch_texts,
    ui::{confirm::Confirm, copy::CopyButton, form::Submission},
};

/// The channels, the secret that was made last, and what the last test came to.
#[derive(Clone, Copy)]
pub(super) struct Channels {
    pub(super) acts: Acts,
    /// Of the form by itself: the fields of a rule are called the same.
    pub(super) submission: Submission,
    /// The one that the form leads elsewhere; with none it makes a new one.
    pub(super) changing: RwSignal<Option<ChannelView>>,
    pub(super) secret: RwSignal<Option<Sensitive>>,
    tested: RwSignal<Option<(ChannelId, Tested)>>,
}

impl Channels {
    /// Nothing was made or tested yet.
    pub(super) fn new(acts: Acts) -> Self {
        Self {
            acts,
            submission: Submission::new(None),
            changing: RwSignal::new(None),
            secret: RwSignal::new(None),
            tested: RwSignal::new(None),
        }
    }

    /// The list, the secret and the form.
    pub(super) fn card(self, desk: &AlertDesk) -> AnyView {
        let words = &use_watch_texts().alert_channels;
        // What was being changed is saved by now, or was read before.
        if self.changing.with_untracked(Option::is_some) {
            self.changing.set(None);
        }
        let channels = match desk.channels.is_empty() {
            true => view! {
                <p class="empty-what">{words.none}</p>
                <p>{words.none_hint}</p>
            }
            .into_any(),
            false => list(desk.channels.iter().map(|one| self.one(one)).collect()),
        };
        view! {
            <section class="card" aria-labelledby="channels-heading">
                <h2 id="channels-heading">{words.title}</h2>
                {channels}
                {part(move || self.secret())}
                {part(move || alerts_channel_form::form(self, self.changing.get()))}
            </section>
        }
        .into_any()
    }

    fn one(self, channel: &ChannelView) -> AnyView {
        let words = &use_watch_texts().alert_channels;
        let Acts {
            desk, submission, ..
        } = self.acts;
        let (id, client, enabled) = (channel.id, use_client(), !channel.enabled);
        let deleting = client.clone();
        let label = if enabled {
            words.switch_on
        } else {
            words.switch_off
        };
        let switch = self.acts.button(label, move || {
            let change = ChannelChange {
                enabled: Some(enabled),
                ..ChannelChange::default()
            };
            let request = wire::<ChangeChannel>(&id, &change);
            let done = Done::Say(use_watch_texts().alert_channels.saved);
            desk.act(&client, submission, request, done);
        });
        let kept = channel.clone();
        let change = self.acts.button(words.change, move || {
            self.changing.set(Some(kept.clone()));
            alerts_parts::focus(alerts_channel_form::HEADING);
        });
        let delete = move |()| {
            let request = wire::<DeleteChannel>(&id, &Empty {});
            let done = Done::Say(use_watch_texts().alert_channels.deleted);
            desk.act(&deleting, submission, request, done);
        };
        view! {
            <li class="session">
                <div>
                    <h3 class="address">{channel.name.clone()}</h3>
                    <p class="session-facts">{facts(channel)}</p>
                    <p class="session-facts" role="status">
                        {Signal::derive(move || self.result(id))}
                    </p>
                </div>
                <div class="actions">
                    {self.test(id)} {switch} {change}
                    <Confirm
                        label=words.delete
                        question=words.delete_sure
                        yes=words.delete
                        on_yes=Callback::new(delete)
                    />
                </div>
            </li>
        }
        .into_any()
    }

    fn test(self, id: ChannelId) -> AnyView {
        let words = &use_watch_texts().alert_channels;
        let Acts {
            desk, submission, ..
        } = self.acts;
        let client = use_client();
        self.acts.button(words.test, move || {
            let client = client.clone();
            self.tested.set(None);
            desk.step_up().run(submission, move || {
                let client = client.clone();
                async move {
                    let tested = call_on::<TestChannel>(&client, id, Empty {}).await?;
                    desk.read_again();
                    let _gone = self.tested.try_set(Some((id, tested)));
                    Ok(())
                }
            });
        })
    }

    /// What the last test of a channel came to, with the receiver's own words.
    fn result(self, id: ChannelId) -> Option<String> {
        let words = &use_watch_texts().alert_channels;
        self.tested.with(|tested| {
            let (_, tested) = tested.as_ref().filter(|(of, _)| *of == id)?;
            let outcome = if tested.delivered {
                words.arrived
            } else {
                words.not_arrived
            };
            let code = tested
                .code
                .map(|code| format!(" {code}"))
                .unwrap_or_default();
            Some(format!("{outcome}{code} {}", tested.answer))
        })
    }

    /// The secret of a webhook that was just made or led elsewhere. It lives as long as the page and is kept nowhere.
    fn secret(self) -> AnyView {
        let words = &use_watch_texts().alert_channels;
        let told = RwSignal::new(None);
        let secret = self.secret.with(|secret| {
            let secret = secret.as_ref()?.expose().to_owned();
            Some(view! {
                <div class="question">
                    <div class="field">
                        <label for="secret">{words.secret}</label>
                        <input
                            class="input"
                            id="secret"
                            type="text"
                            autocomplete="off"
                            readonly=true
                            value=secret.clone()
                            aria-describedby="secret-hint"
                        />
                        <p class="field-hint" id="secret-hint">
                            {words.secret_hint}
                        </p>
                    </div>
                    <div class="actions">
                        <CopyButton text=secret told=told />
                        <p class="saved" role="status">
                            {Signal::derive(move || told.get())}
                        </p>
                    </div>
                </div>
            })
        });
        secret.into_any()
    }
}

/// A way in words.
pub(super) fn way(way: Way) -> &'static str {
    let words = &use_watch_texts().alert_channels;
    match way {
        Way::Mail => words.mail,
        Way::Webhook => words.webhook,
        Way::Slack => words.slack,
        Way::Teams => words.teams,
    }
}

/// Which way it goes and where to, and why nothing goes where nothing does.
fn facts(channel: &ChannelView) -> String {
    let words = &use_watch_texts().alert_channels;
    let state = match (channel.enabled, channel.is_gone) {
        (true, _) => String::new(),
        (false, false) => format!(" · {}", words.off),
        (false, true) => format!(" · {}", words.gone),
    };
    format!("{} · {}{state}", way(channel.way), channel.to)
}
