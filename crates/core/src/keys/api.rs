//! The endpoints of the keys. None of them ever answers or takes a key.

use serde::{Deserialize, Serialize};

use super::{IncidentId, KeyStanding, RingName};
use crate::{
    api::{Empty, Whole, endpoints},
    time::Timestamp,
};

/// One key without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyView {
    /// The `kid`.
    pub id: String,
    /// `HS256` or `Ed25519`.
    pub alg: String,
    /// What it may do.
    pub standing: KeyStanding,
    /// Where it was found, in words.
    pub source: String,
    /// When it was made, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Until when it verifies; of a key in grace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_until: Option<Timestamp>,
    /// What still needs it, in stable words: `tokens`, or the purposes of the data keys it wraps.
    pub needed_by: Vec<String>,
}

/// One ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RingView {
    /// Which.
    pub ring: RingName,
    /// Whether this program can rotate it where it lives. If not, `remedy` says what to do instead.
    pub is_writable: bool,
    /// What to do where it can't be rotated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// When its active key is due to be rotated; none where keys do not age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Its keys, the active one first.
    pub keys: Vec<KeyView>,
}

/// One of the eight things that must be right about the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckLine {
    /// Made by a good source of randomness, not copied from somewhere.
    MadeSecurely,
    /// At least 256 bits.
    LongEnough,
    /// Passes the strength test.
    RandomEnough,
    /// Files closed to others.
    ClosedFiles,
    /// In production from the environment, a closed file or a store; never of another environment.
    RightPlace,
    /// Rotation is planned and not overdue.
    RotationPlanned,
    /// Events are recorded and somebody is told.
    WatchedOver,
    /// A backup was verified lately and the guides are at hand.
    RecoveryReady,
}

impl CheckLine {
    /// All eight, in the order they are shown.
    pub const ALL: [Self; 8] = [
        Self::MadeSecurely,
        Self::LongEnough,
        Self::RandomEnough,
        Self::ClosedFiles,
        Self::RightPlace,
        Self::RotationPlanned,
        Self::WatchedOver,
        Self::RecoveryReady,
    ];
}

/// Whether one of the eight is right, and what to do if not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checked {
    /// Which.
    pub line: CheckLine,
    /// Whether it is right.
    pub is_ticked: bool,
    /// Whether it is not asked for in this environment: then it is ticked, and says nothing.
    #[serde(default)]
    pub is_waived: bool,
    /// What is wrong and what to do, in the operator's words; empty when it is right.
    pub remedies: Vec<String>,
}

/// What became of a compromised key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Incident {
    /// Identifies it.
    pub id: IncidentId,
    /// When the key was revoked.
    pub at: Timestamp,
    /// Of which ring.
    pub ring: RingName,
    /// The key.
    pub kid: String,
    /// Why, in the words of who did it.
    pub reason: String,
    /// Who: an account's id, or the user of the command line.
    pub actor: String,
    /// On which machine.
    pub host: String,
    /// Live sessions before, and right after.
    pub sessions_before: u64,
    /// Live sessions right after.
    pub sessions_after: u64,
    /// What was noted since, the oldest first.
    pub notes: Vec<IncidentNote>,
}

/// A note to an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IncidentNote {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub author: String,
    /// The note.
    pub text: String,
}

/// Both rings and what stands around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyDesk {
    /// The eight lines.
    pub checklist: Vec<Checked>,
    /// Both rings.
    pub rings: Vec<RingView>,
    /// How many processes serve right now.
    pub instances: u32,
    /// How many sessions would end with a revoke.
    pub live_sessions: u64,
    /// The incidents, the newest first, twenty at most.
    pub incidents: Vec<Incident>,
}

/// Rotates a ring.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// For how many seconds the old key still verifies; the setting `CONCIERGE_KEY_GRACE` unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<u64>,
}

/// A ring that was rotated, or whose rotation was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rotated {
    /// The ring.
    pub ring: RingName,
    /// The key that is active now.
    pub active: String,
    /// The key that was active before.
    pub previous: String,
    /// Until when that one verifies.
    pub verify_until: Timestamp,
    /// How many serving processes took the new key in before it became active.
    pub instances: u32,
}

/// Revokes a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// Why; it stands in the incident.
    pub reason: String,
}

/// A key that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revoked {
    /// The record of it.
    pub incident: Incident,
    /// The key that is active now; none where the program can't write it, and the operator has to set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<String>,
    /// Why the program could not write one where it should have; then the same revoke, given again, finishes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

endpoints! {
    /// `GET /api/keys`
    GetKeys: Admin Get "/api/keys", Whole, Empty => 200 KeyDesk;
    "Both keyrings with what needs each key, the checklist and the incidents; never a value.";
    [];
    "";

    /// `POST /api/keys/{ring}/rotate`
    RotateRing: FreshAdmin Post "/api/keys/{id}/rotate", RingName, RotateKey => 200 Rotated;
    "Makes a new key active once every serving process knows it; the old one verifies for a while yet. Nobody notices.";
    [NotFound Conflict];
    r#"{"grace": 604800}"#;

    /// `POST /api/keys/{ring}/undo`
    UndoRotation: FreshAdmin Post "/api/keys/{id}/undo", RingName, Empty => 200 Rotated;
    "Makes the key in grace active again.";
    [NotFound Conflict];
    "";

    /// `POST /api/keys/{kid}/revoke`
    RevokeKeyNow: FreshAdmin Post "/api/keys/{id}/revoke", String, RevokeKey => 200 Revoked;
    "The emergency: refuses a key everywhere within a second and ends every session.";
    [NotFound InvalidFields];
    r#"{"reason": "found in a public repository"}"#;
}
