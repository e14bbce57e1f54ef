//! One link of the chain, and what its MAC covers: every column of the event, its position and the MAC before.

use concierge_core::time::Timestamp;

use crate::platform::seal::MacKeys;

/// What the first link of a chain follows. No MAC is this.
pub(super) const NOTHING: [u8; 32] = [0; 32];
/// What a link follows that could not follow the one before it. No MAC is this either; and no beginning, so that a cut
/// shows wherever it is.
pub(super) const ANEW: [u8; 32] = [0xff; 32];

/// The columns of an event, as they stand in the table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) name: String,
    pub(super) severity: String,
    pub(super) account: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) details: String,
}

/// Where an event stands in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) position: i64,
    /// The MAC of the link before.
    pub(super) before: Vec<u8>,
    pub(super) mac: Vec<u8>,
    /// The version of the key that made it.
    pub(super) key: i64,
}

impl Link {
    /// The link of an event with the newest version of the key; `None` where there is no key.
    pub(super) fn make(row: &Row, position: i64, before: &[u8], keys: &MacKeys) -> Option<Self> {
        let key = keys.newest();
        let mac = keys.mac(key, &message(row, position, key, before))?;
        Some(Self {
            position,
            before: before.to_vec(),
            mac: mac.to_vec(),
            key,
        })
    }

    /// Whether this is the link that the key made for the event.
    pub(super) fn holds(&self, row: &Row, keys: &MacKeys) -> bool {
        let message = message(row, self.position, self.key, &self.before);
        keys.verifies(self.key, &message, &self.mac)
    }
}

/// An end of the chain: the link that stands there, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) position: i64,
    pub(super) mac: Vec<u8>,
    pub(super) at: Timestamp,
    pub(super) key: i64,
    pub(super) seal: Vec<u8>,
}

impl End {
    /// The newest link: what a chain must not be shorter than.
    pub(super) const HEAD: &'static str = "head";
    /// The last link that was purged: what the first one left follows.
    pub(super) const BEGIN: &'static str = "begin";

    /// Seals an end; `None` where there is no key.
    pub(super) fn make(
        name: &str,
        (position, mac): (i64, &[u8]),
        at: Timestamp,
        keys: &MacKeys,
    ) -> Option<Self> {
        let mut end = Self {
            position,
            mac: mac.to_vec(),
            at,
            key: keys.newest(),
            seal: Vec::new(),
        };
        end.seal = keys.mac(end.key, &end.message(name))?.to_vec();
        Some(end)
    }

    /// Whether the key sealed it.
    pub(super) fn holds(&self, name: &str, keys: &MacKeys) -> bool {
        keys.verifies(self.key, &self.message(name), &self.seal)
    }

    fn message(&self, name: &str) -> Vec<u8> {
        let mut message = Message::new("concierge audit end 1");
        message.text(Some(name));
        message.number(self.position);
        message.bytes(&self.mac);
        message.number(self.at.as_millis());
        message.number(self.key);
        message.0
    }
}

fn message(row: &Row, position: i64, key: i64, before: &[u8]) -> Vec<u8> {
    let mut message = Message::new("concierge audit link 1");
    message.number(position);
    message.number(key);
    message.bytes(before);
    message.text(Some(&row.id));
    message.number(row.at);
    message.text(Some(&row.name));
    message.text(Some(&row.severity));
    for column in [
        &row.account,
        &row.actor,
        &row.address,
        &row.user_agent,
        &row.request_id,
    ] {
        message.text(column.as_deref());
    }
    message.text(Some(&row.details));
    message.0
}

/// Values one after the other, each with its length: no two lists of values make the same bytes.
struct Message(Vec<u8>);

impl Message {
    fn new(purpose: &str) -> Self {
        let mut message = Self(Vec::with_capacity(512));
        message.text(Some(purpose));
        message
    }

    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        // Memory holds no text whose length does not fit.
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: Option<&str>) {
        self.0.push(u8::from(text.is_some()));
        self.bytes(text.unwrap_or_default().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use zeroize::Zeroizing;

    use super::*;

    fn keys() -> MacKeys {
        MacKeys::new(BTreeMap::from([(1, Zeroizing::new([7; 32]))]))
    }

    fn row() -> Row {
        let text = |text: &str| Some(text.to_owned());
        Row {
            id: "evt_1".to_owned(),
            at: 1,
            name: "authn_login_fail".to_owned(),
            severity: "notice".to_owned(),
            account: None,
            actor: text("b"),
            address: text("c"),
            user_agent: text("d"),
            request_id: text("e"),
            details: "{}".to_owned(),
        }
    }

    #[test]
    fn a_mac_covers_every_column_the_position_and_the_mac_before() {
        let (keys, row) = (keys(), row());
        let link = Link::make(&row, 5, &NOTHING, &keys).expect("a key");
        assert!(link.holds(&row, &keys));
        let changes: [fn(&mut Row); 10] = [
            |row| row.id.push('x'),
            |row| row.at += 1,
            |row| row.name.push('x'),
            |row| row.severity.push('x'),
            |row| row.account = Some(String::new()),
            |row| row.actor = None,
            |row| row.address = Some("cd".to_owned()),
            |row| std::mem::swap(&mut row.address, &mut row.user_agent),
            |row| row.request_id = None,
            |row| row.details.push(' '),
        ];
        for change in changes {
            let mut changed = row.clone();
            change(&mut changed);
            assert!(!link.holds(&changed, &keys), "{changed:?}");
        }
        let moved = Link {
            position: 6,
            ..link.clone()
        };
        let after_another = Link {
            before: vec![1; 32],
            ..link.clone()
        };
        let of_another_key = Link { key: 2, ..link };
        for link in [moved, after_another, of_another_key] {
            assert!(!link.holds(&row, &keys), "{link:?}");
        }
    }

    #[test]
    fn an_end_holds_under_its_own_name_alone() {
        let keys = keys();
        let now = Timestamp::from_millis(1);
        let end = End::make(End::HEAD, (3, &[1; 32]), now, &keys).expect("a key");
        assert!(end.holds(End::HEAD, &keys));
        assert!(!end.holds(End::BEGIN, &keys));
        assert!(
            !End {
                position: 4,
                ..end.clone()
            }
            .holds(End::HEAD, &keys)
        );
        assert!(
            !End {
                mac: vec![2; 32],
                ..end
            }
            .holds(End::HEAD, &keys)
        );
    }
}
