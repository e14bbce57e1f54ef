//! One ring: its keys with what is known about each, and what can be done about them.

use concierge_core::{
    keys::{
        KeyStanding, RingName,
        api::{KeyView, RingView},
    },
    time::Timestamp,
};
use leptos::prelude::*;

use super::{
    facts::rows,
    key_acts::{KeyActs, heading_id, outcome_id},
    revoke::{Revoke, key_id},
};
use crate::{
    state::use_page_context,
    text::{
        format::{day, fill_all, moment},
        use_admin_texts, use_locale,
    },
    ui::{confirm::Confirm, notice::Note},
};

const DAY: u64 = 86_400;

/// Nobody notices a rotation, so its button is no danger.
const HARMLESS: &str = "button button-primary";

/// The ring.
pub(super) fn card(ring: RingView, sessions: u64, acts: KeyActs) -> AnyView {
    let words = &use_admin_texts().ring;
    let name = ring.ring;
    let (title, text) = match name {
        RingName::Signing => (words.signing, words.signing_text),
        RingName::Sealing => (words.sealing, words.sealing_text),
    };
    let told = acts.outcome(name);
    let doable = doable(&ring, acts);
    let due = ring.due_at;
    let keys = match ring.keys.is_empty() {
        true => view! { <p class="empty-what">{words.empty}</p> }.into_any(),
        false => {
            let keys = ring.keys.into_iter().map(|key| {
                let revoke = revoke(&key, name, sessions, acts);
                one(key, due, revoke)
            });
            view! { <ul class="sessions">{keys.collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="card" aria-labelledby=heading_id(name)>
            <div class="card-head">
                <h2 id=heading_id(name) tabindex="-1">
                    {title}
                </h2>
                <p class="session-facts">{text}</p>
            </div>
            {acts.refusal(name, false)}
            <p class="saved" id=outcome_id(name) tabindex="-1">
                {told}
            </p>
            {doable}
            <p class="progress" role="status">
                {acts.progress(name)}
            </p>
            {keys}
        </section>
    }
    .into_any()
}

/// What can be done about the ring as a whole, or what to do where nothing can.
fn doable(ring: &RingView, acts: KeyActs) -> AnyView {
    let words = &use_admin_texts().ring;
    let name = ring.ring;
    if !ring.is_writable {
        let remedy = ring.remedy.clone();
        // What the program says to operators, it says in English, as on the command line.
        return view! {
            <Note>
                <p>{words.read_only}</p>
                <p lang="en">{remedy}</p>
            </Note>
        }
        .into_any();
    }
    let undo = ring
        .keys
        .iter()
        .any(|key| key.standing == KeyStanding::Grace)
        .then(|| {
            view! {
                <Confirm
                    label=words.undo
                    question=words.undo_sure
                    yes=words.undo
                    look=HARMLESS
                    on_yes=Callback::new(move |()| acts.undo(name))
                />
            }
        });
    view! {
        <div class="acts" hidden=move || acts.pending().get()>
            <Confirm
                label=words.rotate
                question=words.rotate_sure
                yes=words.rotate
                look=HARMLESS
                on_yes=Callback::new(move |()| acts.rotate(name))
            />
            {undo}
        </div>
    }
    .into_any()
}

/// A key that is revoked already is not revoked again.
fn revoke(key: &KeyView, ring: RingName, sessions: u64, acts: KeyActs) -> Option<AnyView> {
    let is_revocable = key.standing != KeyStanding::Revoked;
    is_revocable.then(|| {
        view! { <Revoke ring=ring kid=key.id.clone() sessions=sessions acts=acts /> }.into_any()
    })
}

fn one(key: KeyView, due: Option<Timestamp>, revoke: Option<AnyView>) -> AnyView {
    view! {
        <li class="ring-key">
            <div>
                <h3 class="key" id=key_id(&key.id)>
                    {key.id.clone()}
                </h3>
                <p class=standing_class(key.standing)>{standing(key.standing)}</p>
            </div>
            {facts(&key, due)}
            {revoke}
        </li>
    }
    .into_any()
}

fn standing_class(standing: KeyStanding) -> &'static str {
    match standing {
        KeyStanding::Active => "standing standing-right",
        KeyStanding::Revoked => "standing standing-danger",
        KeyStanding::Pending | KeyStanding::Grace | KeyStanding::Retired => "standing",
    }
}

fn standing(standing: KeyStanding) -> &'static str {
    let words = &use_admin_texts().ring;
    match standing {
        KeyStanding::Pending => words.pending,
        KeyStanding::Active => words.active,
        KeyStanding::Grace => words.grace,
        KeyStanding::Retired => words.retired,
        KeyStanding::Revoked => words.revoked,
    }
}

fn facts(key: &KeyView, due: Option<Timestamp>) -> AnyView {
    let words = &use_admin_texts().ring;
    let locale = use_locale();
    let now = use_page_context().now;
    let mut known = vec![(words.age, age(key.created_at, now).into_any())];
    if key.standing == KeyStanding::Active {
        known.push((words.due, due_by(due, now)));
    }
    if let Some(until) = key.verify_until {
        known.push((words.until, moment(until, locale).into_any()));
    }
    known.push((words.needed_by, needed_by(&key.needed_by).into_any()));
    known.push((
        words.lives,
        view! { <span lang="en">{key.source.clone()}</span> }.into_any(),
    ));
    known.push((words.alg, key.alg.clone().into_any()));
    rows(known)
}

/// In days, and the day from which they count.
fn age(made: Option<Timestamp>, now: Option<Timestamp>) -> String {
    let words = &use_admin_texts().ring;
    let Some((made, now)) = made.zip(now) else {
        return words.age_unknown.to_owned();
    };
    let since = day(made, use_locale());
    match now.since(made).as_secs() / DAY {
        0 => fill_all(words.age_new, &[&since]),
        1 => fill_all(words.age_day, &[&since]),
        days => fill_all(words.age_days, &[&days.to_string(), &since]),
    }
}

fn due_by(due: Option<Timestamp>, now: Option<Timestamp>) -> AnyView {
    let words = &use_admin_texts().ring;
    let Some(due) = due else {
        return words.due_never.into_any();
    };
    let by = day(due, use_locale());
    match now.is_some_and(|now| due < now) {
        true => {
            let overdue = fill_all(words.overdue, &[&by]);
            view! { <strong class="standing-danger">{overdue}</strong> }.into_any()
        }
        false => by.into_any(),
    }
}

fn needed_by(needs: &[String]) -> String {
    let words = &use_admin_texts().ring;
    let known = |need: &String| match need.as_str() {
        "tokens" => words.tokens.to_owned(),
        "session" => words.session.to_owned(),
        "device" => words.device.to_owned(),
        "digest" => words.digest.to_owned(),
        "totp" => words.totp.to_owned(),
        "mail" => words.mail.to_owned(),
        "audit" => words.audit.to_owned(),
        "alert" => words.alert.to_owned(),
        other => other.to_owned(),
    };
    match needs {
        [] => words.nothing.to_owned(),
        some => some.iter().map(known).collect::<Vec<_>>().join(", "),
    }
}
