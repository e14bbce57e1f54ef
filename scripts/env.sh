# Sourced by the other scripts: where things are, the pinned versions, how to report.
# Guarantees that the project's own tools come first on PATH and that npm installs download no browser.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]:-scripts/env.sh}")/.." && pwd)"
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/concierge"
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"

CARGO_LEPTOS=0.3.10 # the newest whose lock file builds on Rust 1.95
WASM_BINDGEN=0.2.129 # equals the library's version in Cargo.toml
TRUNK=0.21.14 # the newest for Rust 1.95
CARGO_DENY=0.20.2

# The cache folder holds tools whose versions differ from those the user has installed.
export PATH="$CACHE/tools/bin:$ROOT/end2end/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

# fail MESSAGE: says what is wrong and ends the script.
fail() {
  printf 'error: %s\n' "$1" >&2
  exit 1
}

# has COMMAND: whether it is on PATH.
has() { command -v "$1" >/dev/null 2>&1; }
