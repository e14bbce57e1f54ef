//! What server and browser must agree on: the endpoints, the wire types and the pure rules.
//!
//! Nothing here knows a clock, chance or I/O: every rule takes the time it judges by as an argument,
//! so it gives the same answer on the server, in the browser and in a test.

pub mod account;
pub mod admin;
pub mod alert;
pub mod api;
pub mod audit;
pub mod catalogue;
pub mod id;
pub mod keys;
pub mod link;
pub mod locale;
pub mod monitor;
pub mod password;
pub mod problem;
pub mod recovery;
pub mod sensitive;
pub mod session;
pub mod sign_in;
pub mod system;
pub mod time;
pub mod totp;
