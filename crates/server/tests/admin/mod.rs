//! The admin desk.
