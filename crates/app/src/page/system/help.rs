//! What to do when something is lost or odd, in plain words.

use concierge_core::link::Page;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{layout::door::Contact, state::use_page_context, text::use_desk_texts};

/// The page.
#[component]
pub(crate) fn Help() -> impl IntoView {
    let words = &use_desk_texts().help;
    let password = match use_page_context().sends_mail {
        true => words.password_text,
        false => words.password_no_mail,
    };
    let sign_in = (Page::SignIn, words.to_sign_in);
    let forgot = (Page::Forgot, words.to_forgot);
    let security = (Page::Security, words.to_security);
    view! {
        <Title text=words.title />
        <div class="page prose">
            <h1>{words.title}</h1>
            {section(words.phone, [words.phone_text, words.phone_none], Some(sign_in))}
            {section(words.password, [password], Some(forgot))}
            {section(words.mail, [words.mail_text], None)}
            {section(words.session, [words.session_text], Some(security))}
            {section(words.codes, [words.codes_text], Some(security))}
            {section(words.human, [words.human_text], None)}
            <Contact />
        </div>
    }
}

/// A heading, what to do, and the page where it is done.
fn section<const N: usize>(
    heading: &'static str,
    texts: [&'static str; N],
    way: Option<(Page, &'static str)>,
) -> impl IntoView {
    let texts = texts.map(|text| view! { <p>{text}</p> }).collect_view();
    let way = way.map(|(page, words)| {
        view! {
            <p>
                <a href=page.path()>{words}</a>
            </p>
        }
    });
    view! {
        <section>
            <h2>{heading}</h2>
            {texts}
            {way}
        </section>
    }
}
