//! The settings about people: who may register, who needs a second factor, how mails leave.

use std::time::Duration;

use concierge_core::totp::Policy;
use lettre::message::Mailbox;

use super::{PublicUrl, Reader, Registration, SmtpUrl, parse};

/// Who may come in, and with what.
pub(super) struct People {
    pub(super) registration: Registration,
    pub(super) second_factor: Policy,
    pub(super) totp_skew: u32,
}

/// Whether the address of a new account is confirmed first: where mails leave, unless said otherwise. A folder that
/// only the operator reads confirms nothing, so in production it cannot be asked for without a mail server.
pub(super) fn confirms_addresses(
    reader: &mut Reader<'_>,
    registration: Option<Registration>,
    mail: Option<&MailConfig>,
) -> Option<bool> {
    const NAME: &str = "CONCIERGE_ADDRESS_CONFIRMATION";
    let words = [("required", true), ("off", false)];
    let given = reader.optional(NAME, |text| parse::word(text, &words))?;
    let sends_mail = mail?.smtp_url.is_some();
    let confirms = given.unwrap_or(sends_mail);
    if !reader.environment.is_production() {
        return Some(confirms);
    }
    if confirms && !sends_mail {
        reader.refuse(
            NAME,
            "no mail server is set, so nobody could confirm an address",
            "set CONCIERGE_SMTP_URL, or CONCIERGE_ADDRESS_CONFIRMATION=off",
        );
        return None;
    }
    if !confirms && registration == Some(Registration::Open) {
        reader.warn(
            "CONCIERGE_REGISTRATION",
            "anybody can register, and no mail confirms that an address is theirs",
            "set CONCIERGE_SMTP_URL, or CONCIERGE_REGISTRATION=invite",
        );
    }
    Some(confirms)
}

/// How mails leave the house.
#[derive(Debug)]
pub struct MailConfig {
    /// The mail server; without it mails are written to a folder.
    pub smtp_url: Option<SmtpUrl>,
    /// The sender.
    pub from: Mailbox,
    /// How long the mail server may take to let us in, and again for each mail.
    pub patience: Duration,
}

/// Reads the section.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<People> {
    let registration = registration(reader);
    let policies = [
        ("optional", Policy::Optional),
        ("admins", Policy::Admins),
        ("required", Policy::Required),
    ];
    let second_factor = reader.read("CONCIERGE_SECOND_FACTOR", |text| {
        parse::word(text, &policies)
    });
    let totp_skew = reader.read("CONCIERGE_TOTP_SKEW", |text| parse::number(text, 0, 2));
    Some(People {
        registration: registration?,
        second_factor: second_factor?,
        totp_skew: totp_skew?,
    })
}

fn registration(reader: &mut Reader<'_>) -> Option<Registration> {
    const NAME: &str = "CONCIERGE_REGISTRATION";
    let words = [
        ("open", Registration::Open),
        ("invite", Registration::Invite),
        ("closed", Registration::Closed),
    ];
    reader.read(NAME, |text| parse::word(text, &words))
}

/// Reads how mails leave.
pub(super) fn mail(reader: &mut Reader<'_>, public_url: Option<&PublicUrl>) -> Option<MailConfig> {
    let smtp_url = reader.optional("CONCIERGE_SMTP_URL", SmtpUrl::parse)?;
    let from = reader.optional("CONCIERGE_MAIL_FROM", |text| {
        parse::line(text)?.parse::<Mailbox>().map_err(|_| {
            "it is not an address such as `Concierge <concierge@example.org>`".to_owned()
        })
    })?;
    let host = public_url.map_or("localhost", |url| url.name());
    Some(MailConfig {
        from: match from {
            Some(from) => from,
            None => sender_at(reader, host)?,
        },
        smtp_url,
        patience: Duration::from_secs(10),
    })
}

/// The sender when none is set. A host without a name, such as `[::1]`, makes no address.
fn sender_at(reader: &mut Reader<'_>, host: &str) -> Option<Mailbox> {
    let sender = |host: &str| format!("Concierge <concierge@{host}>").parse();
    match sender(host).or_else(|_| sender("localhost")) {
        Ok(sender) => Some(sender),
        Err(_) => {
            reader.refuse(
                "CONCIERGE_MAIL_FROM",
                "no sender can be made of the public URL",
                "set CONCIERGE_MAIL_FROM",
            );
            None
        }
    }
}
