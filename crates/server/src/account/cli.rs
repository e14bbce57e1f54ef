//! `concierge account ...`: accounts without a browser.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line talks to its user"
)]

use std::{io::BufRead as _, process::ExitCode};

use concierge_core::{
    account::{AccountView, Role},
    admin::api::{AccountQuery, InvitationLink, NewInvitation},
    link::{invitation_path, reset_path},
    locale::Locale,
    sensitive::Sensitive,
};

use super::{Account, AccountError, Deed, NewAccount};
use crate::{
    audit::Origin,
    boot::{self, BootError},
    cli::AccountCommand,
    config::Loaded,
    keys::Supply,
    platform::shutdown::Shutdown,
    services::Services,
    setup_link,
};

/// Runs a command on the database, with the server up or down.
pub fn run(loaded: Loaded, command: &AccountCommand, json: bool) -> ExitCode {
    let outcome = boot::run(async {
        let (_, shutdown) = Shutdown::manual();
        let services = boot::assemble(loaded.config, Supply::of(&loaded.args), shutdown).await?;
        if let Err(error) = services.key_desk().note_read("account").await {
            eprintln!("warning: the database can't note that keys were read: {error}");
        }
        let outcome = perform(&services, command, json).await;
        services.db.close().await;
        Ok(outcome)
    });
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(&error),
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("{0}")]
    Desk(String),
    #[error("the password could not be read: {0}")]
    Input(#[from] std::io::Error),
    #[error("there is an admin already; the setup link is only for the first one")]
    AdminExists,
    #[error(transparent)]
    Boot(#[from] BootError),
}

async fn perform(
    services: &Services,
    command: &AccountCommand,
    json: bool,
) -> Result<(), CommandError> {
    match command {
        AccountCommand::Create {
            email, admin, name, ..
        } => create(services, email, *admin, name.as_deref(), json).await,
        AccountCommand::List { query: None } => {
            let all = services.accounts.list().await.map_err(AccountError::from)?;
            list(
                all.into_iter()
                    .map(|one| (one.view, one.locked_at.is_some())),
                json,
            );
            Ok(())
        }
        AccountCommand::List { query } => {
            list(find(services, query.clone()).await?.into_iter(), json);
            Ok(())
        }
        AccountCommand::SetupLink => setup_link(services).await,
        AccountCommand::ResetLink { email } => reset_link(services, email).await,
        AccountCommand::Lock { email } => act(services, email, Deed::Lock).await,
        AccountCommand::Unlock { email } => act(services, email, Deed::Unlock).await,
        AccountCommand::Promote { email } => act(services, email, Deed::SetRole(Role::Admin)).await,
        AccountCommand::Demote { email } => act(services, email, Deed::SetRole(Role::Member)).await,
        AccountCommand::SignOut { email } => act(services, email, Deed::SignOut).await,
        AccountCommand::RemoveSecondFactor { email } => remove_factor(services, email).await,
        AccountCommand::Close { email } => close(services, email).await,
        AccountCommand::Invite { admin, days, note } => {
            let new = NewInvitation {
                role: if *admin { Role::Admin } else { Role::Member },
                days: Some(*days),
                note: note.clone(),
            };
            invite(services, &new, json).await
        }
    }
}

async fn create(
    services: &Services,
    email: &str,
    admin: bool,
    name: Option<&str>,
    json: bool,
) -> Result<(), CommandError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = Sensitive::new(line.trim_end_matches(['\r', '\n']));
    let role = if admin { Role::Admin } else { Role::Member };
    let new = NewAccount {
        email,
        password: &password,
        name: name.unwrap_or_default(),
        locale: Locale::default(),
        role,
    };
    let account = services.accounts.create(&new).await?;
    if json {
        println!("{}", serde_json::json!(account));
    } else {
        println!(
            "{} {} ({})",
            account.id,
            account.email,
            account.role.as_str()
        );
    }
    Ok(())
}

