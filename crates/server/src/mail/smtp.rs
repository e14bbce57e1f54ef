//! Mails over SMTP: one connection for a batch of them, every step within a limit of time.
//!
//! Invariants: nothing is said before TLS stands, except to this machine; a server that hangs costs its limit and
//! no more; what a server answers is kept as a number only, because its words may repeat the address.

use std::{net::IpAddr, time::Duration};

use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};

use super::transport::Failure;
use crate::config::{SmtpTls, SmtpUrl};

/// A mail server.
pub(super) struct Smtp {
    url: SmtpUrl,
    hello: ClientId,
    patience: Duration,
}

impl Smtp {
    /// The server of a URL; `host` is who we say we are. `patience` is for the whole way in, and half as long again
    /// for each mail, which the server may look through before it answers.
    pub(super) fn new(url: SmtpUrl, host: &str, patience: Duration) -> Self {
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let hello = match name.parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(name.to_owned()),
        };
        Self {
            url,
            hello,
            patience,
        }
    }

    /// Goes in: TCP, TLS, greeting, password.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        match tokio::time::timeout(self.patience, self.enter()).await {
            Ok(entered) => entered.map_err(|error| {
                match error.status() {
                    // Its words may repeat the name we gave.
                    Some(code) => {
                        tracing::warn!(code = u16::from(code), "the mail server does not let us in")
                    }
                    None => {
                        tracing::warn!(error = chain(&error), "the mail server can't be talked to")
                    }
                }
                match error.status().is_some() || error.is_client() {
                    true => Failure::Refused,
                    false => Failure::Connection,
                }
            }),
            Err(_) => Err(Failure::Timeout),
        }
    }

    async fn enter(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.url.host.as_str(), self.url.port);
        let (implicit, late) = match self.url.tls {
            SmtpTls::Implicit => (Some(self.tls()?), None),
            SmtpTls::Required => (None, Some(self.tls()?)),
            SmtpTls::Loopback => (None, None),
        };
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, implicit, None).await?;
        if let Some(tls) = late {
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some((name, password)) = &self.url.credentials {
            let credentials = Credentials::new(name.clone(), password.expose().to_owned());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await?;
        }
        Ok(connection)
    }

    /// The authorities that the system trusts, read anew for each connection, or the one that was named.
    fn tls(&self) -> Result<TlsParameters, Error> {
        let builder = TlsParameters::builder(self.url.host.clone());
        match &self.url.authority {
            Some(pem) => builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem)?),
            None => builder,
        }
        .build_rustls()
    }

    /// Hands a mail over; what the server said to it.
    pub(super) async fn send(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
    ) -> Result<String, Failure> {
        let handed = tokio::time::timeout(self.patience * 3 / 2, hand_over(connection, message));
        handed.await.unwrap_or(Err(Failure::Timeout))
    }

    /// Says goodbye; a server that does not answer is left.
    pub(super) async fn leave(&self, mut connection: AsyncSmtpConnection) {
        let _ = tokio::time::timeout(self.patience, connection.quit()).await;
    }
}

/// Step by step, because only the answer to RCPT is about the reader, and only the one to the content about this mail
/// alone: whatever else is refused holds for every mail.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    message: &Message,
) -> Result<String, Failure> {
    let refused = |error: Error| match error.status() {
        Some(code) => {
            tracing::warn!(code = u16::from(code), "the mail server refuses a mail");
            Failure::Refused
        }
        None => Failure::Connection,
    };
    let envelope = message.envelope();
    let from = Mail::new(envelope.from().cloned(), vec![]);
    connection.command(from).await.map_err(refused)?;
    for reader in envelope.to() {
        let known = connection.command(Rcpt::new(reader.clone(), vec![])).await;
        known.map_err(|error| match error.status() {
            Some(code) => Failure::Rejected(code.into()),
            None => Failure::Connection,
        })?;
    }
    connection.command(Data).await.map_err(refused)?;
    let taken = connection.message(&message.formatted()).await;
    let reply = taken.map_err(|error| match error.status().map(u16::from) {
        // RFC 5321 section 3.8: the server closes the line.
        None | Some(421) => refused(error),
        Some(code) => {
            tracing::warn!(code, "the mail server declines what a mail says");
            Failure::Declined(code)
        }
    })?;
    let words = reply.first_line().unwrap_or_default();
    Ok(format!("{} {words}", reply.code()))
}

/// An error with its causes: a certificate that does not fit is the last of three.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
