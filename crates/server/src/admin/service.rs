//! The use cases of the admin desk: find accounts, look at one, act on it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::{
    account::AccountId,
    admin::api::{AccountDetail, AccountPage, AccountQuery, AccountRow},
};

use super::error::AdminError;
use crate::{
    account::{Account, Accounts, Deed, Place},
    audit::Origin,
    session::Sessions,
    sign_in::SignIn,
};

/// Rows of a page.
const PAGE: usize = 50;

/// The desk, made of the services it acts through.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The accounts.
    pub accounts: &'a Accounts,
    /// The sessions.
    pub sessions: &'a Sessions,
    /// The front door, for its waits.
    pub sign_in: &'a SignIn,
}

impl Desk<'_> {
    /// A page of accounts: first those whose address begins so, by address, then those whose name does, by name.
    /// Each page reads so many rows of an index at most; who was among the addresses is left out of the names.
    pub async fn list(&self, query: &AccountQuery) -> Result<AccountPage, AdminError> {
        // Neither an address nor a name holds a NUL, and PostgreSQL takes none.
        let prefix = query.query.as_deref().unwrap_or_default().trim();
        let prefix = prefix.to_lowercase();
        if prefix.contains('\0') {
            return Ok(page(Vec::new(), None));
        }
        let mut from = match &query.cursor {
            Some(cursor) => read_cursor(cursor)
                .filter(|place| within(place, &prefix))
                .ok_or(AdminError::Cursor)?,
            None => Place::Email(prefix.clone()),
        };
        let below = behind(&prefix);
        let mut rows = Vec::new();
        if matches!(from, Place::Email(_)) {
            let mut found = self.read(&from, &below).await?;
            if found.len() > PAGE {
                let next = found.get(PAGE).map(|one| one.view.email.to_lowercase());
                found.truncate(PAGE);
                return Ok(page(found, next.map(Place::Email)));
            }
            rows = found;
            if prefix.is_empty() {
                return Ok(page(rows, None));
            }
            from = Place::Name(prefix.clone(), String::new());
        }
        let found = self.read(&from, &below).await?;
        let goes_on = found.len() > PAGE;
        for account in found {
            if rows.len() == PAGE {
                return Ok(page(rows, Some(from)));
            }
            from = Place::Name(
                account.view.name.to_lowercase(),
                account.view.id.to_string(),
            );
            if !account.view.email.to_lowercase().starts_with(&prefix) {
                rows.push(account);
            }
        }
        Ok(page(rows, goes_on.then_some(from)))
    }

    async fn read(&self, from: &Place, below: &str) -> Result<Vec<Account>, AdminError> {
        let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        Ok(self.accounts.page(from, below, most).await?)
    }

    /// One account with its sessions.
    pub async fn detail(&self, id: AccountId) -> Result<AccountDetail, AdminError> {
        let account = self.accounts.find(id).await?;
        Ok(AccountDetail {
            account: row(account),
            sessions: self.sessions.list(id, None).await?,
        })
    }

    /// Does something to an account; answers whether it was not so already, and how many sessions ended.
    pub async fn act(
        &self,
        id: AccountId,
        deed: Deed,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<(bool, usize), AdminError> {
        let (mut tx, target) = self.accounts.take_turn(id, actor).await?;
        if deed == Deed::Unlock {
            self.sign_in
                .clear_waits(&mut tx, &target.view.email)
                .await?;
        }
        let (changed, ended) = self
            .accounts
            .act(&mut tx, &target, deed, actor, origin)
            .await?;
        self.accounts.finish(tx, id, &ended).await?;
        Ok((changed, ended.len()))
    }
}

fn row(account: Account) -> AccountRow {
    AccountRow {
        account: account.view,
        locked_at: account.locked_at,
    }
}

fn page(accounts: Vec<Account>, next: Option<Place>) -> AccountPage {
    AccountPage {
        accounts: accounts.into_iter().map(row).collect(),
        next: next.map(|place| cursor(&place)),
    }
}

/// The first text behind all that begin with the prefix, in byte order.
fn behind(prefix: &str) -> String {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The surrogates are no characters.
        let next = if last == '\u{d7ff}' {
            Some('\u{e000}')
        } else {
            char::from_u32(u32::from(last) + 1)
        };
        if let Some(next) = next {
            chars.push(next);
            return chars.into_iter().collect();
        }
    }
    char::MAX.to_string()
}

/// Whether a place is one of a list with this prefix.
fn within(place: &Place, prefix: &str) -> bool {
    match place {
        Place::Email(text) | Place::Name(text, _) => text.starts_with(prefix),
    }
}

fn cursor(place: &Place) -> String {
    let text = match place {
        Place::Email(email) => format!("e{email}"),
        Place::Name(name, id) => format!("n{id}/{name}"),
    };
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// Anybody could write one; it can only say where to begin, and everything it says is a bound value.
fn read_cursor(text: &str) -> Option<Place> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    if text.contains('\0') {
        return None;
    }
    if let Some(email) = text.strip_prefix('e') {
        return Some(Place::Email(email.to_owned()));
    }
    let (id, name) = text.strip_prefix('n')?.split_once('/')?;
    if !id.is_empty() {
        id.parse::<AccountId>().ok()?;
    }
    Some(Place::Name(name.to_owned(), id.to_owned()))
}
