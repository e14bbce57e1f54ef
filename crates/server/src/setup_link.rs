//! The one-time link that makes the first admin: shown to whoever runs the program, and to nobody else.

use concierge_core::sensitive::Sensitive;

use crate::{
    account::SetupLink, boot::BootError, config::Config, keys, platform::rng::OsRng,
    services::Services,
};

/// Shows a link where nobody is admin yet; does nothing otherwise.
///
/// # Errors
///
/// The database failed, or the link could not be written down.
pub(crate) async fn offer(services: &Services) -> Result<(), BootError> {
    let Some(link) = services.accounts.setup_link().await? else {
        return Ok(());
    };
    show(&services.config, &link)
        .map_err(|error| BootError::Io("the setup link can't be written", error))
}

/// Shows the link in a box on a terminal, else writes it to a private file and says where: a log is no place
/// for a token.
#[expect(
    clippy::print_stdout,
    reason = "the one thing that a terminal shows and a log must not"
)]
pub(crate) fn show(config: &Config, link: &SetupLink) -> std::io::Result<()> {
    use std::io::IsTerminal as _;
    let url = Sensitive::new(
        config
            .public_url
            .join(&format!("/setup#{}", link.token.expose())),
    );
    let minutes = link.life.as_secs() / 60;
    if std::io::stdout().is_terminal() {
        let line = "─".repeat(url.expose().len() + 2);
        println!(
            "\n┌{line}┐\n│ {:<width$} │\n│ {} │\n└{line}┘\n",
            format!("Make the first admin here, within {minutes} minutes, once:"),
            url.expose(),
            width = url.expose().len()
        );
        return Ok(());
    }
    let path = config.data.join("setup-link");
    keys::write_secret_file(&path, url.expose(), keys::Existing::Replaced, &OsRng)?;
    tracing::info!(
        "there is no admin yet: the one-time setup link is in {} and works for {minutes} minutes",
        path.display()
    );
    Ok(())
}
