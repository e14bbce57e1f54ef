//! The way out of the house: a mail server, or a folder where there is none.
//!
//! Invariants: files are for their owner alone; where it matters, in production, no file holds a live link.

use std::{io, path::PathBuf, time::SystemTime};

use concierge_core::{id::Id, time::Timestamp};
use lettre::{
    Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::client::AsyncSmtpConnection,
};
use tokio::io::AsyncWriteExt as _;

use super::{Letter, MailKind, letter::Rendered, smtp::Smtp};

/// Why a mail did not leave; never with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection, or it broke.
    Connection,
    /// The server took too long.
    Timeout,
    /// The server does not want us or the mail.
    Refused,
    /// The server does not want the reader, with its SMTP code.
    Rejected(u16),
    /// The server does not want what this mail says, with its SMTP code; it may want the next.
    Declined(u16),
    /// The row does not open.
    Unreadable,
    /// Its link has stopped working.
    Expired,
    /// The folder can't be written to.
    Folder,
}

impl Failure {
    /// As the `failure` column holds it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Connection => "connection".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Rejected(code) => format!("rejected: {code}"),
            Self::Declined(code) => format!("declined: {code}"),
            Self::Unreadable => "unreadable".to_owned(),
            Self::Expired => "expired".to_owned(),
            Self::Folder => "folder".to_owned(),
        }
    }

    /// Whether trying again is in vain: there is no such reader (RFC 5321 section 4.2.1), or no such link any more.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::Rejected(500..=599) | Self::Expired)
    }

    /// Whether the next mail would fare the same.
    pub(super) const fn is_of_the_server(self) -> bool {
        matches!(
            self,
            Self::Connection | Self::Timeout | Self::Refused | Self::Folder
        )
    }
}

/// A mail ready to leave.
pub(super) struct Outgoing<'a> {
    pub(super) id: Id<MailKind>,
    pub(super) created_at: Timestamp,
    pub(super) to: &'a str,
    pub(super) letter: &'a Letter,
    pub(super) rendered: Rendered,
}

impl Outgoing<'_> {
    fn message(self, from: &Mailbox, encoding: Encoding) -> Result<Message, lettre::error::Error> {
        // No name beside the address: a header holds nothing that anybody chose.
        let to = self
            .to
            .parse()
            .map_err(|_| lettre::error::Error::MissingTo)?;
        // Fixed with the row, so that a mail that was sent twice is seen to be one.
        let message_id = format!("<{}@{}>", self.id, from.email.domain());
        let millis = u64::try_from(self.created_at.as_millis()).unwrap_or(0);
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(millis);
        let part = |kind, text| SinglePart::builder().header(kind).body(encoding.body(text));
        Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(self.rendered.subject)
            .date(at)
            .message_id(Some(message_id))
            // RFC 3834: no holiday notice comes back.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, self.rendered.text))
                    .singlepart(part(ContentType::TEXT_HTML, self.rendered.html)),
            )
    }
}

/// How the parts are written.
#[derive(Clone, Copy)]
enum Encoding {
    /// As any server takes them.
    ForServers,
    /// As they are, so that a link can be copied out of the file.
    ForPeople,
}

impl Encoding {
    fn body(self, text: String) -> Body {
        match self {
            Self::ForServers => Body::new(text),
            Self::ForPeople => Body::dangerous_pre_encoded(
                text.replace('\n', "\r\n").into_bytes(),
                ContentTransferEncoding::EightBit,
            ),
        }
    }
}

/// The folder that takes mails where there is no server.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// In production: a file with a live link is a credential that lies about.
    pub(super) keeps_no_links: bool,
}

impl Folder {
    async fn write(&self, from: &Mailbox, mail: Outgoing<'_>) -> Result<(), Failure> {
        let letter = mail.letter.as_str();
        if self.keeps_no_links && mail.letter.link().is_some() {
            tracing::warn!(
                letter,
                "a mail with a link is dropped: without CONCIERGE_SMTP_URL nothing can send it, and a file is no place for it"
            );
            return Ok(());
        }
        let subject = mail.rendered.subject;
        let at = mail.created_at.to_rfc3339().replace(':', "");
        let name = format!("{at}-{letter}-{}.eml", mail.id);
        let message = mail
            .message(from, Encoding::ForPeople)
            .map_err(|_| Failure::Rejected(553))?;
        let written = self.write_file(&name, &message.formatted()).await;
        written.map_err(|error| {
            tracing::warn!(%error, "the outbox folder can't be written to");
            Failure::Folder
        })?;
        tracing::info!(
            file = name,
            subject,
            "a mail was written to the outbox folder"
        );
        Ok(())
    }

    /// Whole or not at all: whoever watches the folder sees no half a mail.
    async fn write_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut folder = tokio::fs::DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .await?;
        let half = self.path.join(format!(".{name}"));
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)
            .await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        tokio::fs::rename(&half, self.path.join(name)).await
    }
}

/// Where a mail that left is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// With the mail server, which said this.
    ToServer(String),
    /// In the outbox folder of this machine: there is no mail server.
    ToFolder,
}

/// Where mails go.
pub(super) enum Transport {
    /// To a server.
    Smtp(Box<Smtp>),
    /// To a folder.
    Folder(Folder),
}

/// One go at what waits, over one connection.
pub(super) struct Batch<'a> {
    transport: &'a Transport,
    from: &'a Mailbox,
    connection: Option<AsyncSmtpConnection>,
}

impl Transport {
    /// Begins a batch; the connection is made for the first mail.
    pub(super) fn batch<'a>(&'a self, from: &'a Mailbox) -> Batch<'a> {
        Batch {
            transport: self,
            from,
            connection: None,
        }
    }
}

impl Batch<'_> {
    /// Sends a mail. After a failure the next one gets a connection of its own: this one's state is unknown.
    pub(super) async fn send(&mut self, mail: Outgoing<'_>) -> Result<Left, Failure> {
        let smtp = match self.transport {
            Transport::Smtp(smtp) => smtp,
            Transport::Folder(folder) => {
                folder.write(self.from, mail).await?;
                return Ok(Left::ToFolder);
            }
        };
        // An address that we take and SMTP does not is one that no server knows (553: "mailbox name not allowed").
        let message = mail
            .message(self.from, Encoding::ForServers)
            .map_err(|_| Failure::Rejected(553))?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => smtp.connect().await?,
        };
        let said = smtp.send(&mut connection, &message).await?;
        self.connection = Some(connection);
        Ok(Left::ToServer(said))
    }

    /// Ends the batch.
    pub(super) async fn end(self) {
        if let (Transport::Smtp(smtp), Some(connection)) = (self.transport, self.connection) {
            smtp.leave(connection).await;
        }
    }
}
