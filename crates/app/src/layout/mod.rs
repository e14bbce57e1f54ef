//! What stands around the pages: the frame with its navigation, the card of the door pages, the guards.

pub(crate) mod beyond;
pub(crate) mod door;
pub(crate) mod frame;
pub(crate) mod guard;
mod house_nav;
pub(crate) mod nav;
pub(crate) mod step_up;
pub(crate) mod token;
