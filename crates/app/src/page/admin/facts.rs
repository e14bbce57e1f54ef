//! What an admin is told: about an account, in the list as on its own, and about anything in rows.

use concierge_core::{account::Role, admin::api::AccountRow};
use leptos::prelude::*;

use crate::text::{format::day, use_admin_texts, use_locale, use_texts};

/// What there is to know, in the order of [`facts`].
pub(super) fn headings() -> [&'static str; 6] {
    let words = &use_admin_texts().accounts;
    [
        words.address,
        words.name,
        words.role,
        words.state,
        words.factor,
        words.since,
    ]
}

/// What is known.
pub(super) fn facts(row: &AccountRow) -> [String; 6] {
    let words = &use_admin_texts().accounts;
    let (account, locale) = (&row.account, use_locale());
    let name = match account.name.as_str() {
        "" => words.no_name,
        name => name,
    };
    let state = match row.locked_at {
        Some(at) => format!("{} {}", words.locked_since, day(at, locale)),
        None => words.open.to_owned(),
    };
    let factor = match account.second_factor {
        true => words.factor_set,
        false => words.factor_none,
    };
    [
        account.email.clone(),
        name.to_owned(),
        role(account.role).to_owned(),
        state,
        factor.to_owned(),
        day(account.created_at, locale),
    ]
}

/// A role in words.
pub(super) fn role(role: Role) -> &'static str {
    let words = &use_texts().profile;
    match role {
        Role::Member => words.member,
        Role::Admin => words.admin,
    }
}

/// Facts in rows, each with its name.
pub(super) fn rows(known: Vec<(&'static str, AnyView)>) -> AnyView {
    let rows = known.into_iter().map(|(what, fact)| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>{fact}</dd>
            </div>
        }
    });
    view! { <dl class="facts facts-close">{rows.collect_view()}</dl> }.into_any()
}
