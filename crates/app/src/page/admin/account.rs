//! One account: what is known about it, where it is signed in, and what an admin can do about it.

use concierge_core::{
    account::{AccountId, Role},
    admin::api::{
        AccountChange, AccountDetail, AccountRow, ChangeAccount, DeleteAccount, LockAccount,
        MakeResetLink, RemoveSecondFactor, SignOutAccount, UnlockAccount,
    },
    api::{Empty, Endpoint},
    link::Page,
    problem::ErrorCode,
    session::api::SessionView,
};
use leptos::prelude::*;

use super::{
    desk::{Desk, Done},
    facts::{facts, headings},
    handed::Handed,
};
use crate::{
    client::{Client, WireRequest, call_on, use_client, wire},
    page::account::sessions::session_facts,
    reaction::use_scripted,
    state::viewer::use_session,
    text::{format::fill, use_admin_texts, use_desk_texts},
    ui::{
        confirm::Confirm,
        form::Submission,
        notice::{Alert, Note},
    },
};

/// Where an account that was deleted leads.
const DELETED: &str = "/admin/accounts?done=deleted";

/// The account in place of the list.
pub(super) fn show(detail: AccountDetail, desk: Desk) -> AnyView {
    let id = detail.account.account.id;
    let is_own = untrack(|| use_session().account()).is_some_and(|own| own.id == id);
    let acts = match is_own {
        true => own_account(),
        false => acts(&detail, desk),
    };
    view! {
        <div class="columns">
            <div class="page">
                {known(&detail.account)}
                {sessions(&detail.sessions)}
            </div>
            <section class="card" aria-labelledby="acts-heading">
                <h2 id="acts-heading">{use_admin_texts().account.acts}</h2>
                {acts}
            </section>
        </div>
    }
    .into_any()
}

fn known(row: &AccountRow) -> AnyView {
    let events = format!("{}?account={}", Page::AllEvents.path(), row.account.id);
    // The heading says the first: the address.
    let facts = headings().into_iter().zip(facts(row)).skip(1);
    let facts = facts.map(|(what, fact)| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>{fact}</dd>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="account-heading">
            <h2 class="address" id="account-heading">
                {row.account.email.clone()}
            </h2>
            <dl class="facts">{facts.collect_view()}</dl>
            <p class="copies">
                <a href=events>{use_admin_texts().account.events}</a>
            </p>
        </section>
    }
    .into_any()
}

