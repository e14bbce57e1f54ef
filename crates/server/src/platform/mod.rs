//! What the machine and the crypto library give, behind small doors that know no capability.

pub mod argon;
pub mod cgroup;
pub mod clock;
pub mod core_dump;
pub mod descriptors;
pub mod ed25519;
pub mod hash;
mod hash_threads;
pub mod jwt;
pub mod keyring;
pub mod limit;
pub mod memory;
pub mod metrics;
pub mod otlp;
pub mod rng;
pub mod seal;
pub mod shutdown;
pub mod stamp;
pub mod telemetry;
