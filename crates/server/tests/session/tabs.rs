//! Honest tabs stay signed in (I2), and a thief beside the owner is found (I3), whatever the order.

use concierge_server::session::SessionError;
use proptest::prelude::*;

use super::model::{World, check};

impl World {
    /// Tabs that share one jar refresh together, visit after visit; some answers are lost, though never for so
    /// long that the session runs out untouched. The jar keeps the others.
    async fn browse(&self, visits: &[(u64, u8, bool)]) {
        let (mut jar, mut lost) = (self.sign_in().await, 0);
        for (seconds, tabs, is_lost) in visits {
            self.app.advance_seconds(*seconds).await;
            lost = if *is_lost && lost < 2 { lost + 1 } else { 0 };
            let presented = jar.refresh_token.to_string();
            let tabs = (0..=*tabs).map(|_| self.refresh(&presented));
            for answer in futures_util::future::join_all(tabs).await {
                let grant = answer.expect("I2: an honest tab is never signed out");
                if lost == 0 {
                    jar = grant;
                }
            }
            let sessions = &self.app.services.sessions;
            let used = sessions.authenticate(&jar.access_token).await;
            let fine = matches!(used, Ok(_) | Err(SessionError::TokenExpired));
            assert!(fine, "I2: {used:?}");
        }
    }

    /// Owner and thief start from one token and both go on renewing.
    async fn share(&self, turns: &[bool]) {
        let first = self.sign_in().await.refresh_token.to_string();
        let mut jars = [first.clone(), first];
        let mut rounds = [0_u32; 2];
        let mut found = false;
        for is_thief in turns {
            self.app.advance_seconds(60).await;
            let who = usize::from(*is_thief);
            let Ok(grant) = self.refresh(&jars[who]).await else {
                found = true;
                continue;
            };
            let sessions = &self.app.services.sessions;
            let used = sessions.authenticate(&grant.access_token).await;
            used.expect("a new access token works");
            jars[who] = grant.refresh_token.to_string();
            rounds[who] += 1;
            assert!(rounds.contains(&0), "I3: both renewed");
        }
        let both = turns.contains(&true) && turns.contains(&false);
        assert_eq!(found, both, "I3");
    }
}

#[test]
fn honest_tabs_are_never_signed_out() {
    let visits = proptest::collection::vec((0_u64..900, 0_u8..4, any::<bool>()), 1..20);
    check(60, &visits, |world, visits| {
        world.runtime.block_on(world.browse(&visits));
    });
}

#[test]
fn a_thief_beside_the_owner_is_found_within_one_rotation() {
    let turns = proptest::collection::vec(any::<bool>(), 1..8);
    check(60, &turns, |world, turns| {
        world.runtime.block_on(world.share(&turns));
    });
}
