//! Where the chain ends, and whether that is where it was sealed.
//!
//! The sealed head says so. Where it does not hold, the last link that the key made does: a row that somebody put in
//! decides nothing by its position.

use super::{
    chain::Chain,
    chain_store as store,
    link::{ANEW, End, NOTHING},
};
use crate::store::{StoreError, Tx};

/// Links read at once on the way back.
const PAGE: i64 = 500;

/// Where the chain goes on.
pub(super) struct Place {
    /// Behind this position.
    pub(super) position: i64,
    /// Behind this MAC.
    pub(super) mac: Vec<u8>,
    /// The highest position that is taken, also by whom the key does not know.
    pub(super) highest: i64,
}

/// Where the chain ends, as far as that can be said.
pub(super) enum Found {
    /// Where it was sealed.
    Whole(Place),
    /// Elsewhere: where it begins anew, and what is wrong.
    Broken(Place, &'static str),
    /// There is this version of the key, and it is not at hand.
    Behind(i64),
}

impl Chain {
    /// Looks where the chain ends.
    pub(super) async fn find_end(&self, tx: &mut Tx) -> Result<Found, StoreError> {
        let head = store::find_end(&mut *tx, End::HEAD).await?;
        let begin = store::find_end(&mut *tx, End::BEGIN).await?;
        if let Some(newest) = self.lacks_newest(tx).await? {
            return Ok(Found::Behind(newest));
        }
        // A head of a version that the database does not have is forged.
        if let Some(key) = head.as_ref().map(|head| head.key)
            && !self.keys.has(key)
            && store::list_key_versions(&mut *tx).await?.contains(&key)
        {
            return Ok(Found::Behind(key));
        }
        let highest = store::find_highest(tx).await?;
        if head.is_none() && begin.is_none() && highest.is_none() {
            return Ok(Found::Whole(Place {
                position: 0,
                mac: NOTHING.to_vec(),
                highest: 0,
            }));
        }
        let place = |position, mac| Place {
            position,
            mac,
            highest: highest.unwrap_or(0),
        };
        let why = match head {
            None => "head_missing",
            Some(head) if !head.holds(End::HEAD, &self.keys) => "head_forged",
            Some(head) => {
                let mut there = store::find_mac_at(&mut *tx, head.position).await?;
                if let Some(begin) = begin.as_ref().filter(|one| one.position == head.position) {
                    // With every event purged the chain ends where it begins.
                    there = there.or_else(|| Some(begin.mac.clone()));
                }
                if there.as_ref() == Some(&head.mac) {
                    return Ok(Found::Whole(place(head.position, head.mac)));
                }
                // Positions that were given once are not given again.
                let last = self.find_last(tx, begin.as_ref()).await?;
                let place = place(last.max(head.position), ANEW.to_vec());
                return Ok(Found::Broken(place, "end_changed"));
            }
        };
        let last = self.find_last(tx, begin.as_ref()).await?;
        Ok(Found::Broken(place(last, ANEW.to_vec()), why))
    }

    /// The newest version of the key, where it is not at hand: whoever has not read it would link and seal with one that
    /// may be known to others.
    pub(super) async fn lacks_newest(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        let versions = store::list_key_versions(&mut *tx).await?;
        let newest = versions.first().copied();
        Ok(newest.filter(|newest| *newest > self.keys.newest()))
    }

    /// The position of the last link that the key made.
    async fn find_last(&self, tx: &mut Tx, begin: Option<&End>) -> Result<i64, StoreError> {
        let mut from = Some(i64::MAX);
        while let Some(position) = from {
            let rows = store::list_chained_back(tx, position, PAGE).await?;
            let ours = rows.iter().find(|(_, row)| self.genuine(row).is_some());
            if let Some((position, _)) = ours {
                return Ok(*position);
            }
            from = rows
                .last()
                .and_then(|(position, _)| position.checked_sub(1));
        }
        let begin = begin.filter(|begin| begin.holds(End::BEGIN, &self.keys));
        Ok(begin.map_or(0, |begin| begin.position))
    }
}
