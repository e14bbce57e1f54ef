//! Screens of getting back in: a forgotten password, recovery codes, and what the links of mails lead to.

pub(crate) mod codes;
pub(crate) mod forgot;
pub(crate) mod links;
pub(crate) mod reset;
