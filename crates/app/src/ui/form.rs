//! The life of a form: pending, failed, waiting. It works as a plain form first; script takes it over.

use std::{future::Future, time::Duration};

use concierge_core::{
    locale::Locale,
    problem::{ErrorCode, FieldCode, FieldError, Problem},
};
use leptos::{ev, prelude::*, wasm_bindgen::JsCast};
use web_sys::{FormData, HtmlElement, HtmlFormElement, HtmlInputElement};

use super::notice::Alert;
use crate::{
    reaction::{effect, spawn},
    text::{format::fill, use_locale, use_texts},
};

/// What is known about a form's last try.
#[derive(Clone, Copy)]
pub(crate) struct Submission {
    pending: RwSignal<bool>,
    problem: RwSignal<Option<Problem>>,
    wait: RwSignal<u64>,
    locale: Locale,
}

impl Submission {
    /// Starts with what a try without script came back with, if anything.
    pub(crate) fn new(first: Option<Problem>) -> Self {
        let submission = Self {
            pending: RwSignal::new(false),
            problem: RwSignal::new(first),
            wait: RwSignal::new(0),
            locale: use_locale(),
        };
        submission.count_down();
        submission
    }

    /// Whether a try is under way.
    pub(crate) fn pending(self) -> RwSignal<bool> {
        self.pending
    }

    /// Seconds until the next try.
    pub(crate) fn wait(self) -> RwSignal<u64> {
        self.wait
    }

    /// What is wrong with a field, in the reader's language.
    pub(crate) fn field(self, name: &'static str) -> Signal<Option<&'static str>> {
        Signal::derive(move || {
            self.problem.with(|problem| {
                let fields = &problem.as_ref()?.fields;
                let error = fields.iter().find(|error| error.name == name)?;
                Some(error.code.title(self.locale))
            })
        })
    }

    /// The code of what went wrong.
    pub(crate) fn code(self) -> Option<ErrorCode> {
        self.problem
            .with(|problem| problem.as_ref().map(|problem| problem.code))
    }

    /// What the server says about it to whoever can do something about it, in the operators' English.
    pub(crate) fn detail(self) -> Option<String> {
        self.problem
            .with(|problem| problem.as_ref().and_then(|problem| problem.detail.clone()))
    }

    /// What went wrong as a whole, in the reader's language.
    pub(crate) fn summary(self) -> Option<String> {
        let words = use_texts();
        self.problem.with(|problem| {
            let problem = problem.as_ref()?;
            let mut text = problem.code.title(self.locale).to_owned();
            if let Some(seconds) = problem.retry_after {
                text.push(' ');
                text.push_str(&fill(words.common.wait, seconds));
            }
            if problem.status >= 500 && !problem.request_id.is_empty() {
                text = format!("{text} {} {}", words.common.request, problem.request_id);
            }
            Some(text)
        })
    }

    /// Shows what went wrong.
    pub(crate) fn fail(self, problem: Problem) {
        self.problem.set(Some(problem));
    }

    /// Nothing is wrong any more.
    pub(crate) fn clear(self) {
        self.problem.set(None);
    }

    /// Shows field errors that were found before anything was sent.
    pub(crate) fn fail_fields(self, fields: Vec<FieldError>) {
        let problem = Problem::local(ErrorCode::InvalidFields, self.locale);
        self.fail(Problem { fields, ..problem });
    }

    /// Runs one try; a second one meanwhile is not begun.
    pub(crate) fn run(self, work: impl Future<Output = Result<(), Problem>> + 'static) {
        if self.pending.get_untracked() || self.wait.get_untracked() != 0 {
            return;
        }
        self.pending.set(true);
        spawn(async move { self.finish(work.await) });
    }

    fn finish(self, outcome: Result<(), Problem>) {
        // The page may be gone by now.
        if self.pending.try_set(false).is_none() {
            match outcome {
                Ok(()) => self.problem.set(None),
                Err(problem) => self.fail(problem),
            }
        }
    }

    /// Counts `retry_after` down in a browser; without script the button stays usable.
    fn count_down(self) {
        let ticking = StoredValue::new(None::<IntervalHandle>);
        let stop = move || {
            if let Some(Some(handle)) = ticking.try_update_value(Option::take) {
                handle.clear();
            }
        };
        effect(move || {
            let seconds = self.problem.with(|problem| problem.as_ref()?.retry_after);
            stop();
            self.wait.set(seconds.unwrap_or(0));
            if seconds.is_some() {
                let tick = move || {
                    let left = self.wait.try_update(|wait| {
                        *wait = wait.saturating_sub(1);
                        *wait
                    });
                    if left.unwrap_or(0) == 0 {
                        stop();
                    }
                };
                ticking.set_value(set_interval_with_handle(tick, Duration::from_secs(1)).ok());
            }
        });
        on_cleanup(stop);
    }
}

/// A form that posts to the API by itself and, once there is script, through `on_submit`.
#[component]
pub(crate) fn Form(
    /// Where it posts to without script.
    action: &'static str,
    /// Its state.
    submission: Submission,
    /// Takes the values over.
    #[prop(into)]
    on_submit: Callback<Values>,
    /// The field to return to when no field is marked.
    #[prop(optional)]
    refocus: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let summary = Signal::derive(move || submission.summary());
    focus_after_failure(submission, refocus);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let form = event.target().and_then(|form| form.dyn_into().ok());
        if let Some(values) = form.as_ref().and_then(Values::of) {
            on_submit.run(values);
        }
    };
    view! {
        // Our own errors are shown beside the fields, in the page's language.
        <form class="form" method="post" action=action novalidate=true  on:submit=submit>
            <Alert text=summary />
            {children()}
        </form>
    }
}

