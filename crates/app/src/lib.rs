//! The front end of Concierge.
