//! Invitations: an admin makes a link that is good for one account, with the role that it will have.
//!
//! Whoever holds the link may use it, so it is shown once, works for days and not for ever, and can be taken back.

use std::time::Duration;

use concierge_core::{
    account::{AccountId, Name, Role},
    admin::{
        InvitationId,
        api::{Invitation, NewInvitation},
    },
    audit::EventName,
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
};
use serde_json::json;

use super::{
    desk::is_able_admin, error::AccountError, invitations_store as store, service::Accounts,
    store as accounts,
};
use crate::{
    audit::{self, Event, Origin},
    store::{StoreError, Tx},
};

/// A day.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many days an invitation works unless it says otherwise, and at most.
const DAYS: (u32, u32) = (7, 30);

impl Accounts {
    /// Makes an invitation; its token is answered here and kept nowhere.
    pub async fn invite(
        &self,
        new: &NewInvitation,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<(Invitation, Sensitive), AccountError> {
        let (note, days) = judged(new).map_err(AccountError::Invalid)?;
        let parts = &self.parts;
        let (now, token) = (parts.clock.now(), parts.rng.token());
        let invitation = Invitation {
            id: parts.rng.id(now),
            role: new.role,
            note: note.as_str().to_owned(),
            created_at: now,
            expires_at: now.plus(DAY * days),
        };
        let mut tx = parts.db.begin().await?;
        let digest = self.invitation_digest(&token);
        store::insert(&mut tx, &invitation, &digest, actor).await?;
        let details = json!({ "invitation": invitation.id, "role": invitation.role });
        self.note_invitation(&mut tx, EventName::InvitationMade, details, actor, origin)
            .await?;
        tx.commit().await?;
        Ok((invitation, token))
    }

    /// The invitations that still work, the newest first.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        store::list_open(&self.parts.db, self.parts.clock.now()).await
    }

    /// Takes an invitation back, and with it the registrations that wait for their address; `false` when there is none.
    pub async fn revoke_invitation(
        &self,
        id: InvitationId,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let mut tx = self.parts.db.begin().await?;
        if store::delete_claimed(&mut tx, id).await?.is_none() {
            return Ok(false);
        }
        let details = json!({ "invitation": id });
        self.note_invitation(
            &mut tx,
            EventName::InvitationRevoked,
            details,
            actor,
            origin,
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The invitation that a token is of, while it works.
    pub(super) async fn find_invitation(
        &self,
        token: &Sensitive,
    ) -> Result<Option<InvitationId>, StoreError> {
        let digest = self.invitation_digest(token);
        store::find_by_digest(&self.parts.db, &digest, self.parts.clock.now()).await
    }

    /// Uses an invitation up: of two who hold it one gets the account. It is worth what its maker may still do: an admin
    /// who was demoted, locked or closed does not come back by one of their own. Without one the account is a member's.
    pub(super) async fn use_invitation(
        &self,
        tx: &mut Tx,
        invitation: Option<InvitationId>,
    ) -> Result<Role, AccountError> {
        let Some(id) = invitation else {
            return Ok(Role::Member);
        };
        let claimed = store::delete_claimed(tx, id).await?;
        let (role, made_by) = claimed.ok_or(AccountError::TicketExpired)?;
        let counts = match made_by {
            Some(maker) => {
                let maker = accounts::find_by_id(tx, maker).await?;
                maker.is_some_and(|maker| is_able_admin(&maker))
            }
            // Whoever has the command line has the house.
            None => true,
        };
        if counts {
            Ok(role)
        } else {
            Err(AccountError::TicketExpired)
        }
    }

    async fn note_invitation(
        &self,
        tx: &mut Tx,
        name: EventName,
        details: serde_json::Value,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let event = Event {
            actor,
            ..Event::anonymous(name, origin).with(details)
        };
        audit::record(tx, &event, self.parts.clock.now(), &*self.parts.rng).await
    }

    fn invitation_digest(&self, token: &Sensitive) -> String {
        self.parts.keys.token_digest("invitation", token)
    }
}

/// The note and the days of an invitation, when they are right. A note is a line of text, like a name.
fn judged(new: &NewInvitation) -> Result<(Name, u32), Vec<FieldError>> {
    let (usual, most) = DAYS;
    let days = new.days.unwrap_or(usual);
    let note = new.note.parse::<Name>();
    let mut wrong = Vec::new();
    if let Err(code) = &note {
        wrong.push(FieldError::new("note", *code));
    }
    if days == 0 || days > most {
        wrong.push(FieldError::new("days", FieldCode::OutOfRange));
    }
    match note {
        Ok(note) if wrong.is_empty() => Ok((note, days)),
        _ => Err(wrong),
    }
}
