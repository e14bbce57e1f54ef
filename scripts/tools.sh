#!/usr/bin/env bash
# Installs the build tools, each only when it is absent or of another version than the pinned one.
#
#   scripts/tools.sh           what the release build needs
#   scripts/tools.sh trunk     Trunk as well
#   scripts/tools.sh deny      cargo-deny as well
#
# Compiled with a quick profile: a build tool runs for seconds, its own optimised build would take minutes more.
set -euo pipefail
. "$(dirname "$0")/env.sh"

export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

step=0
steps=4
[ -z "${1:-}" ] || steps=5

# begin WHAT: one line that says how far it is.
begin() {
  step=$((step + 1))
  printf '[%d/%d] %4ds  %s\n' "$step" "$steps" "$SECONDS" "$1"
}

# crate COMMAND PACKAGE VERSION DURATION [ARGUMENT...]: a command line tool from the crate registry.
# One that is absent goes where cargo puts its tools; beside another version it goes into our own cache.
crate() {
  local command=$1 package=$2 version=$3 duration=$4 root=()
  shift 4
  if "$command" --version 2>/dev/null | grep -qwF -- "$version"; then
    begin "$package $version is there"
    return
  fi
  has "$command" && root=(--root "$CACHE/tools")
  begin "installing $package $version, about $duration on two cores"
  CARGO_TARGET_DIR="$CACHE/tools-target" \
    cargo install "$package" --version "$version" --locked --force "${root[@]}" "$@" ||
    fail "$package $version could not be installed; the lines above say why"
  rm -rf "$CACHE/tools-target"
}

node_packages() {
  local lock="$ROOT/end2end/package-lock.json" installed="$ROOT/end2end/node_modules/.installed"
  has node && has npm || fail "Node 20 or newer with npm is needed"
  if cmp -s "$lock" "$installed"; then
    begin "wasm-opt and the browser test runner are there"
    return
  fi
  begin "installing wasm-opt and the browser test runner with npm, about half a minute"
  npm ci --prefix "$ROOT/end2end" --no-audit --no-fund --loglevel error
  cp "$lock" "$installed"
}

wasm_target() {
  if [ -e "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; then
    begin "the wasm32-unknown-unknown target is there"
    return
  fi
  begin "adding the wasm32-unknown-unknown target"
  rustup target add wasm32-unknown-unknown || "$ROOT/scripts/wasm-target.sh"
}

cd "$ROOT"
has cargo || fail "Rust is needed: install rustup's stable toolchain"
has cc || fail "a C compiler is needed, for example Debian's build-essential"
wasm_target
node_packages
crate wasm-bindgen wasm-bindgen-cli "$WASM_BINDGEN" "2 minutes"
crate cargo-leptos cargo-leptos "$CARGO_LEPTOS" "7 minutes" --features no_downloads
case "${1:-}" in
"") ;;
trunk) crate trunk trunk "$TRUNK" "4 minutes" ;;
deny) crate cargo-deny cargo-deny "$CARGO_DENY" "2 minutes" ;;
*) fail "usage: scripts/tools.sh [trunk | deny]" ;;
esac
