//! `concierge account ...`: accounts without a browser.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line talks to its user"
)]

use std::{io::BufRead as _, process::ExitCode};

use concierge_core::{account::Role, locale::Locale, sensitive::Sensitive};

use super::{AccountError, NewAccount};
use crate::{
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
        AccountCommand::Lock { email } => set_locked(services, email, true).await,
        AccountCommand::Unlock { email } => set_locked(services, email, false).await,
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

async fn set_locked(services: &Services, email: &str, locked: bool) -> Result<(), CommandError> {
    let changed = services.accounts.set_locked(email, locked).await?;
    let state = if locked {
        "locked; its sessions have ended"
    } else {
        "open"
    };
    println!(
        "{email} is {}{state}",
        if changed { "now " } else { "already " }
    );
    Ok(())
}
