//! The browser program of the build without a server, made by Trunk.

fn main() {
    concierge_app::start();
}
