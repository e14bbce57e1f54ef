//! The settings about people: who may register, who needs a second factor, how mails leave.

use concierge_core::{sensitive::Sensitive, totp::Policy};

use super::{PublicUrl, Reader, Registration, parse};

/// Who may come in, and with what.
pub(super) struct People {
    pub(super) registration: Registration,
    pub(super) second_factor: Policy,
    pub(super) totp_skew: u32,
}

/// How mails leave the house.
#[derive(Debug)]
pub struct MailConfig {
    /// `smtps://user:password@host:port`; without it mails are written to a folder.
    pub smtp_url: Option<Sensitive>,
    /// The sender.
    pub from: String,
    /// Whether an address has to be confirmed before there is an account.
    pub confirms_addresses: bool,
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
    let registration = reader.read(NAME, |text| parse::word(text, &words))?;
    if registration == Registration::Open
        && reader.environment.is_production()
        && reader.first("CONCIERGE_SMTP_URL").is_none()
    {
        reader.warn(
            NAME,
            "anybody can register, and no mail confirms that an address is theirs",
            "set CONCIERGE_SMTP_URL, or CONCIERGE_REGISTRATION=invite",
        );
    }
    Some(registration)
}

/// Reads how mails leave.
pub(super) fn mail(reader: &mut Reader<'_>, public_url: Option<&PublicUrl>) -> Option<MailConfig> {
    let smtp_url = reader.optional("CONCIERGE_SMTP_URL", |text| Ok(Sensitive::new(text)))?;
    let from = reader.optional("CONCIERGE_MAIL_FROM", parse::line)?;
    let host = public_url.map_or("localhost", |url| url.host());
    let host = host.split(':').next().unwrap_or(host).to_owned();
    let words = [("required", true), ("off", false)];
    let confirms = reader.optional("CONCIERGE_ADDRESS_CONFIRMATION", |text| {
        parse::word(text, &words)
    })?;
    Some(MailConfig {
        confirms_addresses: confirms.unwrap_or(smtp_url.is_some()),
        from: from.unwrap_or_else(|| format!("Concierge <concierge@{host}>")),
        smtp_url,
    })
}
