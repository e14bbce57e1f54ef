//! How many sockets are open, by account, by address and in all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use concierge_core::account::AccountId;
use tokio::sync::watch;

use crate::platform::limit::AddressKey;

/// So many sockets at once.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of one account.
    pub account: usize,
    /// Of one address.
    pub address: usize,
    /// In all.
    pub all: usize,
}

/// What is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The account's or the address's share: the caller has others to close.
    Own,
    /// The house's.
    House,
}

/// The seats of a house.
#[derive(Debug)]
pub(super) struct Seats {
    caps: Caps,
    table: Mutex<Table>,
    taken: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Table {
    accounts: HashMap<AccountId, usize>,
    addresses: HashMap<String, usize>,
}

/// A seat, free again when dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    account: AccountId,
    address: String,
}

impl Seats {
    pub(super) fn new(caps: Caps) -> Arc<Self> {
        Arc::new(Self {
            caps,
            table: Mutex::default(),
            taken: watch::Sender::new(0),
        })
    }

    /// Takes a seat, or says what is used up.
    pub(super) fn take(
        self: &Arc<Self>,
        account: AccountId,
        address: &AddressKey,
    ) -> Result<Seat, Full> {
        let mut table = self.table();
        let of_account = table.accounts.get(&account).copied().unwrap_or_default();
        let of_address = table.addresses.get(address.host()).copied();
        let of_address = of_address.unwrap_or_default();
        if of_account >= self.caps.account || of_address >= self.caps.address {
            return Err(Full::Own);
        }
        if *self.taken.borrow() >= self.caps.all {
            return Err(Full::House);
        }
        table.accounts.insert(account, of_account + 1);
        let address = address.host().to_owned();
        table.addresses.insert(address.clone(), of_address + 1);
        self.taken.send_modify(|taken| *taken += 1);
        Ok(Seat {
            seats: Arc::clone(self),
            account,
            address,
        })
    }

    /// How many are taken, and news of it.
    pub(super) fn taken(&self) -> watch::Receiver<usize> {
        self.taken.subscribe()
    }

    /// Whether anybody sits.
    pub(super) fn is_watched(&self) -> bool {
        *self.taken.borrow() > 0
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.seats.table();
        release(&mut table.accounts, &self.account);
        release(&mut table.addresses, &self.address);
        self.seats.taken.send_modify(|taken| *taken -= 1);
    }
}

/// Whoever has none left is not remembered: the tables hold no more than there are sockets.
fn release<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use concierge_core::time::Timestamp;

    use super::*;
    use crate::platform::rng::{OsRng, Rng};

    const CAPS: Caps = Caps {
        account: 2,
        address: 3,
        all: 4,
    };

    fn account() -> AccountId {
        let rng: &dyn Rng = &OsRng;
        rng.id(Timestamp::from_millis(0))
    }

    fn address(text: &str) -> AddressKey {
        AddressKey::of(text.parse().expect("an address"))
    }

    #[test]
    fn each_cap_holds_and_a_seat_given_up_is_free_for_the_next() {
        let seats = Seats::new(CAPS);
        let (ada, bea, cleo) = (account(), account(), account());
        let (home, office) = (address("192.0.2.1"), address("192.0.2.2"));
        let first = seats.take(ada, &home).expect("a seat");
        let _second = seats.take(ada, &home).expect("a seat");
        assert_eq!(seats.take(ada, &office).err(), Some(Full::Own));
        let _third = seats.take(bea, &home).expect("a seat");
        assert_eq!(seats.take(cleo, &home).err(), Some(Full::Own));
        let fourth = seats.take(cleo, &office).expect("a seat");
        assert_eq!(seats.take(bea, &office).err(), Some(Full::House));
        drop(first);
        let _fifth = seats.take(ada, &office).expect("the seat given up");
        drop(fourth);
        assert_eq!(*seats.taken().borrow(), 3);
    }

    #[test]
    fn nobody_who_left_is_remembered() {
        let seats = Seats::new(CAPS);
        drop(seats.take(account(), &address("192.0.2.1")));
        let table = seats.table();
        assert!(table.accounts.is_empty() && table.addresses.is_empty());
    }
}
