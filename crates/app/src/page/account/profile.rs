//! One's own account: how Concierge addresses the person, and the facts it keeps.

use concierge_core::{
    account::{
        AccountView, Name, Role,
        api::{ChangeProfile, ProfileChange},
    },
    link::Page,
    locale::Locale,
    problem::FieldError,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::own_data::OwnDataCard;
use crate::{
    client::{call, use_client},
    reaction::{part, use_scripted},
    state::viewer::use_session,
    text::{
        Texts,
        format::{day, iso_day},
        use_locale, use_texts,
    },
    ui::{
        button::SubmitButton,
        field::{FieldSpec, SelectField, TextField},
        form::{Form, Submission, Values},
    },
};

/// The profile page.
#[component]
pub(crate) fn Profile() -> impl IntoView {
    let words = use_texts();
    let session = use_session();
    // The fields start from the account as it was when the page opened; what is typed stays.
    let first = untrack(|| session.account());
    view! {
        <Title text=words.profile.title />
        <div class="page">
            <h1>{words.profile.title}</h1>
            {first.map(|account| view! {
                <div class="columns">
                    <Preferences account=account />
                    <div class="column">
                        <Facts />
                        <OwnDataCard />
                    </div>
                </div>
            })}
        </div>
    }
}

/// The form with name and language.
#[component]
fn Preferences(account: AccountView) -> impl IntoView {
    let words = use_texts();
    let locale = use_locale();
    let session = use_session();
    let client = use_client();
    let submission = Submission::new(None);
    let saved = RwSignal::new(use_query_map().with_untracked(|query| query.get("saved").is_some()));
    let submit = move |values: Values| {
        saved.set(false);
        let change = match change_of(&values) {
            Ok(change) => change,
            Err(wrong) => return submission.fail_fields(vec![wrong]),
        };
        let client = client.clone();
        submission.run(async move {
            let answer = call::<ChangeProfile>(&client, change).await?;
            let language = answer.account.locale;
            session.change_account(answer.account);
            if language == locale {
                let _gone = saved.try_set(true);
            } else {
                // The language is fixed per page load; the server keeps it for this browser, too.
                let page = format!("{}?saved=1&lang={}", Page::Profile.path(), language.tag());
                drop(location().replace(&page));
            }
            Ok(())
        });
    };
    // There is no form post for this: until script is there the button would lead nowhere.
    let scripted = use_scripted();
    let languages = Locale::ALL
        .map(|choice| (choice.tag(), choice.name(), choice == account.locale))
        .to_vec();
    view! {
        <section class="card" aria-labelledby="about">
            <h2 id="about">{words.profile.about}</h2>
            <Form action=Page::Profile.path() submission=submission on_submit=submit>
                <TextField
                    spec=name_field(words)
                    error=submission.field("name")
                    value=account.name
                />
                <SelectField
                    spec=language_field(words)
                    error=submission.field("locale")
                    options=languages
                />
                <div class="actions">
                    <SubmitButton
                        label=words.profile.submit
                        pending=submission.pending()
                        wait=submission.wait()
                        disabled=Signal::derive(move || !scripted.get())
                    />
                    <p class="saved" role="status">
                        {Signal::derive(move || saved.get().then_some(words.profile.saved))}
                    </p>
                </div>
                // Its content is text to a browser with script, and must not be hydrated.
                <noscript inner_html=words.profile.needs_script></noscript>
            </Form>
        </section>
    }
}

fn name_field(words: &Texts) -> FieldSpec {
    FieldSpec {
        name: "name",
        label: words.profile.name,
        kind: "text",
        autocomplete: "name",
        required: false,
        hint: None,
    }
}

fn language_field(words: &Texts) -> FieldSpec {
    FieldSpec {
        name: "locale",
        label: words.profile.language,
        kind: "text",
        autocomplete: "language",
        required: false,
        hint: None,
    }
}

fn change_of(values: &Values) -> Result<ProfileChange, FieldError> {
    let name = values.text("name");
    name.parse::<Name>()
        .map_err(|code| FieldError::new("name", code))?;
    Ok(ProfileChange {
        name: Some(name),
        locale: Locale::from_tag(&values.text("locale")),
    })
}

/// What the house knows about the account.
#[component]
fn Facts() -> impl IntoView {
    let words = use_texts();
    let session = use_session();
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">{words.profile.facts}</h2>
            {part(move || {
                session.account().map(|account| view! { <FactList account=account /> }).into_any()
            })}
        </section>
    }
}

#[component]
fn FactList(account: AccountView) -> impl IntoView {
    let words = use_texts();
    let locale = use_locale();
    let role = match account.role {
        Role::Member => words.profile.member,
        Role::Admin => words.profile.admin,
    };
    view! {
        <dl class="facts">
            <div>
                <dt>{words.profile.email}</dt>
                <dd>{account.email}</dd>
            </div>
            <div>
                <dt>{words.profile.role}</dt>
                <dd>{role}</dd>
            </div>
            <div>
                <dt>{words.profile.since}</dt>
                <dd>
                    <time datetime=iso_day(account.created_at)>
                        {day(account.created_at, locale)}
                    </time>
                </dd>
            </div>
        </dl>
    }
}
