//! Mails: what they say, and how they leave.

mod folder;
mod letters;
mod retry;
mod server;
mod smtp;

use concierge_core::{locale::Locale, sensitive::Sensitive, time::Timestamp};
use concierge_server::mail::{Letter, Mail, Tiding};

use crate::support::{ADA, app::TestApp};

/// What the links of these tests carry.
const TOKEN: &str = "c29tZXRoaW5nIHRvIHRyeSBpdCB3aXRo";

fn token() -> Sensitive {
    Sensitive::new(TOKEN)
}

fn new_device(browser: &str, system: &str, address: &str) -> Letter {
    Letter::NewDevice {
        browser: browser.to_owned(),
        system: system.to_owned(),
        address: address.to_owned(),
        at: Timestamp::from_millis(1_800_000_000_000),
        token: token(),
    }
}

fn alert(tiding: Tiding) -> Letter {
    Letter::Alert {
        tiding,
        text: "Critical: One address tries many accounts.\nAnd 3 more.".to_owned(),
    }
}

/// One of each.
fn every_letter() -> Vec<Letter> {
    vec![
        Letter::ConfirmAddress { token: token() },
        Letter::AddressTaken,
        Letter::ResetPassword { token: token() },
        Letter::PasswordChanged,
        new_device("Firefox", "Linux", "192.0.2.7"),
        Letter::ConfirmNewAddress { token: token() },
        Letter::AddressChanged,
        Letter::RecoveryCodeUsed { left: 7 },
        Letter::SecondFactorAdded,
        Letter::SecondFactorRemoved,
        Letter::AccountClosed,
        alert(Tiding::Fired),
        alert(Tiding::Over),
        alert(Tiding::Several),
        alert(Tiding::Test),
    ]
}

fn to_ada(letter: Letter) -> Mail {
    Mail {
        to: ADA.to_owned(),
        name: "Ada".to_owned(),
        locale: Locale::En,
        letter,
    }
}

async fn queue(app: &TestApp, mail: &Mail) {
    let mut tx = app.db().begin().await.expect("a transaction");
    let queued = app.services.outbox.queue(&mut tx, mail).await;
    queued.expect("it is queued");
    tx.commit().await.expect("committed");
}
