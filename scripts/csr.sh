#!/usr/bin/env bash
# Builds the client-rendered bundle in dist/: the same app without server rendering, for hosts of static files.
set -euo pipefail
. "$(dirname "$0")/env.sh"
"$ROOT/scripts/tools.sh" trunk

cd "$ROOT"
# Trunk would download tools it does not find; offline it takes those of PATH or says what is missing.
cargo fetch --locked --target wasm32-unknown-unknown
exec trunk build --release --offline
