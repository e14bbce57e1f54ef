//! `concierge key replace-lost`: the last resort where the sealing key is lost and no backup brings it back.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, ValueEnum};

use super::{
    key_open::{self, Refused, Schema},
    pipe, print_json,
};
use crate::{
    config::Loaded,
    keys::{Keeper, KeeperError, Supply},
    lost_key::{self, Loss, LostKeyError},
    platform::{
        clock::{Clock as _, SystemClock},
        keyring::Ring,
        rng::OsRng,
    },
    store::Db,
};

/// The longest reason, in characters: it is kept with the event.
const REASON: usize = 500;

/// Which ring, why, and whether to ask.
#[derive(Debug, Args)]
pub(super) struct ReplaceLost {
    /// Which ring: a lost signing key is simply replaced with `key generate`
    #[arg(long, value_enum)]
    ring: LostRing,
    /// Why, for the record
    #[arg(long, value_parser = reason)]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LostRing {
    /// SECRET_KEY: seals data at rest
    Sealing,
}

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON || text.contains(char::is_control) {
        return Err(format!("one line of 1 to {REASON} characters"));
    }
    Ok(text.to_owned())
}

/// Exit 0: replaced; 1: it failed; 2: refused, and nothing was changed.
pub(super) fn run(loaded: &Loaded, what: &ReplaceLost, json: bool) -> ExitCode {
    let LostRing::Sealing = what.ring;
    let config = &loaded.config;
    let done = key_open::rings(config).and_then(|rings| {
        key_open::with_database(config, Schema::AsServed, async |db| {
            let keeper = keeper(loaded, db);
            Ok(replace(db, &keeper, &rings.sealing, what, json).await?)
        })
    });
    key_open::finish(done)
}

fn keeper(loaded: &Loaded, db: &Db) -> Keeper {
    let config = &loaded.config;
    Keeper::new(
        db.clone(),
        Arc::new(SystemClock),
        Arc::new(OsRng),
        Supply::of(&loaded.args),
        config.session.access_ttl,
        config.key_grace,
    )
}

impl From<LostKeyError> for Refused {
    fn from(error: LostKeyError) -> Self {
        let is_refusal = matches!(
            error,
            LostKeyError::NothingLost
                | LostKeyError::Changed
                | LostKeyError::Keeper(KeeperError::Busy)
        );
        Self::new(if is_refusal { 2 } else { 1 }, error)
    }
}

async fn replace(
    db: &Db,
    keeper: &Keeper,
    sealing: &Ring,
    what: &ReplaceLost,
    json: bool,
) -> Result<ExitCode, LostKeyError> {
    let now = SystemClock.now();
    let loss = lost_key::rehearse(db, sealing, now, &OsRng).await?;
    if !json {
        pipe::tell(&listed(&loss));
    }
    // Without a terminal nobody can be asked, and the reason is the consent.
    if !what.yes && io::stdin().is_terminal() && !agrees(&loss) {
        eprintln!("nothing was changed");
        return Ok(ExitCode::from(2));
    }
    let now = SystemClock.now();
    let loss = lost_key::replace(db, keeper, sealing, &what.reason, now, &OsRng).await?;
    if json {
        print_json(&loss);
    } else {
        println!("{DONE}");
    }
    Ok(ExitCode::SUCCESS)
}

const DONE: &str = "\
The lost key is replaced. What to do now:
  - Restart every serving instance: one that runs holds data keys that are no more.
  - Everybody signs in again. Who had a second factor needs a recovery code, and sets the app up anew; for who has
    no code left, `concierge account remove-second-factor --email ...` once you are sure who asks.
  - Send invitations and links again.
  - Make a backup of the new key, and keep it elsewhere: `concierge key backup`.";

/// What goes, one line each.
fn listed(loss: &Loss) -> String {
    let mut text = format!(
        "Lost: the sealing key {}. New data keys will be wrapped by {}. There is no way back from this:\n",
        loss.lost.join(", "),
        loss.active
    );
    for (count, what) in [
        (loss.sessions, "sessions end"),
        (
            loss.second_factors,
            "second factors are lost; recovery codes stay good",
        ),
        (loss.devices, "known devices are forgotten"),
        (
            loss.links,
            "links, invitations and half sign-ins work no more",
        ),
    ] {
        text.push_str(&format!("{count:>8}  {what}\n"));
    }
    let mails: u64 = loss.mails.values().sum();
    text.push_str(&format!(
        "{mails:>8}  waiting mails can't be read and are dropped\n"
    ));
    for (letter, count) in &loss.mails {
        text.push_str(&format!("{count:>12}  {letter}\n"));
    }
    for name in &loss.channels {
        text.push_str(&format!(
            "          the channel of alerts \"{name}\" goes\n"
        ));
    }
    text
}

fn agrees(loss: &Loss) -> bool {
    print!(
        "Type the id of the new sealing key, {}, to go on: ",
        loss.active
    );
    let mut line = String::new();
    io::stdout().flush().is_ok()
        && io::stdin().read_line(&mut line).is_ok()
        && line.trim() == loss.active
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn everything_that_goes_is_listed() {
        let loss = Loss {
            lost: vec!["prod-1".to_owned()],
            active: "prod-2".to_owned(),
            sessions: 41,
            second_factors: 7,
            devices: 30,
            links: 5,
            mails: BTreeMap::from([
                ("new_device".to_owned(), 2),
                ("reset_password".to_owned(), 1),
            ]),
            channels: vec!["On call".to_owned()],
        };
        let text = listed(&loss);
        for line in [
            "prod-1",
            "prod-2",
            "41  sessions",
            "7  second",
            "30  known",
            "5  links",
            "3  waiting",
            "2  new_device",
            "1  reset_password",
            "\"On call\"",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(
            reason(" the disk burned "),
            Ok("the disk burned".to_owned())
        );
        for bad in ["", "  ", "two\nlines", &"x".repeat(501)] {
            assert!(reason(bad).is_err(), "{bad}");
        }
    }
}
