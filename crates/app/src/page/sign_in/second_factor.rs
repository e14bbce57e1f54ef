//! The second step of a sign-in, and the way to a second factor for who has none yet.
//!
//! What the page shows is settled before it renders: by the ticket of a sign-in under way, else by the
//! session, else it says that there is nothing to continue.

use concierge_core::{
    api::Empty,
    link::{Page, second_step_then},
    problem::ErrorCode,
    sign_in::api::{GetStep, Step},
    totp::api::{Enrolment, GetEnrolment},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    code::{Code, next, sign_in_again},
    enrol::{Begin, Pending, Seed},
};
use crate::{
    client::{Client, call, use_client},
    layout::door::Door,
    state::viewer::use_session,
    text::{use_desk_texts, use_locale},
    ui::notice::Note,
};

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// A sign-in waits for its code.
    Code,
    /// A second factor can be set up.
    Begin,
    /// A factor waits for its first code.
    Pending(Seed),
    /// Setting up needs a newer proof of who this is.
    NotFresh,
    /// There is nothing to continue.
    Expired,
    /// The answer did not come.
    Failed(ErrorCode),
}

impl Stage {
    /// What a look for a factor that waits means.
    fn of_enrolment(found: Result<Enrolment, ErrorCode>) -> Self {
        match found {
            Ok(enrolment) => Self::Pending(enrolment.into()),
            Err(ErrorCode::NotFound) => Self::Begin,
            Err(ErrorCode::FreshSignInRequired) => Self::NotFresh,
            Err(ErrorCode::TicketExpired | ErrorCode::Unauthenticated) => Self::Expired,
            Err(code) => Self::Failed(code),
        }
    }
}

/// Whether to look for a factor that waits, or what is settled without.
fn settled(step: Result<Option<Step>, ErrorCode>, signed_in: bool) -> Option<Stage> {
    match step {
        Ok(Some(Step::SecondFactor)) => Some(Stage::Code),
        Ok(Some(Step::EnrolSecondFactor)) => None,
        Ok(None) if signed_in => None,
        Ok(None) => Some(Stage::Expired),
        Err(code) => Some(Stage::Failed(code)),
    }
}

async fn look(client: Client, signed_in: bool) -> Stage {
    let step = call::<GetStep>(&client, Empty {}).await;
    let step = step.map(|answer| answer.step).map_err(|why| why.code);
    match settled(step, signed_in) {
        Some(stage) => stage,
        None => {
            let found = call::<GetEnrolment>(&client, Empty {}).await;
            Stage::of_enrolment(found.map_err(|why| why.code))
        }
    }
}

/// The page.
#[component]
pub(crate) fn SecondFactor() -> impl IntoView {
    let words = use_desk_texts();
    let client = use_client();
    let signed_in = use_session().is_live_now();
    let stage = Resource::new(|| (), move |()| look(client.clone(), signed_in));
    let waiting = move || {
        view! {
            <Door title=words.second_step.title>
                <p>{words.common.loading}</p>
            </Door>
        }
    };
    view! {
        <Suspense fallback=waiting>
            {move || Suspend::new(async move { show(stage.await) })}
        </Suspense>
    }
}

fn show(stage: Stage) -> AnyView {
    let words = use_desk_texts();
    let title = match stage {
        Stage::Begin | Stage::Pending(_) | Stage::NotFresh => words.enrol.title,
        Stage::Code | Stage::Expired | Stage::Failed(_) => words.second_step.title,
    };
    let content = match stage {
        Stage::Code => view! { <Code /> }.into_any(),
        Stage::Begin => view! { <Begin /> }.into_any(),
        Stage::Pending(seed) => view! { <Pending seed=seed /> }.into_any(),
        Stage::NotFresh => view! {
            <p>{words.enrol.not_fresh}</p>
            <a class="button" href=Page::Security.path()>
                {words.enrol.to_security}
            </a>
        }
        .into_any(),
        Stage::Expired => view! {
            <Note>
                <strong>{words.second_step.expired}</strong>
                <p>{words.second_step.expired_text}</p>
            </Note>
            <a class="button button-primary" href=sign_in_again()>
                {words.second_step.sign_in}
            </a>
        }
        .into_any(),
        Stage::Failed(code) => view! {
            <Note>{code.title(use_locale())}</Note>
            <a class="button" rel="external" href=second_step_then(next().as_deref())>
                {words.common.again}
            </a>
        }
        .into_any(),
    };
    view! { <Door title=title>{content}</Door> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ticket_decides_before_the_session_and_without_both_there_is_nothing() {
        for signed_in in [true, false] {
            assert_eq!(
                settled(Ok(Some(Step::SecondFactor)), signed_in),
                Some(Stage::Code)
            );
            assert_eq!(settled(Ok(Some(Step::EnrolSecondFactor)), signed_in), None);
        }
        assert_eq!(settled(Ok(None), true), None);
        assert_eq!(settled(Ok(None), false), Some(Stage::Expired));
        let failed = settled(Err(ErrorCode::Unavailable), true);
        assert_eq!(failed, Some(Stage::Failed(ErrorCode::Unavailable)));
    }

    #[test]
    fn a_refusal_never_shows_a_seed() {
        let of = |code| Stage::of_enrolment(Err(code));
        assert_eq!(of(ErrorCode::NotFound), Stage::Begin);
        assert_eq!(of(ErrorCode::FreshSignInRequired), Stage::NotFresh);
        assert_eq!(of(ErrorCode::TicketExpired), Stage::Expired);
        assert_eq!(of(ErrorCode::Unauthenticated), Stage::Expired);
        assert_eq!(of(ErrorCode::Internal), Stage::Failed(ErrorCode::Internal));
    }
}