/// Every account whose address or name begins so, page by page.
async fn find(
    services: &Services,
    query: Option<String>,
) -> Result<Vec<(AccountView, bool)>, CommandError> {
    let mut query = AccountQuery {
        cursor: None,
        query,
    };
    let mut found = Vec::new();
    loop {
        let page = services.desk().list(&query).await;
        let page = page.map_err(|error| CommandError::Desk(error.to_string()))?;
        let rows = page.accounts.into_iter();
        found.extend(rows.map(|row| (row.account, row.locked_at.is_some())));
        if page.next.is_none() {
            return Ok(found);
        }
        query.cursor = page.next;
    }
}

fn list(accounts: impl Iterator<Item = (AccountView, bool)>, json: bool) {
    if json {
        let views: Vec<AccountView> = accounts.map(|(view, _)| view).collect();
        println!("{}", serde_json::json!(views));
        return;
    }
    for (view, is_locked) in accounts {
        let locked = if is_locked { " locked" } else { "" };
        println!(
            "{} {} {} {}{locked}",
            view.id,
            view.created_at.to_rfc3339(),
            view.role.as_str(),
            view.email
        );
    }
}

async fn account_of(services: &Services, email: &str) -> Result<Account, AccountError> {
    let name = email.trim().to_lowercase();
    let found = services.accounts.find_by_email(&name).await?;
    found.ok_or(AccountError::NotFound)
}

async fn remove_factor(services: &Services, email: &str) -> Result<(), CommandError> {
    let account = account_of(services, email).await?;
    let origin = Origin::default();
    let removed = services.totp.remove(&account.view, None, &origin).await;
    removed.map_err(|error| CommandError::Desk(error.to_string()))?;
    println!("{email} signs in with the password alone now, until a second factor is set up again");
    Ok(())
}

async fn close(services: &Services, email: &str) -> Result<(), CommandError> {
    let account = account_of(services, email).await?;
    let origin = Origin::default();
    let closed = services.accounts.close(account.view.id, None, &origin);
    println!("{email} is closed; sessions ended: {}", closed.await?);
    Ok(())
}

async fn invite(services: &Services, new: &NewInvitation, json: bool) -> Result<(), CommandError> {
    let origin = Origin::default();
    let (invitation, token) = services.accounts.invite(new, None, &origin).await?;
    let link = services.config.public_url.join(&invitation_path(&token));
    if json {
        let link = Sensitive::new(link);
        println!("{}", serde_json::json!(InvitationLink { invitation, link }));
    } else {
        println!("{link}");
        eprintln!(
            "good for one account, until {}",
            invitation.expires_at.to_rfc3339()
        );
    }
    Ok(())
}

async fn reset_link(services: &Services, email: &str) -> Result<(), CommandError> {
    let account = account_of(services, email).await?;
    let origin = Origin::default();
    let made = services.links.hand_out(&account, None, &origin).await;
    let (token, expires_at) = made.map_err(AccountError::from)?;
    println!("{}", services.config.public_url.join(&reset_path(&token)));
    eprintln!("good once, until {}", expires_at.to_rfc3339());
    Ok(())
}

async fn setup_link(services: &Services) -> Result<(), CommandError> {
    let link = services
        .accounts
        .setup_link()
        .await
        .map_err(AccountError::from)?
        .ok_or(CommandError::AdminExists)?;
    setup_link::show(&services.config, &link).map_err(CommandError::Input)
}

/// Does to an account what an admin could, by the same rules, with nobody as the actor.
async fn act(services: &Services, email: &str, deed: Deed) -> Result<(), CommandError> {
    let account = account_of(services, email).await?;
    let (changed, ended) = services
        .desk()
        .act(account.view.id, deed, None, &Origin::default())
        .await
        .map_err(|error| CommandError::Desk(error.to_string()))?;
    let state = match deed {
        Deed::Lock => "locked; its sessions have ended",
        Deed::Unlock => "open",
        Deed::SetRole(Role::Admin) => "an admin",
        Deed::SetRole(Role::Member) => "a member",
        Deed::SignOut => {
            println!("{email} is signed out; sessions ended: {ended}");
            return Ok(());
        }
    };
    println!(
        "{email} is {}{state}",
        if changed { "now " } else { "already " }
    );
    Ok(())
}
