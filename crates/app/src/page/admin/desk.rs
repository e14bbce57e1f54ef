//! What the pages of the desk share: what they read, how they show that they are reading, and how they act.
//!
//! One kind of resource and one suspense for all pages of a module: each kind of either costs its weight in it.

use concierge_core::{
    admin::api::{AccountDetail, AccountPage, InvitationList, MailBacklog},
    alert::api::AlertDesk,
    audit::api::EventPage,
    keys::api::KeyDesk,
    monitor::api::History,
    problem::{ErrorCode, Problem},
    system::ReportList,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use web_sys::HtmlElement;

use crate::{
    client::{Client, WireRequest, exchange},
    layout::step_up::{StepUp, use_step_up},
    reaction::element,
    text::use_desk_texts,
    ui::{form::Submission, notice::Note},
};

/// What a page has read, or why it has nothing.
pub(crate) type Found<T> = Result<T, ErrorCode>;

/// What an answer says.
pub(crate) fn read<A, T>(answer: Result<A, Problem>, found: fn(A) -> T) -> Found<T> {
    answer.map(found).map_err(|problem| problem.code)
}

/// What the pages of the admins' module read.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum House {
    /// A page of accounts, and the mails that wait.
    Accounts(AccountPage, Option<MailBacklog>),
    /// One account.
    Account(Box<AccountDetail>),
    /// The invitations that still work.
    Invitations(InvitationList),
    /// The keyrings and what stands around them.
    Keys(Box<KeyDesk>),
}

/// What the pages of the module that keeps watch read.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Watch {
    /// A page of events.
    Events(EventPage),
    /// What browsers reported.
    Reports(ReportList),
    /// What the host did lately.
    History(Box<History>),
    /// The alerts, their rules and channels.
    Alerts(Box<AlertDesk>),
}

/// What acts from a page of the desk.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    /// Reads the page again.
    again: Callback<()>,
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
    pub(crate) fn new<T>(found: Resource<Found<T>>) -> Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        Self {
            again: Callback::new(move |()| found.refetch()),
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
        self.again.run(());
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

    /// Says that something is done, and reads the page again.
    pub(super) fn say(self, words: &'static str) {
        self.again.run(());
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
    pub(crate) fn reading<T: Clone + Send + Sync + 'static>(
        self,
        found: Resource<Found<T>>,
        show: Callback<Found<T>, AnyView>,
    ) -> AnyView {
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
pub(crate) fn failed(why: &'static str, path: &'static str) -> AnyView {
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
