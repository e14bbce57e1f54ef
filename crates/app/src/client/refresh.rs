//! Keeping the session: silent renewal, news from other tabs, the idle end, sign-in and sign-out.
//!
//! Guarantees: one renewal at a time per browser; a timer renews only after input; a failed renewal
//! ends in "signed out" or waits, and never loops; a 401 is repeated at most once.

use std::{future::Future, pin::Pin, time::Duration};

use concierge_core::{
    api::{Empty, Whole},
    problem::Problem,
    session::{
        EndReason,
        api::{GetSession, Logout, LogoutRequest, Refresh, RefreshRequest, Scope, SessionAnswer},
    },
    sign_in::api::Step,
};
use leptos::{ev, prelude::*};
use serde::{Deserialize, de::IgnoredAny};
use web_sys::{PageTransitionEvent, VisibilityState};

use super::{
    Client, WireRequest, call,
    channel::{self, News},
    exchange, lock,
    schedule::{Due, Plan},
    wire,
};
use crate::{
    reaction::{effect, spawn},
    state::viewer::{Ended, Session, Viewer},
};

/// What the server says about the session.
pub(crate) enum Found {
    /// A live session.
    Live(Viewer),
    /// Refresh before believing anything.
    Renewable,
    /// Nobody is signed in; why not any more, where the server knows.
    Gone(Option<EndReason>),
}

impl From<SessionAnswer> for Found {
    fn from(answer: SessionAnswer) -> Self {
        match answer.account.filter(|_| answer.signed_in) {
            Some(account) => Self::Live(Viewer {
                account,
                expires_in: answer.expires_in.unwrap_or_default(),
                idle_in: answer.idle_in.unwrap_or(u64::from(u32::MAX)),
            }),
            None if answer.renewable == Some(true) => Self::Renewable,
            None => Self::Gone(answer.ended),
        }
    }
}

/// How a sign-in went on after the server accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// The session is live.
    Yes,
    /// The browser did not keep the session's cookies.
    WithoutCookies,
    /// There is no session yet: a second step is due.
    Step,
    /// There is no account yet: a mail is on its way.
    Mailed,
}

/// As much of an answer to a sign-in or sign-up as tells whether there is a session.
#[derive(Deserialize)]
struct Begun {
    status: Option<Step>,
    account: Option<IgnoredAny>,
}

/// What an answer leaves to do, if anything. One that is finished has a status that is no step.
fn unfinished(answer: &str) -> Option<Entered> {
    let begun: Begun = serde_json::from_str(answer).ok()?;
    match (begun.status, begun.account) {
        (Some(_), _) => Some(Entered::Step),
        (None, None) => Some(Entered::Mailed),
        (None, Some(_)) => None,
    }
}

/// A sign-in under way.
pub(crate) type Entering = Pin<Box<dyn Future<Output = Result<Entered, Problem>>>>;

/// Keeps the session of this page; cheap to copy into listeners.
#[derive(Clone, Copy)]
pub(crate) struct Keeper {
    pub(super) session: Session,
    plain: StoredValue<Client>,
    plan: StoredValue<Option<Plan>>,
    warning: RwSignal<Option<u64>>,
    renewals: RwSignal<u32>,
}

/// The keeper of this page's session.
pub(crate) fn use_keeper() -> Keeper {
    use_context().unwrap_or_else(|| {
        Keeper::provide(crate::state::viewer::use_session(), super::use_client())
    })
}

impl Keeper {
    /// Makes a keeper known to everything below; it calls through `plain`, which must not renew.
    pub(super) fn provide(session: Session, plain: Client) -> Self {
        let keeper = Self {
            session,
            plain: StoredValue::new(plain),
            plan: StoredValue::new(None),
            warning: RwSignal::new(None),
            renewals: RwSignal::new(0),
        };
        provide_context(keeper);
        keeper
    }

    /// Seconds until the session ends for want of input, while there is reason to warn; tracked.
    pub(crate) fn warning(self) -> Option<u64> {
        self.warning.get()
    }

