//! Traces, metrics and security events for a receiver that speaks OTLP (`http/protobuf`), when the operator names one.
//!
//! Guarantees: what is sent is made of named fields of two kinds of log line, those with target `access` and
//! `security`, and of the metrics; no other field of any line can get out. Nobody who serves a request waits for the
//! receiver: what it does not take in time waits in queues of a fixed length, and what finds no place there is lost
//! and counted. What anybody can cause takes no place from what was recorded, and a receiver that does not take one kind
//! of message delays no other. One that is away is told of once, and once more when it is back.

mod answer;
mod export;
mod records;
mod wire;

pub use export::{Exporter, Receiver};
pub use records::{Records, Tap};
