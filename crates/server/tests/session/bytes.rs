//! Any bytes where a token belongs: never a panic, never taken, and nothing changes.

use concierge_server::{audit::Origin, session::SessionError};
use proptest::prelude::*;

use super::model::World;
use crate::support::property::{bytes, check, mutated};

/// A genuine token changed a little, a piece of it repeated, or anything at all.
fn forged(genuine: &str) -> impl Strategy<Value = String> + use<> {
    let forged = prop_oneof![4 => mutated(genuine.as_bytes().to_vec()), 1 => bytes(300)];
    forged.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn no_forged_access_token_is_taken() {
    let (world, _database) = World::new();
    let grant = world.runtime.block_on(world.sign_in());
    let sessions = &world.app.services.sessions;
    check(2000, &forged(&grant.access_token), |token| {
        let answer = world.runtime.block_on(sessions.authenticate(&token));
        let refused = matches!(answer, Err(SessionError::Unauthenticated(_)));
        assert!(refused, "{token}: {answer:?}");
    });
    let genuine = world
        .runtime
        .block_on(sessions.authenticate(&grant.access_token));
    assert!(genuine.is_ok());
}

#[test]
fn no_forged_refresh_token_is_taken_or_ends_anything() {
    let (world, _database) = World::new();
    let grant = world.runtime.block_on(world.sign_in());
    let sessions = &world.app.services.sessions;
    let before = world.runtime.block_on(world.row(&grant));
    check(2000, &forged(&grant.refresh_token), |token| {
        let refreshed = world.runtime.block_on(world.refresh(&token));
        let refused = matches!(refreshed, Err(SessionError::Unauthenticated(_)));
        assert!(refused, "{token}: {refreshed:?}");
        let renewable = world.runtime.block_on(sessions.is_renewable(&token));
        assert!(matches!(renewable, Ok(false)), "{token}");
        let origin = Origin::default();
        let ended = world
            .runtime
            .block_on(sessions.sign_out(None, Some(&token), None, &origin));
        assert!(matches!(ended, Ok(None)), "{token}");
    });
    assert_eq!(world.runtime.block_on(world.row(&grant)), before);
    let genuine = world.runtime.block_on(world.refresh(&grant.refresh_token));
    assert!(genuine.is_ok());
}
