//! The form that makes a rule or changes one.

use concierge_core::{
    alert::{
        ChannelId, Comparator, Metric, Rule,
        api::{ChangeRule, ChannelView, MakeRule, RuleView},
    },
    audit::Severity,
    link::Page,
};
use leptos::prelude::*;

use super::{
    alerts_fields::{SEVERITIES, fresh, rule_of, shown},
    alerts_parts::severity,
    alerts_rules::{Rules, measured, title},
    desk::Done,
    events::titles,
};
use crate::{
    client::{use_client, wire},
    text::{format::fill_all, use_watch_texts},
    ui::{
        button::SubmitButton,
        field::{FieldSpec, SelectField, TextField},
        form::{Form, Values},
    },
};

/// Where the form begins.
pub(super) const HEADING: &str = "rule-form-heading";

/// The form, with the values of the rule that is being changed.
pub(super) fn form(rules: Rules, changing: Option<RuleView>, channels: &[ChannelView]) -> AnyView {
    let words = &use_watch_texts().alert_rules;
    let Rules {
        acts,
        submission,
        changing: which,
    } = rules;
    let client = use_client();
    let heading = changing
        .as_ref()
        .map(|view| fill_all(words.changing, &[title(view)]));
    let cancel = changing
        .is_some()
        .then(|| acts.button(words.cancel, move || which.set(None)));
    let rule = changing
        .as_ref()
        .map_or_else(fresh, |view| view.rule.clone());
    let fields = fields(&rule, channels, rules);
    let offered: Vec<ChannelId> = channels.iter().map(|channel| channel.id).collect();
    let submit = move |values: Values| {
        let (text, flag) = (
            |name: &str| values.text(name),
            |name: &str| values.flag(name),
        );
        let new = rule_of(&text, &flag, &rule, &offered);
        let request = match &changing {
            Some(view) => wire::<ChangeRule>(&view.id, &new),
            None => wire::<MakeRule>(&Default::default(), &new),
        };
        let done = Done::Say(use_watch_texts().alert_rules.saved);
        acts.desk.act(&client, submission, request, done);
    };
    view! {
        <h3 id=HEADING tabindex="-1">
            {heading.unwrap_or_else(|| words.new.to_owned())}
        </h3>
        <Form action=Page::Alerts.path() submission=submission on_submit=submit>
            {fields}
            <SubmitButton
                label=words.submit
                pending=submission.pending()
                wait=submission.wait()
                disabled=Signal::derive(move || !acts.scripted.get())
            />
        </Form>
        {cancel}
    }
    .into_any()
}

fn fields(rule: &Rule, channels: &[ChannelView], rules: Rules) -> AnyView {
    let told = vec![told_over(rule, channels, rules), ends(rule.tells_end)];
    let all = [watched(rule, rules), timed(rule, rules), told];
    all.into_iter().flatten().collect_view().into_any()
}

/// A field of text, with its hint.
fn text(
    rules: Rules,
    name: &'static str,
    (label, hint): (&'static str, Option<&'static str>),
    value: String,
) -> AnyView {
    let spec = FieldSpec {
        name,
        label,
        kind: "text",
        autocomplete: "off",
        required: false,
        hint,
    };
    let error = rules.submission.field(name);
    view! { <TextField spec=spec error=error value=value /> }.into_any()
}

/// What is watched, and from when on it is too much.
fn watched(rule: &Rule, rules: Rules) -> Vec<AnyView> {
    let words = &use_watch_texts().alert_rules;
    let text = |name, label, hint| text(rules, name, (label, hint), shown(rule, name));
    let comparators = comparators(rule.comparator);
    vec![
        text("name", words.name, Some(words.name_hint)),
        choice("watch", words.watch, things(&rule.watch), rules),
        text("detail", words.detail, Some(words.detail_hint)),
        choice("comparator", words.comparator, comparators, rules),
        text("threshold", words.threshold, None),
    ]
}

/// Over what time, how grave it is, and when it is told.
fn timed(rule: &Rule, rules: Rules) -> Vec<AnyView> {
    let words = &use_watch_texts().alert_rules;
    let text = |name, label, hint| text(rules, name, (label, hint), shown(rule, name));
    let severities = severities(rule.severity);
    vec![
        text("window_seconds", words.window, None),
        text("for_seconds", words.hold, None),
        choice("severity", words.severity, severities, rules),
        text("repeat_seconds", words.repeat, None),
        text("quiet", words.quiet_from, Some(words.quiet_hint)),
        text("quiet_to", words.quiet_to, None),
    ]
}

type Options = Vec<(&'static str, &'static str, bool)>;

fn choice(name: &'static str, label: &'static str, options: Options, rules: Rules) -> AnyView {
    let spec = FieldSpec {
        name,
        label,
        kind: "text",
        autocomplete: "off",
        required: false,
        hint: None,
    };
    let error = rules.submission.field(name);
    view! { <SelectField spec=spec error=error options=options /> }.into_any()
}

/// The metrics, then the events by their words. Nothing is chosen for a new rule.
fn things(chosen: &str) -> Options {
    let choose = ("", use_watch_texts().alert_rules.choose);
    let metrics = Metric::ALL.iter().map(|one| (one.as_str(), measured(*one)));
    let things = std::iter::once(choose).chain(metrics).chain(titles());
    things
        .map(|(name, words)| (name, words, name == chosen))
        .collect()
}

fn comparators(chosen: Comparator) -> Options {
    let each = Comparator::ALL.iter();
    each.map(|one| (one.as_str(), one.as_str(), *one == chosen))
        .collect()
}

fn severities(chosen: Severity) -> Options {
    SEVERITIES
        .map(|one| (one.as_str(), severity(one), one == chosen))
        .to_vec()
}

/// The channels, to tick those that are told.
fn told_over(rule: &Rule, channels: &[ChannelView], rules: Rules) -> AnyView {
    let words = &use_watch_texts().alert_rules;
    let boxes = channels.iter().map(|channel| {
        let ticked = rule.channels.contains(&channel.id);
        check(channel.id.to_string(), channel.name.clone(), ticked)
    });
    let error = rules.submission.field("channels");
    view! {
        <fieldset class="field">
            <legend>{words.channels}</legend>
            {boxes.collect_view()}
            <p class="field-hint">{words.every_channel}</p>
            <p class="field-error" hidden=move || error.get().is_none()>
                {error}
            </p>
        </fieldset>
    }
    .into_any()
}

fn ends(ticked: bool) -> AnyView {
    let label = use_watch_texts().alert_rules.tells_end;
    check("tells_end".to_owned(), label.to_owned(), ticked)
}

/// A box to tick, with its words.
fn check(name: String, label: String, ticked: bool) -> AnyView {
    view! {
        <div class="check">
            <input class="check-box" type="checkbox" id=name.clone() name=name.clone() checked=ticked />
            <label for=name>{label}</label>
        </div>
    }
    .into_any()
}
