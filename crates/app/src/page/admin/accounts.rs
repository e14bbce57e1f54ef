//! The accounts of the house: a list to search, and one account in its place when the address names it.
//!
//! What is asked for stands in the address, so that search and pages work without script and a link leads back.

use concierge_core::{
    account::AccountId,
    admin::api::{
        AccountPage, AccountQuery, AccountRow, GetAccount, GetMailBacklog, ListAccounts,
        MailBacklog,
    },
    api::Empty,
    link::{Page, encode_query},
    problem::ErrorCode,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use super::{
    account,
    desk::{Desk, Found, House, failed, read},
    facts::{facts, headings},
};
use crate::{
    client::{Client, call, call_on, use_client},
    reaction::{effect, part},
    text::{format::fill, use_admin_texts, use_locale},
    ui::notice::Note,
};

/// The page.
#[component]
pub(crate) fn Accounts() -> impl IntoView {
    let client = use_client();
    let query = use_query_map();
    let found = Resource::new(
        move || query.get(),
        move |query| look(client.clone(), query),
    );
    let desk = Desk::new(found);
    let is_one = Memo::new(move |_| query.with(|query| query.get_str("id").is_some()));
    let mut before = None;
    effect(move || {
        let now = query.get();
        if before
            .replace(now.clone())
            .is_some_and(|before| before != now)
        {
            desk.turn();
        }
    });
    view! {
        <div class="page">
            {part(move || match is_one.get() {
                true => one_head(),
                false => list_head(query),
            })}
            {desk.saying()}
            {desk.reading(found, Callback::new(move |found| show(found, query, desk)))}
        </div>
    }
}

async fn look(client: Client, query: ParamsMap) -> Found<House> {
    let Some(id) = query.get_str("id") else {
        let query = AccountQuery {
            cursor: query.get("cursor"),
            query: query.get("query"),
        };
        // Whoever looks after the house comes by here: what does not leave it is said on the way.
        let mail = call::<GetMailBacklog>(&client, Empty {}).await.ok();
        return match call::<ListAccounts>(&client, query).await {
            Ok(page) => Ok(House::Accounts(page, mail)),
            Err(problem) => Err(problem.code),
        };
    };
    match id.parse::<AccountId>() {
        Ok(id) => {
            let answer = call_on::<GetAccount>(&client, id, Empty {}).await;
            read(answer, |detail| House::Account(Box::new(detail)))
        }
        Err(_) => Err(ErrorCode::NotFound),
    }
}

fn show(found: Found<House>, query: Memo<ParamsMap>, desk: Desk) -> AnyView {
    match found {
        Ok(House::Accounts(page, mail)) => view! {
            {mail.and_then(stuck)}
            {list(page, &query.read_untracked())}
        }
        .into_any(),
        Ok(House::Account(detail)) => account::show(*detail, desk),
        Err(code) => failed(code.title(use_locale()), Page::Accounts.path()),
        // Not asked for here.
        _ => ().into_any(),
    }
}

/// What is to be known about mails that were tried and did not leave.
fn stuck(mail: MailBacklog) -> Option<AnyView> {
    let words = &use_admin_texts().accounts;
    let failure = mail.failure.filter(|_| mail.waiting > 0)?;
    let text = format!(
        "{} {} ({failure})",
        fill(words.mails_stuck, mail.waiting),
        words.mails_failed
    );
    Some(view! { <Note>{text}</Note> }.into_any())
}

fn one_head() -> AnyView {
    let words = use_admin_texts();
    view! {
        <Title text=words.account.title />
        <div class="page-head">
            <p>
                <a href=Page::Accounts.path()>{words.accounts.back}</a>
            </p>
            <h1>{words.account.title}</h1>
        </div>
    }
    .into_any()
}

/// The search is a plain form: what it asks for is the address of the page that answers.
fn list_head(query: Memo<ParamsMap>) -> AnyView {
    let words = &use_admin_texts().accounts;
    let sought = query.read_untracked().get("query");
    view! {
        <Title text=words.title />
        <div class="page-head">
            <h1>{words.title}</h1>
            <p class="lead">{words.lead}</p>
        </div>
        <form class="search" method="get" action=Page::Accounts.path() role="search">
            <div class="field">
                <label for="query">{words.search}</label>
                <input
                    class="input"
                    id="query"
                    name="query"
                    type="search"
                    autocomplete="off"
                    maxlength="254"
                    value=sought
                />
            </div>
            <button class="button" type="submit">
                {words.submit}
            </button>
        </form>
    }
    .into_any()
}

fn list(page: AccountPage, query: &ParamsMap) -> AnyView {
    let words = &use_admin_texts().accounts;
    let sought = query.get_str("query").unwrap_or_default();
    let done = (query.get_str("done") == Some("deleted")).then(|| {
        view! { <Note>{words.deleted}</Note> }
    });
    let rows = match page.accounts.is_empty() {
        true => nobody(sought),
        false => table(page.accounts, sought),
    };
    let first = query
        .get_str("cursor")
        .map(|_| (words.first, list_path(sought, None)));
    let next = page
        .next
        .map(|cursor| (words.next, list_path(sought, Some(&cursor))));
    view! {
        {done}
        {rows}
        {paging([first, next].into_iter().flatten().collect())}
    }
    .into_any()
}

/// The list from a place on.
fn list_path(sought: &str, cursor: Option<&str>) -> String {
    let pairs = [
        Some(("query", sought)).filter(|_| !sought.is_empty()),
        cursor.map(|cursor| ("cursor", cursor)),
    ];
    let mut path = Page::Accounts.path().to_owned();
    for (name, value) in pairs.into_iter().flatten() {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(name);
        path.push('=');
        path.push_str(&encode_query(value));
    }
    path
}

fn paging(ways: Vec<(&'static str, String)>) -> AnyView {
    if ways.is_empty() {
        return ().into_any();
    }
    let ways = ways.into_iter().map(|(label, path)| {
        view! { <a class="button" href=path>{label}</a> }
    });
    view! {
        <nav class="actions" aria-label=use_admin_texts().accounts.pages>
            {ways.collect_view()}
        </nav>
    }
    .into_any()
}

/// An empty list says how it is searched, and what to do about somebody who is not there yet.
fn nobody(sought: &str) -> AnyView {
    let words = &use_admin_texts().accounts;
    let what = match sought {
        "" => words.end.to_owned(),
        sought => words.none.replace("{}", sought),
    };
    view! {
        <section class="card empty">
            <p class="empty-what">{what}</p>
            <p>{words.none_hint}</p>
        </section>
    }
    .into_any()
}

fn table(accounts: Vec<AccountRow>, sought: &str) -> AnyView {
    let words = &use_admin_texts().accounts;
    let caption = match sought {
        "" => words.all.to_owned(),
        sought => words.matching.replace("{}", sought),
    };
    let heads = headings().map(|head| view! { <th scope="col">{head}</th> });
    view! {
        <table class="table">
            <caption>{caption}</caption>
            <thead>
                <tr>{heads.collect_view()}</tr>
            </thead>
            <tbody>{accounts.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(row: AccountRow) -> impl IntoView {
    let path = format!("{}?id={}", Page::Accounts.path(), row.account.id);
    // Each cell says its column once more, for where rows read as cards.
    let cells = headings().into_iter().zip(facts(&row)).skip(1);
    let cells = cells.map(|(head, fact)| view! { <td data-label=head>{fact}</td> });
    view! {
        <tr>
            <th scope="row">
                <a href=path>{row.account.email}</a>
            </th>
            {cells.collect_view()}
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_another_page_keeps_what_is_sought() {
        assert_eq!(list_path("", None), "/admin/accounts");
        assert_eq!(list_path("", Some("ZQ")), "/admin/accounts?cursor=ZQ");
        assert_eq!(
            list_path("a&b=\"c\"", Some("ZQ")),
            "/admin/accounts?query=a%26b%3D%22c%22&cursor=ZQ"
        );
    }
}
