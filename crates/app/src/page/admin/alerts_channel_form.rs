//! The form that makes a channel, or leads one elsewhere.

use concierge_core::{
    alert::{
        Way,
        api::{ChangeChannel, ChannelChange, ChannelView, MakeChannel, NewChannel},
    },
    link::Page,
    problem::Problem,
    sensitive::Sensitive,
};
use leptos::prelude::*;

use super::alerts_channels::{Channels, way};
use crate::{
    client::{Client, call, call_on, use_client},
    text::{format::fill_all, use_watch_texts},
    ui::{
        button::SubmitButton,
        field::{FieldSpec, SelectField, TextField},
        form::{Form, Values},
    },
};

/// Where the form begins.
pub(super) const HEADING: &str = "channel-form-heading";

/// The form, for a new channel or for the one that is led elsewhere.
pub(super) fn form(channels: Channels, changing: Option<ChannelView>) -> AnyView {
    let words = &use_watch_texts().alert_channels;
    let (acts, submission, secret) = (channels.acts, channels.submission, channels.secret);
    let client = use_client();
    let heading = match &changing {
        Some(channel) => fill_all(words.changing, &[&channel.name]),
        None => words.new.to_owned(),
    };
    let cancel = changing
        .is_some()
        .then(|| acts.button(words.cancel, move || channels.changing.set(None)));
    let label = match changing {
        Some(_) => words.save,
        None => words.submit,
    };
    let fields = fields(channels, changing.as_ref());
    let submit = move |values: Values| {
        let (client, changing) = (client.clone(), changing.clone());
        let typed = ["channel_name", "way", "to"].map(|name| values.text(name));
        secret.set(None);
        acts.desk.step_up().run(submission, move || {
            let (client, typed, changing) = (client.clone(), typed.clone(), changing.clone());
            async move {
                let is_new = changing.is_none();
                let new = save(&client, typed, changing).await?;
                let _gone = secret.try_set(new);
                match is_new {
                    true => acts.desk.read_again(),
                    false => acts.desk.say(words.saved),
                }
                Ok(())
            }
        });
    };
    view! {
        <h3 id=HEADING tabindex="-1">
            {heading}
        </h3>
        <Form action=Page::Alerts.path() submission=submission on_submit=submit>
            {fields}
            <SubmitButton
                label=label
                pending=submission.pending()
                wait=submission.wait()
                disabled=Signal::derive(move || !acts.scripted.get())
            />
        </Form>
        {cancel}
    }
    .into_any()
}

fn fields(channels: Channels, changing: Option<&ChannelView>) -> AnyView {
    let words = &use_watch_texts().alert_channels;
    let submission = channels.submission;
    let spec = |name, label, hint| FieldSpec {
        name,
        label,
        kind: "text",
        autocomplete: "off",
        required: false,
        hint,
    };
    let new = changing.is_none().then(|| {
        let ways = Way::ALL
            .iter()
            .map(|one| (one.as_str(), way(*one), *one == Way::Mail));
        let name = spec("channel_name", words.name, None);
        view! {
            // The server calls it `name`, like that of a rule; on the page each has an id of its own.
            <TextField spec=name error=submission.field("name") />
            <SelectField
                spec=spec("way", words.way, None)
                error=submission.field("way")
                options=ways.collect()
            />
        }
    });
    let hint = match changing.map(|channel| channel.way) {
        Some(Way::Webhook) => words.to_hint_secret,
        _ => words.to_hint,
    };
    let to = spec("to", words.to, Some(hint));
    view! {
        {new}
        <TextField spec=to error=submission.field("to") />
    }
    .into_any()
}

/// Sends what was typed as the name, the way and the address; answers the secret, if there is a new one.
async fn save(
    client: &Client,
    [name, way, to]: [String; 3],
    changing: Option<ChannelView>,
) -> Result<Option<Sensitive>, Problem> {
    let to = Sensitive::new(to);
    let Some(channel) = changing else {
        let new = NewChannel {
            name,
            way: Way::from_text(&way).unwrap_or(Way::Mail),
            to,
            locale: None,
        };
        return Ok(call::<MakeChannel>(client, new).await?.secret);
    };
    let change = ChannelChange {
        name: None,
        // Whoever says where it leads instead of a receiver that is gone wants its messages back.
        enabled: channel.is_gone.then_some(true),
        to: Some(to),
    };
    let saved = call_on::<ChangeChannel>(client, channel.id, change).await?;
    Ok(saved.secret)
}