/// After a failed try the person continues where the trouble is: at the first marked field.
fn focus_after_failure(submission: Submission, refocus: Option<&'static str>) {
    let mut first = true;
    effect(move || {
        let failed = submission.problem.with(Option::is_some);
        // What was there when the page came is read from the top.
        if std::mem::take(&mut first) || !failed {
            return;
        }
        request_animation_frame(move || {
            let find = |selector: &str| document().query_selector(selector).ok().flatten();
            let target = find(".form [aria-invalid=true]")
                .or_else(|| refocus.and_then(|name| document().get_element_by_id(name)));
            if let Some(target) = target {
                focus(&target);
            }
        });
    });
}

fn focus(target: &web_sys::Element) {
    if let Some(element) = target.dyn_ref::<HtmlElement>() {
        drop(element.focus());
    }
    if let Some(input) = target.dyn_ref::<HtmlInputElement>() {
        input.select();
    }
}

/// What stands in a form's fields at the moment of sending.
pub(crate) struct Values(FormData);

impl Values {
    /// The values of a form.
    pub(crate) fn of(form: &HtmlFormElement) -> Option<Self> {
        FormData::new_with_form(form).ok().map(Self)
    }

    /// The text of a field; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.0.get(name).as_string().unwrap_or_default()
    }

    /// Whether a box is ticked.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.has(name)
    }
}

/// The problem that a form without script came back with: `?code=&fields=name:code,...&retry_after=`.
pub(crate) fn problem_of_query(
    code: Option<&str>,
    fields: Option<&str>,
    retry_after: Option<&str>,
    locale: Locale,
) -> Option<Problem> {
    let code = ErrorCode::ALL
        .iter()
        .copied()
        .find(|known| Some(known.as_str()) == code)?;
    let fields = fields
        .unwrap_or_default()
        .split(',')
        .filter_map(|pair| pair.split_once(':'))
        .filter_map(|(name, code)| Some(FieldError::new(name, FieldCode::from_code(code)?)))
        .collect();
    Some(Problem {
        fields,
        retry_after: retry_after.and_then(|seconds| seconds.parse().ok()),
        ..Problem::local(code, locale)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_tells_what_went_wrong() {
        let problem = problem_of_query(
            Some("invalid_fields"),
            Some("email:email_invalid,password:password_short,x:no_such_code,broken"),
            None,
            Locale::En,
        )
        .expect("a known code");
        assert_eq!(problem.code, ErrorCode::InvalidFields);
        assert_eq!(
            problem.fields,
            [
                FieldError::new("email", FieldCode::EmailInvalid),
                FieldError::new("password", FieldCode::PasswordShort),
            ]
        );
    }

    #[test]
    fn a_wait_is_a_number_or_nothing() {
        let wait = |text| {
            problem_of_query(Some("throttled"), None, Some(text), Locale::Fr)
                .and_then(|problem| problem.retry_after)
        };
        assert_eq!(wait("5"), Some(5));
        assert_eq!(wait("-1"), None);
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn an_unknown_code_is_no_problem() {
        for code in [None, Some(""), Some("<script>"), Some("cookies_blocked")] {
            assert_eq!(problem_of_query(code, None, None, Locale::En), None);
        }
    }
}
