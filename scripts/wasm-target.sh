#!/usr/bin/env bash
# Builds the standard library for wasm32-unknown-unknown, for machines that can't reach Rust's distribution
# server. Takes the sources from rustup's rust-src component or from Debian's rust-src package, and only of
# exactly the compiler's version: any other gives a library that the compiler refuses.
set -euo pipefail
. "$(dirname "$0")/env.sh"

version="$(rustc --version | cut -d ' ' -f 2)"
sysroot="$(rustc --print sysroot)"

sources() {
  local folder
  for folder in "$sysroot/lib/rustlib/src/rust/library" "/usr/src/rustc-$version/library"; do
    [ -e "$folder/sysroot/Cargo.toml" ] && printf '%s' "$folder" && return
  done
  return 1
}

if ! sources >/dev/null && apt-cache madison rust-src 2>/dev/null | grep -qF "$version"; then
  "$ROOT/scripts/debian.sh" "rust-src=$(apt-cache madison rust-src | grep -F "$version" | awk 'NR==1 {print $3}')"
fi
library="$(sources)" || fail "the wasm32-unknown-unknown target is missing: neither rustup nor a rust-src package gives Rust $version for it"

build="$(mktemp -d)"
trap 'rm -rf "$build"' EXIT
RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=concierge \
  RUSTFLAGS="-Cembed-bitcode=yes -Zforce-unstable-if-unmarked" \
  cargo build --release --target wasm32-unknown-unknown --target-dir "$build" \
  --manifest-path "$library/sysroot/Cargo.toml" --features panic-unwind,compiler-builtins-mem

into="$sysroot/lib/rustlib/wasm32-unknown-unknown/lib"
mkdir -p "$into"
cp "$build"/wasm32-unknown-unknown/release/deps/*.rlib "$into/"