    /// How often the session was found to last longer, here or by another tab; tracked.
    pub(crate) fn renewals(self) -> u32 {
        self.renewals.get()
    }

    /// Starts clocks and listeners, once the page lives in a browser.
    pub(super) fn watch(self) {
        effect(move || {
            if let Some((expires_in, idle_in)) = self.session.first_spans() {
                self.plan_for(expires_in, idle_in);
            }
            channel::listen(move |news| self.hear(news));
            window_event_listener(ev::keydown, move |_| self.touched());
            window_event_listener(ev::pointerdown, move |_| self.touched());
            window_event_listener(ev::visibilitychange, move |_| self.shown());
            window_event_listener(ev::pageshow, move |event: PageTransitionEvent| {
                // Back from the history cache: the page shows what was true when it was left.
                if event.persisted() {
                    spawn(self.look());
                }
            });
            set_interval(move || self.tick(), Duration::from_secs(1));
        });
    }

    /// Signs in through a request that sets the cookies, and reads back what they are worth.
    /// Boxed, so that it stands once in the module and not in each page.
    pub(crate) fn enter(self, request: WireRequest) -> Entering {
        Box::pin(async move {
            let _held = lock::acquire().await;
            let answer = exchange(&self.plain(), request).await?;
            if let Some(unfinished) = unfinished(&answer) {
                return Ok(unfinished);
            }
            match self.ask().await? {
                Found::Live(viewer) => {
                    self.adopt(viewer);
                    channel::post(News::SignedIn);
                    Ok(Entered::Yes)
                }
                Found::Renewable | Found::Gone(_) => Ok(Entered::WithoutCookies),
            }
        })
    }

    /// Signs out here and as far as this says, or as the operator set it, and tells the other tabs.
    pub(crate) async fn sign_out(self, scope: Option<Scope>) -> Result<(), Problem> {
        let _held = lock::acquire().await;
        let request = wire::<Logout>(&Whole, &LogoutRequest { scope });
        exchange(&self.plain(), request).await?;
        self.tell_signed_out();
        self.end(Ended::SIGNED_OUT);
        Ok(())
    }

    /// Tells the other tabs that this browser's session is over. This page is about to be left.
    pub(crate) fn tell_signed_out(self) {
        channel::post(News::SignedOut);
    }

    /// Renews the session; says whether it is live now.
    pub(super) async fn renew(self) -> bool {
        let held = lock::acquire().await;
        let life = self
            .plan
            .with_value(|plan| plan.map_or(0, |plan| plan.life));
        if held.waited
            && let Ok(Found::Live(viewer)) = self.ask().await
            && viewer.expires_in * 2 > life
        {
            self.adopt(viewer);
            return true;
        }
        match self.refresh().await {
            Ok(_) => self.settle(true).await,
            Err(problem) if problem.status == 401 => self.settle(false).await,
            // No answer, or the server is busy: nothing is known, and a later tick tries again.
            Err(_) => false,
        }
    }

    async fn refresh(self) -> Result<String, Problem> {
        let request = wire::<Refresh>(&Whole, &RefreshRequest::default());
        exchange(&self.plain(), request).await
    }

    /// After a renewal or its refusal: what the server says now counts. A refused renewal of an old
    /// session may meet the cookies of a new one, signed in meanwhile.
    async fn settle(self, renewed: bool) -> bool {
        match self.ask().await {
            Ok(Found::Live(viewer)) => {
                let (expires_in, idle_in) = (viewer.expires_in, viewer.idle_in);
                self.adopt(viewer);
                if renewed {
                    channel::post(News::Renewed {
                        expires_in,
                        idle_in,
                    });
                }
                true
            }
            Ok(Found::Renewable) => self.gone(None),
            Ok(Found::Gone(reason)) => self.gone(reason),
            Err(_) => false,
        }
    }

