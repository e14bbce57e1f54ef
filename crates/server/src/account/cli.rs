//! `concierge account ...`: accounts without a browser.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line talks to its user"
)]

use std::{io::BufRead as _, process::ExitCode};

use concierge_core::{account::Role, locale::Locale, sensitive::Sensitive};

use super::{AccountError, Deed, NewAccount};
use crate::{
    audit::Origin,
    boot::{self, BootError},
    cli::AccountCommand,
    config::Loaded,
    platform::shutdown::Shutdown,
    services::Services,
};

/// Runs a command on the database, with the server up or down.
pub fn run(loaded: Loaded, command: &AccountCommand, json: bool) -> ExitCode {
    let outcome = boot::run(async {
        let (_, shutdown) = Shutdown::manual();
        let services = boot::assemble(loaded.config, shutdown).await?;
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
        AccountCommand::List => list(services, json).await,
        AccountCommand::SetupLink => setup_link(services).await,
        AccountCommand::Lock { email } => act(services, email, Deed::Lock).await,
        AccountCommand::Unlock { email } => act(services, email, Deed::Unlock).await,
        AccountCommand::Promote { email } => act(services, email, Deed::SetRole(Role::Admin)).await,
        AccountCommand::Demote { email } => act(services, email, Deed::SetRole(Role::Member)).await,
        AccountCommand::SignOut { email } => act(services, email, Deed::SignOut).await,
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

async fn list(services: &Services, json: bool) -> Result<(), CommandError> {
    let accounts = services.accounts.list().await.map_err(AccountError::from)?;
    if json {
        let views: Vec<_> = accounts.iter().map(|account| &account.view).collect();
        println!("{}", serde_json::json!(views));
        return Ok(());
    }
    for account in &accounts {
        let locked = if account.locked_at.is_some() {
            " locked"
        } else {
            ""
        };
        let view = &account.view;
        println!(
            "{} {} {} {}{locked}",
            view.id,
            view.created_at.to_rfc3339(),
            view.role.as_str(),
            view.email
        );
    }
    Ok(())
}

async fn setup_link(services: &Services) -> Result<(), CommandError> {
    let link = services
        .accounts
        .setup_link()
        .await
        .map_err(AccountError::from)?
        .ok_or(CommandError::AdminExists)?;
    boot::show_setup_link(&services.config, &link).map_err(CommandError::Input)
}

/// Does to an account what an admin could, by the same rules, with nobody as the actor.
async fn act(services: &Services, email: &str, deed: Deed) -> Result<(), CommandError> {
    let account = services
        .accounts
        .find_by_email(&email.trim().to_lowercase())
        .await
        .map_err(AccountError::from)?
        .ok_or(AccountError::NotFound)?;
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
