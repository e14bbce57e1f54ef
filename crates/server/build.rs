//! Embeds the site anew when the build script of the site says that it changed: cargo itself would not notice
//! files that were added.

fn main() {
    println!("cargo:rerun-if-env-changed=CONCIERGE_SITE");
}
