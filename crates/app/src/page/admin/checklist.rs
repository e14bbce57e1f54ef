//! The eight things that must be right about the keys, each with what to do where it is not.

use concierge_core::keys::api::{CheckLine, Checked};
use leptos::prelude::*;

use crate::text::{format::fill_all, use_admin_texts};

/// The list, and how much of it is in order; nothing where nothing was looked at.
pub(super) fn card(lines: &[Checked]) -> AnyView {
    let words = &use_admin_texts().checklist;
    if lines.is_empty() {
        return ().into_any();
    }
    let asked = lines.iter().filter(|line| !line.is_waived);
    let ticked = asked.clone().filter(|line| line.is_ticked).count();
    let count = fill_all(
        words.ticked,
        &[&ticked.to_string(), &asked.count().to_string()],
    );
    view! {
        <section class="card" aria-labelledby="checklist-heading">
            <div class="card-head">
                <h2 id="checklist-heading">{words.title}</h2>
                <p class="session-facts">{count}</p>
            </div>
            <ul class="checks">{lines.iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn line(checked: &Checked) -> AnyView {
    let words = &use_admin_texts().checklist;
    let (mark, class) = match (checked.is_waived, checked.is_ticked) {
        (true, _) => (words.waived, "standing"),
        (false, true) => (words.right, "standing standing-right"),
        (false, false) => (words.wrong, "standing standing-wrong"),
    };
    // What the program says to operators, it says in English, as on the command line.
    let remedies = checked.remedies.iter().map(|remedy| {
        view! { <li lang="en">{remedy.clone()}</li> }
    });
    let remedies = (!checked.remedies.is_empty()).then(|| {
        view! { <ul class="remedies">{remedies.collect_view()}</ul> }
    });
    view! {
        <li class="check-line">
            <p class=class>{mark}</p>
            <div>
                <p>{title(checked.line)}</p>
                {remedies}
            </div>
        </li>
    }
    .into_any()
}

fn title(line: CheckLine) -> &'static str {
    let words = &use_admin_texts().checklist;
    match line {
        CheckLine::MadeSecurely => words.made_securely,
        CheckLine::LongEnough => words.long_enough,
        CheckLine::RandomEnough => words.random_enough,
        CheckLine::ClosedFiles => words.closed_files,
        CheckLine::RightPlace => words.right_place,
        CheckLine::RotationPlanned => words.rotation_planned,
        CheckLine::WatchedOver => words.watched_over,
        CheckLine::RecoveryReady => words.recovery_ready,
    }
}