fn sessions(sessions: &[SessionView]) -> AnyView {
    let words = &use_admin_texts().account;
    let list = match sessions {
        [] => view! { <p>{words.nobody}</p> }.into_any(),
        some => {
            let items = some.iter().map(|session| {
                view! { <li class="session">{session_facts(session)}</li> }
            });
            view! { <ul class="sessions">{items.collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby="signed-in-heading">
            <h2 id="signed-in-heading">{words.sessions}</h2>
            {list}
        </section>
    }
    .into_any()
}

/// Nobody locks themself out here, and says so instead of offering it.
fn own_account() -> AnyView {
    view! {
        <Note>{use_admin_texts().account.own}</Note>
        <div class="actions">
            <a class="button" href=Page::Security.path()>
                {use_desk_texts().help.to_security}
            </a>
        </div>
    }
    .into_any()
}

/// What acts on one account.
#[derive(Clone)]
struct Acts {
    id: AccountId,
    client: Client,
    desk: Desk,
    submission: Submission,
}

impl Acts {
    /// The request of an act that says no more than what it is.
    fn plain<E: Endpoint<Target = AccountId, Request = Empty>>(&self) -> WireRequest {
        wire::<E>(&self.id, &Empty {})
    }

    fn run(&self, request: WireRequest, done: Done) {
        self.desk.act(&self.client, self.submission, request, done);
    }

    /// The button of an act that asks first.
    fn asking(
        &self,
        label: &'static str,
        question: String,
        request: WireRequest,
        done: Done,
    ) -> AnyView {
        let acts = self.clone();
        let on_yes = Callback::new(move |()| acts.run(request.clone(), done));
        view! { <Confirm label=label question=question yes=label on_yes=on_yes /> }.into_any()
    }

    /// The button of an act that takes nothing from anybody.
    fn at_once(label: &'static str, on_press: Callback<()>) -> AnyView {
        let scripted = use_scripted();
        view! {
            <div class="actions">
                <button
                    class="button"
                    type="button"
                    disabled=move || !scripted.get()
                    on:click=move |_| on_press.run(())
                >
                    {label}
                </button>
            </div>
        }
        .into_any()
    }

    /// Makes a link to a new password and shows it.
    fn make_link(&self, handed: Handed) {
        let (id, client) = (self.id, self.client.clone());
        handed.clear();
        self.desk.step_up().run(self.submission, move || {
            let client = client.clone();
            async move {
                handed.show(call_on::<MakeResetLink>(&client, id, Empty {}).await?);
                Ok(())
            }
        });
    }
}

fn acts(detail: &AccountDetail, desk: Desk) -> AnyView {
    let words = use_admin_texts();
    let handed = Handed::new();
    let acts = Acts {
        id: detail.account.account.id,
        client: use_client(),
        desk,
        submission: Submission::new(None),
    };
    let submission = acts.submission;
    let making = acts.clone();
    view! {
        <Alert text=Signal::derive(move || refusal(submission)) />
        {Acts::at_once(
            words.account.reset_link,
            Callback::new(move |()| making.make_link(handed)),
        )}
        {handed.view(words.account.reset_link_label)}
        {rights(&acts, detail)}
        // Its content is text to a browser with script, and must not be hydrated.
        <noscript inner_html=words.account.needs_script></noscript>
    }
    .into_any()
}

/// What went wrong, in the words of this desk where it has better ones.
fn refusal(submission: Submission) -> Option<String> {
    let words = &use_admin_texts().account;
    match submission.code()? {
        ErrorCode::Conflict => Some(words.last_admin.to_owned()),
        ErrorCode::Forbidden => Some(words.no_admin.to_owned()),
        ErrorCode::NotFound => Some(words.gone.to_owned()),
        _ => submission.summary(),
    }
}

/// The acts that give and take: each says how many sessions end with it.
fn rights(acts: &Acts, detail: &AccountDetail) -> AnyView {
    let words = &use_admin_texts().account;
    let count = detail.sessions.len();
    let ending = |question: &str| {
        format!(
            "{} {question}",
            fill(words.ends, u64::try_from(count).unwrap_or(u64::MAX))
        )
    };
    let row = &detail.account;
    let mut buttons = Vec::new();
    if count != 0 {
        buttons.push(acts.asking(
            words.sign_out,
            ending(words.sign_out_sure),
            acts.plain::<SignOutAccount>(),
            Done::Say(words.signed_out),
        ));
    }
    if row.account.second_factor {
        buttons.push(acts.asking(
            words.remove_factor,
            words.remove_factor_sure.to_owned(),
            acts.plain::<RemoveSecondFactor>(),
            Done::Say(words.removed_factor),
        ));
    }
    let (label, sure, done, to) = match row.account.role {
        Role::Member => (
            words.promote,
            words.promote_sure,
            words.promoted,
            Role::Admin,
        ),
        Role::Admin => (words.demote, words.demote_sure, words.demoted, Role::Member),
    };
    let change = AccountChange { role: Some(to) };
    let change = wire::<ChangeAccount>(&acts.id, &change);
    buttons.push(acts.asking(label, ending(sure), change, Done::Say(done)));
    buttons.push(match row.locked_at {
        Some(_) => {
            let (unlocking, request) = (acts.clone(), acts.plain::<UnlockAccount>());
            let done = Done::Say(words.unlocked);
            let on_press = Callback::new(move |()| unlocking.run(request.clone(), done));
            Acts::at_once(words.unlock, on_press)
        }
        None => acts.asking(
            words.lock,
            ending(words.lock_sure),
            acts.plain::<LockAccount>(),
            Done::Say(words.locked),
        ),
    });
    buttons.push(acts.asking(
        words.delete,
        ending(words.delete_sure),
        acts.plain::<DeleteAccount>(),
        Done::Leave(DELETED),
    ));
    buttons.into_any()
}
