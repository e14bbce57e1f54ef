//! What an admin does about the keys: rotating, undoing, revoking; one at a time, and what came of it.

use concierge_core::{
    api::{Empty, Endpoint},
    keys::{
        RingName,
        api::{RevokeKey, RevokeKeyNow, RotateKey, RotateRing, Rotated, UndoRotation},
    },
    link::{Page, sign_in_after},
    locale::Locale,
    problem::ErrorCode,
};
use leptos::prelude::*;
use web_sys::HtmlElement;

use super::desk::Desk;
use crate::{
    client::{Client, answer, use_client, wire},
    reaction::element,
    state::viewer::Ended,
    text::{
        AdminTexts,
        format::{fill_all, moment},
        use_admin_texts, use_locale,
    },
    ui::form::Submission,
};

/// The server waits up to a minute for every process; a little more, so that its answer is the one that counts.
const PATIENCE: u32 = 75_000;

/// An act on a ring that was begun.
#[derive(Clone, Copy)]
struct Begun {
    ring: RingName,
    /// What is said while it is under way.
    progress: &'static str,
    /// What is said when something stands in its way.
    refused: &'static str,
}

/// What acts on the rings of this page.
#[derive(Clone, Copy)]
pub(super) struct KeyActs {
    desk: Desk,
    client: StoredValue<Client>,
    words: &'static AdminTexts,
    locale: Locale,
    submission: Submission,
    /// What was begun last.
    begun: RwSignal<Option<Begun>>,
    /// What came of the last act, until the next.
    outcome: RwSignal<Option<(RingName, String)>>,
    /// Whether the outcome is still to be shown to the reader, once the page was read again.
    is_news: StoredValue<bool>,
    /// The key that the page asks about.
    asked: RwSignal<Option<String>>,
    /// What to do after a revoke that left nobody able to sign in.
    stranded: RwSignal<Option<String>>,
}

impl KeyActs {
    /// Nothing is done yet.
    pub(super) fn new(desk: Desk) -> Self {
        Self {
            desk,
            client: StoredValue::new(use_client()),
            words: use_admin_texts(),
            locale: use_locale(),
            submission: Submission::new(None),
            begun: RwSignal::new(None),
            outcome: RwSignal::new(None),
            is_news: StoredValue::new(false),
            asked: RwSignal::new(None),
            stranded: RwSignal::new(None),
        }
    }

    /// Whether something is under way.
    pub(super) fn pending(self) -> RwSignal<bool> {
        self.submission.pending()
    }

    /// The key that the page asks about before it revokes it; one at a time.
    pub(super) fn asked(self) -> RwSignal<Option<String>> {
        self.asked
    }

    /// What to do after a revoke that left nobody able to sign in.
    pub(super) fn stranded(self) -> Signal<Option<String>> {
        self.stranded.into()
    }

