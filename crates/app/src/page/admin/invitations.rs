//! The invitations to the house: making one, its link once, and those that still work.

use concierge_core::{
    account::Role,
    admin::{
        InvitationId,
        api::{
            Invitation, InvitationList, Invite, ListInvitations, NewInvitation, OneTimeLink,
            RevokeInvitation,
        },
    },
    api::Empty,
    link::Page,
};
use leptos::prelude::*;
use leptos_meta::Title;
use web_sys::HtmlInputElement;

use super::{
    desk::{Desk, Done, Found, House, failed, read},
    facts::role,
    handed::Handed,
};
use crate::{
    client::{Client, call, use_client, wire},
    reaction::{element, use_scripted},
    state::use_page_context,
    text::{format::day, use_admin_texts, use_locale},
    ui::{
        button::SubmitButton,
        confirm::Confirm,
        field::{FieldSpec, SelectField, TextField},
        form::{Form, Submission, Values},
        notice::{Alert, Note},
    },
};

/// The page.
#[component]
pub(crate) fn Invitations() -> impl IntoView {
    let words = &use_admin_texts().invitations;
    let client = use_client();
    let facts = use_page_context();
    let is_closed = !facts.registration_open && !facts.invites_only;
    let found = Resource::new(|| (), move |()| look(client.clone()));
    let listed = Listed {
        desk: Desk::new(found),
        submission: Submission::new(None),
        handed: Handed::new(),
    };
    view! {
        <Title text=words.title />
        <div class="page">
            <div class="page-head">
                <h1>{words.title}</h1>
                <p class="lead">{words.lead}</p>
                {is_closed.then(|| view! { <Note>{words.closed}</Note> })}
            </div>
            {listed.desk.saying()}
            <div class="columns">
                {listed.card(found)}
                {new_card(listed)}
            </div>
        </div>
    }
}

async fn look(client: Client) -> Found<House> {
    let answer = call::<ListInvitations>(&client, Empty {}).await;
    read(answer, House::Invitations)
}

/// The list, what acts on it, and the link that was made last.
#[derive(Clone, Copy)]
struct Listed {
    desk: Desk,
    submission: Submission,
    handed: Handed,
}

impl Listed {
    fn card(self, found: Resource<Found<House>>) -> AnyView {
        let words = &use_admin_texts().invitations;
        let summary = Signal::derive(move || self.submission.summary());
        view! {
            <section class="card" aria-labelledby="open-heading">
                <h2 id="open-heading">{words.open}</h2>
                <Alert text=summary />
                {self.desk.reading(found, Callback::new(move |found| self.show(found)))}
            </section>
        }
        .into_any()
    }

    fn show(self, found: Found<House>) -> AnyView {
        let words = &use_admin_texts().invitations;
        match found {
            Ok(House::Invitations(InvitationList { invitations })) if invitations.is_empty() => {
                view! {
                    <p class="empty-what">{words.none}</p>
                    <p>{words.none_hint}</p>
                }
                .into_any()
            }
            Ok(House::Invitations(InvitationList { invitations })) => {
                let items = invitations.into_iter().map(|one| self.one(one));
                view! { <ul class="sessions">{items.collect_view()}</ul> }.into_any()
            }
            Err(code) => failed(code.title(use_locale()), Page::Invitations.path()),
            // Not asked for here.
            _ => ().into_any(),
        }
    }

    fn one(self, one: Invitation) -> AnyView {
        let words = &use_admin_texts().invitations;
        let (locale, client) = (use_locale(), use_client());
        let note = match one.note.as_str() {
            "" => words.no_note,
            note => note,
        };
        let facts = format!(
            "{} · {} {} · {} {}",
            role(one.role),
            words.made,
            day(one.created_at, locale),
            words.until,
            day(one.expires_at, locale),
        );
        let id = one.id;
        view! {
            <li class="session">
                <div>
                    <h3 class="address">{note.to_owned()}</h3>
                    <p class="session-facts">{facts}</p>
                </div>
                <Confirm
                    label=words.revoke
                    question=words.revoke_sure
                    yes=words.revoke
                    on_yes=Callback::new(move |()| self.revoke(&client, id))
                />
            </li>
        }
        .into_any()
    }

    fn revoke(self, client: &Client, id: InvitationId) {
        // It may be the one whose link is shown.
        self.handed.clear();
        let request = wire::<RevokeInvitation>(&id, &Empty {});
        let done = Done::Say(use_admin_texts().invitations.revoked);
        self.desk.act(client, self.submission, request, done);
    }
}

/// The form, and the link once it is made.
fn new_card(listed: Listed) -> AnyView {
    let words = &use_admin_texts().invitations;
    let client = use_client();
    let submission = Submission::new(None);
    let submit = move |values: Values| {
        let new = new_of(&values);
        let client = client.clone();
        listed.handed.clear();
        listed.desk.step_up().run(submission, move || {
            let (client, new) = (client.clone(), new.clone());
            async move {
                let made = call::<Invite>(&client, new).await?;
                if let Some(note) = element::<HtmlInputElement>("note") {
                    note.set_value("");
                }
                listed.desk.read_again();
                listed.handed.show(OneTimeLink {
                    link: made.link,
                    expires_at: made.invitation.expires_at,
                });
                Ok(())
            }
        });
    };
    // There is no form post for this: until script is there the button would lead nowhere.
    let scripted = use_scripted();
    let (role, days, note) = specs();
    view! {
        <section class="card" aria-labelledby="new-heading">
            <h2 id="new-heading">{words.new}</h2>
            <Form action=Page::Invitations.path() submission=submission on_submit=submit>
                <SelectField spec=role error=submission.field(role.name) options=roles() />
                <SelectField spec=days error=submission.field(days.name) options=spans() />
                <TextField spec=note error=submission.field(note.name) />
                <SubmitButton
                    label=words.submit
                    pending=submission.pending()
                    wait=submission.wait()
                    disabled=Signal::derive(move || !scripted.get())
                />
                // Its content is text to a browser with script, and must not be hydrated.
                <noscript inner_html=use_admin_texts().account.needs_script></noscript>
            </Form>
            {listed.handed.view(words.link)}
        </section>
    }
    .into_any()
}

fn new_of(values: &Values) -> NewInvitation {
    NewInvitation {
        role: Role::from_text(&values.text("role")).unwrap_or(Role::Member),
        days: values.text("days").parse().ok(),
        note: values.text("note"),
    }
}

fn roles() -> Vec<(&'static str, &'static str, bool)> {
    [Role::Member, Role::Admin]
        .map(|choice| (choice.as_str(), role(choice), choice == Role::Member))
        .to_vec()
}

fn spans() -> Vec<(&'static str, &'static str, bool)> {
    let words = &use_admin_texts().invitations;
    vec![
        ("1", words.one_day, false),
        ("7", words.one_week, true),
        ("30", words.one_month, false),
    ]
}

/// Role, days and note.
fn specs() -> (FieldSpec, FieldSpec, FieldSpec) {
    let words = &use_admin_texts().invitations;
    let spec = |name, label, hint| FieldSpec {
        name,
        label,
        kind: "text",
        autocomplete: "off",
        required: false,
        hint,
    };
    (
        spec("role", words.role, Some(words.role_hint)),
        spec("days", words.days, None),
        spec("note", words.note, Some(words.note_hint)),
    )
}
