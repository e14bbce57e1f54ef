//! Widgets without domain words: they take values and callbacks, and know neither pages nor the API.

pub(crate) mod button;
pub(crate) mod chart;
pub(crate) mod code;
pub(crate) mod confirm;
pub(crate) mod copy;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod file;
pub(crate) mod form;
pub(crate) mod mark;
pub(crate) mod notice;
pub(crate) mod password;
