//! What the pages of the desk share: what they read, how they show that they are reading, and how they act.
//!
//! One kind of resource and one suspense for all of them: each kind of either costs its weight in the module.

use concierge_core::{
    admin::api::{AccountDetail, AccountPage, InvitationList, MailBacklog},
    keys::api::KeyDesk,
    problem::{ErrorCode, Problem},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use web_sys::HtmlElement;

use crate::{
    client::{Client, WireRequest, exchange},
    layout::step_up::{StepUp, use_step_up},
    reaction::element,
    text::use_desk_texts,
    ui::{form::Submission, notice::Note},
};

/// What a page has read.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Found {
    /// A page of accounts, and the mails that wait.
    Accounts(AccountPage, Option<MailBacklog>),
    /// One account.
    Account(Box<AccountDetail>),
    /// The invitations that still work.
    Invitations(InvitationList),
    /// The keyrings and what stands around them.
    Keys(Box<KeyDesk>),
    /// Nothing, and why.
    Failed(ErrorCode),
}

impl Found {
    /// What an answer says.
    pub(super) fn of<T>(answer: Result<T, Problem>, found: fn(T) -> Self) -> Self {
        match answer {
            Ok(answer) => found(answer),
            Err(problem) => Self::Failed(problem.code),
        }
    }
}

/// What acts from a page of the desk.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    found: Resource<Found>,
    step_up: StepUp,
    said: RwSignal<Option<&'static str>>,
}

/// What comes after an act.
#[derive(Clone, Copy)]
pub(super) enum Done {
    /// The page is read again, and says this.
    Say(&'static str),
    /// What the page was about is gone: on to this path, and Back does not lead here.
    Leave(&'static str),
}

impl Desk {
    /// Acts on what the page shows.
    pub(super) fn new(found: Resource<Found>) -> Self {
        Self {
            found,
            step_up: use_step_up(),
            said: RwSignal::new(None),
        }
    }

    /// What asks for a proof of identity.
    pub(super) fn step_up(self) -> StepUp {
        self.step_up
    }

    /// Reads the page again.
    pub(super) fn read_again(self) {
        self.found.refetch();
    }

    /// Sends a request whose answer nobody reads: the page is read again instead.
    pub(super) fn act(
        self,
        client: &Client,
        submission: Submission,
        request: WireRequest,
        done: Done,
    ) {
        let client = client.clone();
        self.said.set(None);
        self.step_up.run(submission, move || {
            let (client, request) = (client.clone(), request.clone());
            async move {
                exchange(&client, request).await?;
                match done {
                    Done::Say(words) => self.say(words),
                    Done::Leave(path) => drop(location().replace(path)),
                }
                Ok(())
            }
        });
    }

    fn say(self, words: &'static str) {
        self.found.refetch();
        let _gone = self.said.try_set(Some(words));
        // The button that was pressed is gone with what it acted on.
        focus_content();
    }

    /// Somebody looks at something else now.
    pub(super) fn turn(self) {
        self.said.set(None);
        focus_content();
    }

    /// What was done, in words that assistive technology hears.
    pub(super) fn saying(self) -> AnyView {
        view! {
            <p class="saved" role="status">
                {Signal::derive(move || self.said.get())}
            </p>
        }
        .into_any()
    }

    /// What the page has read, once it has.
    pub(super) fn reading(self, show: Callback<Found, AnyView>) -> AnyView {
        let found = self.found;
        let loading = use_desk_texts().common.loading;
        view! {
            <Suspense fallback=move || view! { <p>{loading}</p> }>
                {move || Suspend::new(async move { show.run(found.await) })}
            </Suspense>
        }
        .into_any()
    }
}

/// A navigation within a page moves the focus as one between pages does.
fn focus_content() {
    if let Some(main) = element::<HtmlElement>("main") {
        // An element that left the page is the only failure.
        drop(main.focus());
    }
}

/// Why there is nothing, and a way to begin anew.
pub(super) fn failed(why: &'static str, path: &'static str) -> AnyView {
    view! {
        <Note>{why}</Note>
        <div class="actions">
            <a class="button" href=path rel="external">
                {use_desk_texts().common.again}
            </a>
        </div>
    }
    .into_any()
}
