//! The card of the sessions: where one is signed in, and ending it.

use concierge_core::{
    api::Empty,
    problem::ErrorCode,
    session::{
        SessionId,
        api::{EndOtherSessions, EndSession, ListSessions, SessionView},
    },
};
use leptos::prelude::*;

use crate::{
    client::{Client, call, call_on, use_client},
    layout::step_up::{StepUp, use_step_up},
    text::{format::moment, use_desk_texts, use_locale},
    ui::{
        confirm::Confirm,
        form::Submission,
        notice::{Alert, Note},
    },
};

type Sessions = Result<Vec<SessionView>, ErrorCode>;

/// The card.
#[component]
pub(crate) fn SessionsCard() -> impl IntoView {
    let words = use_desk_texts();
    let client = use_client();
    let sessions = Resource::new(|| (), move |()| look(client.clone()));
    let submission = Submission::new(None);
    let summary = Signal::derive(move || submission.summary());
    let ended = RwSignal::new(false);
    let acts = Acts {
        sessions,
        submission,
        step_up: use_step_up(),
        ended,
    };
    view! {
        <section class="card" aria-labelledby="sessions-heading">
            <h2 id="sessions-heading">{words.sessions.title}</h2>
            <p>{words.sessions.lead}</p>
            <Alert text=summary />
            <Suspense fallback=move || view! { <p>{words.common.loading}</p> }>
                {move || Suspend::new(async move {
                    match sessions.await {
                        Ok(list) => view! { <List list=list acts=acts /> }.into_any(),
                        Err(code) => view! { <Note>{code.title(use_locale())}</Note> }.into_any(),
                    }
                })}
            </Suspense>
            <p class="saved" role="status">
                {Signal::derive(move || ended.get().then_some(words.sessions.ended))}
            </p>
        </section>
    }
}

async fn look(client: Client) -> Sessions {
    match call::<ListSessions>(&client, Empty {}).await {
        Ok(answer) => Ok(answer.sessions),
        Err(problem) => Err(problem.code),
    }
}

/// What acts on the list.
#[derive(Clone, Copy)]
struct Acts {
    sessions: Resource<Sessions>,
    submission: Submission,
    step_up: StepUp,
    ended: RwSignal<bool>,
}

impl Acts {
    /// Ends one session, or all others.
    fn end(self, client: &Client, session: Option<SessionId>) {
        let client = client.clone();
        self.ended.set(false);
        self.step_up.run(self.submission, move || {
            let client = client.clone();
            async move {
                if let Some(id) = session {
                    call_on::<EndSession>(&client, id, Empty {}).await?;
                } else {
                    call::<EndOtherSessions>(&client, Empty {}).await?;
                }
                self.sessions.refetch();
                let _gone = self.ended.try_set(true);
                Ok(())
            }
        });
    }
}

#[component]
fn List(list: Vec<SessionView>, acts: Acts) -> impl IntoView {
    let words = &use_desk_texts().sessions;
    let client = use_client();
    let others = list.iter().any(|session| !session.current);
    let end_others = others.then(|| {
        let client = client.clone();
        view! {
            <Confirm
                label=words.end_others
                question=words.end_others_sure
                yes=words.end_others
                on_yes=Callback::new(move |()| acts.end(&client, None))
            />
        }
    });
    let items = list
        .into_iter()
        .map(|session| view! { <One session=session acts=acts /> })
        .collect_view();
    view! {
        <ul class="sessions">{items}</ul>
        {end_others}
    }
}

#[component]
fn One(session: SessionView, acts: Acts) -> impl IntoView {
    let words = &use_desk_texts().sessions;
    let client = use_client();
    let id = session.id;
    let act = match session.current {
        true => view! { <p class="here">{words.current}</p> }.into_any(),
        false => view! {
            <button
                class="button"
                type="button"
                on:click=move |_| acts.end(&client, Some(id))
            >
                {words.end}
            </button>
        }
        .into_any(),
    };
    view! {
        <li class="session">
            {session_facts(&session)}
            {act}
        </li>
    }
}

/// What a session is: device, address, times.
pub(crate) fn session_facts(session: &SessionView) -> AnyView {
    let words = &use_desk_texts().sessions;
    let locale = use_locale();
    view! {
        <div>
            <h3>{device((&session.browser, &session.system), words.on, words.unknown)}</h3>
            <p class="session-facts">
                {session.address.clone()} " · " {words.since} " "
                {moment(session.created_at, locale)} " · " {words.seen} " "
                {moment(session.last_seen_at, locale)}
            </p>
        </div>
    }
    .into_any()
}

/// Such as "Firefox on Linux".
pub(super) fn device((browser, system): (&str, &str), on: &str, unknown: &str) -> String {
    match (browser, system) {
        ("", "") => unknown.to_owned(),
        (browser, "") => browser.to_owned(),
        ("", system) => system.to_owned(),
        (browser, system) => format!("{browser} {on} {system}"),
    }
}
