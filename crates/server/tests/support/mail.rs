//! The mails of a house without a server, read from its outbox folder.

use std::fs;

use super::app::TestApp;

/// A mail as its reader gets it.
#[derive(Debug)]
pub struct Received {
    /// The address.
    pub to: String,
    /// The subject, decoded.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// All of it, as it was written.
    pub source: String,
}

impl Received {
    fn read(source: String) -> Self {
        let source = source.replace("\r\n", "\n");
        let (head, body) = source.split_once("\n\n").expect("a head");
        let head = head.replace("\n ", " ");
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.expect("the header").trim().to_owned()
        };
        let kind = header("Content-Type:");
        let (_, boundary) = kind.split_once("boundary=\"").expect("a boundary");
        let boundary = boundary.split('"').next().expect("its end");
        let boundary = format!("--{boundary}");
        let part = |kind: &str| {
            let mut parts = body.split(&boundary);
            let part = parts.find(|part| part.contains(kind)).expect("the part");
            let (head, text) = part.split_once("\n\n").expect("its head");
            assert!(
                !head.contains("base64") && !head.contains("quoted"),
                "{head}"
            );
            text.to_owned()
        };
        Self {
            to: header("To:"),
            subject: decoded(&header("Subject:")),
            text: part("text/plain"),
            html: part("text/html"),
            source: source.clone(),
        }
    }

    /// The token that stands by itself, to paste.
    pub fn token(&self) -> &str {
        let mut lines = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("    "));
        let token = lines.find(|line| !line.contains("://"));
        token.expect("a token to paste")
    }
}

/// Decodes the words of RFC 2047 in a header, base64 as our library writes them.
fn decoded(header: &str) -> String {
    let mut text = String::new();
    for (at, word) in header.split(' ').enumerate() {
        let inner = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|rest| rest.strip_suffix("?="));
        match inner {
            Some(inner) => {
                let bytes =
                    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, inner);
                text += &String::from_utf8(bytes.expect("base64")).expect("UTF-8");
            }
            None => {
                text += if at > 0 { " " } else { "" };
                text += word;
            }
        }
    }
    text
}

impl TestApp {
    /// Sends what is due, as the running program does within a second.
    pub async fn deliver(&self) {
        self.services
            .deliver_mails()
            .await
            .expect("mails are delivered");
    }

    /// Delivers, and answers all mails there have been so far, in the order they were queued.
    pub async fn mails(&self) -> Vec<Received> {
        self.deliver().await;
        let folder = self.services.config.data.join("outbox");
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let entries = entries.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> = entries
            .filter(|path| path.extension().is_some_and(|end| end == "eml"))
            .collect();
        // The name begins with the time; ids of the same millisecond are in no order.
        paths.sort();
        let read = |path| Received::read(fs::read_to_string(path).expect("a mail"));
        paths.into_iter().map(read).collect()
    }

    /// Delivers, and answers the latest mail to an address.
    pub async fn mail_to(&self, address: &str) -> Received {
        let mut mails = self.mails().await.into_iter();
        mails
            .rfind(|mail| mail.to == address)
            .expect("a mail to this address")
    }
}
