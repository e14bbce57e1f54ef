//! The card of the second factor: set up, renew the recovery codes, remove.

use concierge_core::{
    api::Empty,
    link::Page,
    problem::ErrorCode,
    recovery::api::MakeRecoveryCodes,
    time::Timestamp,
    totp::api::{Enrol, EnrolRequest, GetTotp, RemoveTotp, TotpState},
};
use leptos::prelude::*;

use crate::{
    client::{Client, call, use_client},
    layout::step_up::use_step_up,
    text::{format::day, use_desk_texts, use_locale},
    ui::{
        confirm::Confirm,
        form::Submission,
        notice::{Alert, Note},
    },
};

/// From here on the owner is told to make new codes.
const FEW: u32 = 3;

/// The card.
#[component]
pub(crate) fn FactorCard() -> impl IntoView {
    let words = use_desk_texts();
    let client = use_client();
    let state = Resource::new(|| (), move |()| look(client.clone()));
    view! {
        <section class="card" aria-labelledby="factor-heading">
            <h2 id="factor-heading">{words.security.factor}</h2>
            <Suspense fallback=move || view! { <p>{words.common.loading}</p> }>
                {move || Suspend::new(async move {
                    match state.await {
                        Ok(state) => view! { <Factor state=state /> }.into_any(),
                        Err(code) => view! { <Note>{code.title(use_locale())}</Note> }.into_any(),
                    }
                })}
            </Suspense>
        </section>
    }
}

async fn look(client: Client) -> Result<TotpState, ErrorCode> {
    let state = call::<GetTotp>(&client, Empty {}).await;
    state.map_err(|problem| problem.code)
}

#[component]
fn Factor(state: TotpState) -> impl IntoView {
    let submission = Submission::new(None);
    let summary = Signal::derive(move || submission.summary());
    let inner = if state.confirmed_at.is_some() {
        view! { <SetUpAlready state=state submission=submission /> }.into_any()
    } else {
        view! { <NotYet submission=submission /> }.into_any()
    };
    view! {
        <Alert text=summary />
        {inner}
    }
}

#[component]
fn NotYet(submission: Submission) -> impl IntoView {
    let words = &use_desk_texts().security;
    let client = use_client();
    let step_up = use_step_up();
    let begin = move |_| {
        let client = client.clone();
        step_up.run(submission, move || {
            let client = client.clone();
            async move {
                call::<Enrol>(&client, EnrolRequest::default()).await?;
                drop(location().assign(Page::SecondFactor.path()));
                Ok(())
            }
        });
    };
    view! {
        <p>{words.factor_why}</p>
        <div class="actions">
            <button class="button button-primary" type="button" on:click=begin>
                {words.set_up}
            </button>
        </div>
    }
}

#[component]
fn SetUpAlready(state: TotpState, submission: Submission) -> impl IntoView {
    let words = &use_desk_texts().security;
    let client = use_client();
    let step_up = use_step_up();
    let make_codes = {
        let client = client.clone();
        move || {
            let client = client.clone();
            step_up.run(submission, move || {
                let client = client.clone();
                async move {
                    call::<MakeRecoveryCodes>(&client, Empty {}).await?;
                    drop(location().assign(Page::RecoveryCodes.path()));
                    Ok(())
                }
            });
        }
    };
    let remove = move || {
        let client = client.clone();
        step_up.run(submission, move || {
            let client = client.clone();
            async move {
                call::<RemoveTotp>(&client, Empty {}).await?;
                drop(location().reload());
                Ok(())
            }
        });
    };
    let removal = match state.required {
        true => view! { <p class="aside">{words.required}</p> }.into_any(),
        false => view! {
            <Confirm
                label=words.remove
                question=words.remove_sure
                yes=words.remove_yes
                on_yes=Callback::new(move |()| remove())
            />
        }
        .into_any(),
    };
    view! {
        <Standing since=state.confirmed_at left=state.recovery_codes_left />
        <Confirm
            label=words.new_codes
            question=words.new_codes_sure
            yes=words.new_codes_yes
            on_yes=Callback::new(move |()| make_codes())
        />
        {removal}
    }
}

#[component]
fn Standing(since: Option<Timestamp>, left: u32) -> impl IntoView {
    let words = &use_desk_texts().security;
    let since = since.map(|at| day(at, use_locale()));
    let few = (left <= FEW).then(|| view! { <Note>{words.codes_few}</Note> });
    view! {
        <dl class="facts">
            <div>
                <dt>{words.since}</dt>
                <dd>{since}</dd>
            </div>
            <div>
                <dt>{words.codes_left}</dt>
                <dd>{left}</dd>
            </div>
        </dl>
        {few}
    }
}
