//! The admin desk: the accounts of the house and the invitations to it.

pub mod api;

use crate::id::{Id, Kind};

/// Marks the ids of invitations.
#[derive(Debug)]
pub enum InvitationKind {}
impl Kind for InvitationKind {
    const PREFIX: &'static str = "inv_";
}
/// Identifies an invitation; no secret.
pub type InvitationId = Id<InvitationKind>;
