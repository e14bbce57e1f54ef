#!/usr/bin/env bash
# Builds target/release/concierge: the site first (hashed names, optimised, compressed), then the server that
# holds it, with the key stores that FEATURES=vault,aws,azure names. Nothing that did not change is written again, so
# a second build takes about a second.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

site=target/site
next=target/site-next
stamp=target/site.stamp

# What the site is made from, and the site itself: `cargo leptos watch` puts its own build in the same place.
fingerprint() {
  {
    find crates/core crates/app style public -type f -exec sha256sum {} +
    sha256sum Cargo.toml Cargo.lock rust-toolchain.toml .cargo/config.toml end2end/package-lock.json \
      scripts/build.sh scripts/env.sh scripts/precompress.mjs
    rustc --version
    [ ! -d $site ] || find $site -type f -exec sha256sum {} +
  } 2>/dev/null | LC_ALL=C sort | sha256sum
}

# The bytes of the server depend on the site; its name for them makes cargo notice files that were added.
digest() { (cd $site && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum | cut -c 1-16); }

# module FOLDER NAME ARGUMENT...: one module of the app, its glue and the styles.
module() {
  LEPTOS_HASH_FILES=true LEPTOS_SITE_ROOT=$1 LEPTOS_OUTPUT_NAME=$2 \
    cargo leptos build --release --frontend-only "${@:3}"
}

build_site() {
  rm -rf $next $next-part
  module $next concierge --lib-features member
  for part in visitor admin watch; do
    module $next-part concierge-$part --lib-features $part
    mv $next-part/pkg/concierge-$part.*.{js,wasm} $next/pkg/
    rm -rf $next-part
  done
  find $next -name '*.ts' -delete # types for callers that do not exist; their names carry a hash as well
  node scripts/precompress.mjs $next
  if diff -rq $next $site >/dev/null 2>&1; then
    rm -rf $next
  else
    rm -rf $site && mv $next $site
  fi
  fingerprint >$stamp
}

mkdir -p target
if [ "$(fingerprint)" = "$(cat $stamp 2>/dev/null)" ]; then
  echo "[1/2] the site did not change"
else
  echo "[1/2] building the site: the app for WebAssembly in four modules, styles, compression"
  build_site
fi
node scripts/size.mjs $site || echo "  make test will not accept this"

echo "[2/2] building the server"
digest >target/site.digest
SITE_DIGEST="$(cat target/site.digest)" cargo build --release --package concierge-server \
  --features "embed${FEATURES:+,$FEATURES}"

binary=target/release/concierge
if ! cmp -s "$TARGET/release/concierge" $binary; then
  mkdir -p target/release
  install "$TARGET/release/concierge" $binary
fi
echo "built $binary ($(du -h --apparent-size $binary | cut -f 1)) in $SECONDS s"
