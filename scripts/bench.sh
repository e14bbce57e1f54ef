#!/usr/bin/env bash
# Measures how fast the front door is and prints one table, with a PostgreSQL cluster of its own beside it.
#
#   scripts/bench.sh           every part
#   scripts/bench.sh PART...   profile, sign-in, second-factor, enumeration, refresh, sessions, search, ring, visit,
#                              keys, events, viewers
#
# `visit` measures target/release/concierge, which `make build` makes. Everything is compiled before the first
# measurement; nothing else should run meanwhile.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

"$ROOT/scripts/debian.sh" wrk util-linux postgresql openssl chromium
# As `make build` builds it: cargo makes the program along with a bench, and would put one without a site in its place.
SITE_DIGEST="$(cat target/site.digest)"
export SITE_DIGEST
cargo bench --package concierge-server --features embed --bench door --no-run
scripts/postgres.sh cargo bench --quiet --package concierge-server --features embed --bench door -- "$@"