    /// Asks who is signed in, renews first where that is due, and believes the answer.
    async fn look(self) {
        match self.ask().await {
            Ok(Found::Live(viewer)) => self.adopt(viewer),
            Ok(Found::Renewable) => {
                self.renew().await;
            }
            Ok(Found::Gone(reason)) => {
                self.gone(reason);
            }
            Err(_) => {}
        }
    }

    async fn ask(self) -> Result<Found, Problem> {
        let answer = call::<GetSession>(&self.plain(), Empty {}).await?;
        Ok(answer.into())
    }

    fn plain(self) -> Client {
        self.plain.get_value()
    }

    fn adopt(self, viewer: Viewer) {
        self.plan_for(viewer.expires_in, viewer.idle_in);
        self.session.begin(viewer.account);
    }

    fn plan_for(self, expires_in: u64, idle_in: u64) {
        self.warning.set(None);
        let plan = Plan::new(now(), expires_in, idle_in, js_sys::Math::random());
        self.plan.set_value(Some(plan));
        self.renewals.update(|renewals| *renewals += 1);
    }

    /// The server knows no session of this browser any more, and this is why. It is not live now.
    fn gone(self, reason: Option<EndReason>) -> bool {
        let plan = self.plan.get_value();
        let was_idle = plan.is_some_and(|plan| plan.is_over(now()));
        self.end(Ended::found(reason, was_idle));
        false
    }

    fn end(self, why: Ended) {
        self.plan.set_value(None);
        self.warning.set(None);
        self.session.end(why);
    }

    fn hear(self, news: News) {
        match news {
            News::SignedIn => spawn(self.look()),
            News::SignedOut => self.end(Ended::ELSEWHERE),
            News::Renewed {
                expires_in,
                idle_in,
            } => {
                if self.session.is_live_now() {
                    self.plan_for(expires_in, idle_in);
                }
            }
        }
    }

    /// The person did something; while the warning stands, that keeps the session.
    fn touched(self) {
        self.with_plan(Plan::touch);
        if self.warning.with_untracked(Option::is_some) {
            self.warning.set(None);
            self.renew_soon();
        }
    }

    fn shown(self) {
        if document().visibility_state() == VisibilityState::Visible {
            self.with_plan(Plan::touch);
            self.try_renew();
        }
    }

    fn tick(self) {
        let Some(plan) = self.plan.get_value() else {
            return;
        };
        match plan.due(now()) {
            Due::Nothing => {}
            Due::Renew => self.try_renew(),
            Due::Warn(left) => self.warning.set(Some(left)),
            Due::Over => {
                self.with_plan(|plan| plan.tried(now()));
                spawn(self.look());
            }
        }
    }

    /// Renews unless that was tried a moment ago.
    fn try_renew(self) {
        let mut due = false;
        self.with_plan(|plan| {
            due = plan.may_try(now());
            if due {
                plan.tried(now());
            }
        });
        if due {
            self.renew_soon();
        }
    }

    fn renew_soon(self) {
        spawn(async move {
            self.renew().await;
        });
    }

    fn with_plan(self, change: impl FnOnce(&mut Plan)) {
        self.plan.update_value(|plan| {
            if let Some(plan) = plan {
                change(plan);
            }
        });
    }
}

/// Milliseconds of the browser's clock; only differences are used.
fn now() -> f64 {
    js_sys::Date::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_an_account_is_not_a_session() {
        let answer = SessionAnswer {
            signed_in: true,
            ..SessionAnswer::default()
        };
        assert!(matches!(Found::from(answer), Found::Gone(None)));
        let answer = SessionAnswer {
            renewable: Some(true),
            ..SessionAnswer::default()
        };
        assert!(matches!(Found::from(answer), Found::Renewable));
    }

    #[test]
    fn the_reason_of_an_end_is_believed() {
        let answer = SessionAnswer {
            ended: Some(EndReason::Replaced),
            ..SessionAnswer::default()
        };
        let found = Found::from(answer);
        assert!(matches!(found, Found::Gone(Some(EndReason::Replaced))));
    }
}
