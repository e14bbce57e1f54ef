//! Writes the documents that are made by the program: `cargo run -p concierge-server --example write_docs`.

use std::{fs, io, path::Path};

use concierge_server::{
    config,
    http::{docs, error::status_of},
};

fn main() -> io::Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    fs::write(folder.join("api.md"), docs::markdown(status_of))?;
    fs::write(folder.join("configuration.md"), config::docs::markdown())
}
