//! The key stores, against what stands in for them on this machine, with the real program: `scripts/stores.sh`.
//!
//! moto is AWS; Vault and Azure are small servers of our own, which the official clients of both are held against
//! first. Those clients also say what the program wrote, and write what it must read.

#![cfg(any(feature = "vault", feature = "aws", feature = "azure"))]

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
mod emulator;
mod house;
mod life;
#[path = "../support/program.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod program;
mod race;
mod running;
#[cfg(feature = "vault")]
mod vault;