    /// What is going on with a ring right now.
    pub(super) fn progress(self, ring: RingName) -> Signal<Option<&'static str>> {
        Signal::derive(move || {
            let begun = self.begun.get()?;
            (begun.ring == ring && self.pending().get()).then_some(begun.progress)
        })
    }

    /// Why the last act on a ring failed; said where it was asked for, which is in the question about a key or not.
    pub(super) fn refusal(self, ring: RingName, in_question: bool) -> AnyView {
        let text = Signal::derive(move || {
            let is_place = self.asked.with(Option::is_some) == in_question;
            let begun = self.begun.get().filter(|_| is_place)?;
            match self.submission.code().filter(|_| begun.ring == ring)? {
                ErrorCode::Conflict => Some(begun.refused.to_owned()),
                ErrorCode::NotFound => Some(self.words.ring.gone.to_owned()),
                _ => self.submission.summary(),
            }
        });
        let detail = Signal::derive(move || self.submission.detail());
        view! {
            <div
                class="notice notice-danger"
                role="alert"
                hidden=move || text.with(Option::is_none)
            >
                <p>{text}</p>
                <p lang="en">{detail}</p>
            </div>
        }
        .into_any()
    }

    /// What came of the last act on a ring.
    pub(super) fn outcome(self, ring: RingName) -> Signal<Option<String>> {
        Signal::derive(move || {
            let (of, text) = self.outcome.get()?;
            (of == ring).then_some(text)
        })
    }

    /// The rings are on the page again: the reader is put where the news is, if there are any.
    pub(super) fn shown(self) {
        let is_news = self
            .is_news
            .try_update_value(std::mem::take)
            .unwrap_or(false);
        let place = self.outcome.with_untracked(|outcome| {
            let (ring, _) = outcome.as_ref()?;
            Some(outcome_id(*ring))
        });
        if let Some(id) = place.filter(|_| is_news) {
            focus_soon(id);
        }
    }

    /// Makes a new key of a ring active.
    pub(super) fn rotate(self, ring: RingName) {
        let progress = self.words.ring.rotating;
        self.change::<RotateRing>(ring, &RotateKey::default(), progress);
    }

    /// Makes the key in grace of a ring active again.
    pub(super) fn undo(self, ring: RingName) {
        self.change::<UndoRotation>(ring, &Empty {}, self.words.ring.undoing);
    }

    fn change<E>(self, ring: RingName, request: &E::Request, progress: &'static str)
    where
        E: Endpoint<Target = RingName, Response = Rotated>,
    {
        let request = wire::<E>(&ring, request).within(PATIENCE);
        let client = self.client.get_value();
        self.asked.set(None);
        self.begin(ring, progress, self.words.ring.refused);
        // The button that was pressed is gone: the reader waits where the progress is told.
        focus_soon(heading_id(ring));
        self.desk.step_up().run(self.submission, move || {
            let (client, request) = (client.clone(), request.clone());
            async move {
                let rotated = answer::<E>(&client, request).await?;
                self.tell(&rotated);
                Ok(())
            }
        });
    }

    fn begin(self, ring: RingName, progress: &'static str, refused: &'static str) {
        self.outcome.set(None);
        self.begun.set(Some(Begun {
            ring,
            progress,
            refused,
        }));
    }

    fn tell(self, rotated: &Rotated) {
        let text = fill_all(
            self.words.ring.changed,
            &[
                &rotated.active,
                &rotated.previous,
                &moment(rotated.verify_until, self.locale),
                &rotated.instances.to_string(),
            ],
        );
        // The page may be gone by now, and everything of it.
        if self.outcome.try_set(Some((rotated.ring, text))).is_none() {
            self.is_news.set_value(true);
            self.desk.read_again();
        }
    }

    /// Revokes a key. Everybody's session ends with it, this one as well.
    pub(super) fn revoke(self, ring: RingName, kid: String, reason: String) {
        let words = &self.words.revoke;
        self.begin(ring, words.revoking, words.refused);
        let request = wire::<RevokeKeyNow>(&kid, &RevokeKey { reason }).within(PATIENCE);
        let client = self.client.get_value();
        self.desk.step_up().run(self.submission, move || {
            let (client, request, kid) = (client.clone(), request.clone(), kid.clone());
            async move {
                let revoked = answer::<RevokeKeyNow>(&client, request).await?;
                match (revoked.active, revoked.failure) {
                    (Some(_), _) => drop(location().replace(&signed_out())),
                    (None, Some(_)) => self.strand(self.words.revoke.no_key_yet, &kid),
                    (None, None) => self.strand(self.words.revoke.no_key, &kid),
                }
                Ok(())
            }
        });
    }

    /// Where no new key could be written, sign-in is no way on: the page says what is.
    fn strand(self, words: &'static str, kid: &str) {
        let text = fill_all(words, &[kid]);
        let _gone = self.stranded.try_set(Some(text));
        let _gone = self.asked.try_set(None);
        focus_soon("main".to_owned());
    }
}

/// The sign-in page that says why, and leads back here.
fn signed_out() -> String {
    sign_in_after(Ended::KEY_REVOKED.as_str(), Page::Keys.path())
}

/// The id of a ring's heading.
pub(super) fn heading_id(ring: RingName) -> String {
    format!("{ring}-heading")
}

/// The id of what is told about the last act on a ring.
pub(super) fn outcome_id(ring: RingName) -> String {
    format!("{ring}-outcome")
}

/// Puts the reader at an element, once what changes has changed.
pub(super) fn focus_soon(id: String) {
    request_animation_frame(move || {
        if let Some(element) = element::<HtmlElement>(&id) {
            // An element that left the page is the only failure.
            drop(element.focus());
        }
    });
}
