//! Builds anew what cargo would not notice by itself: files that were added to the site (its build script says
//! so) or to the migrations.

fn main() {
    println!("cargo:rerun-if-env-changed=SITE_DIGEST");
    println!("cargo:rerun-if-changed=migrations");
}
