#!/usr/bin/env bash
# What takes minutes: the property tests with many more cases, the key stores, then mixed load on
# target/release/concierge.
# Everything stays on this machine and ends by itself; exit code 1 when a promise breaks.
#
#   SOAK_MINUTES=5 SOAK_CASES=20000 scripts/soak.sh
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

cases="${SOAK_CASES:-20000}"
minutes="${SOAK_MINUTES:-5}"

# As `make build` builds it: cargo makes the program along with a bench, and would put one without a site in its place.
SITE_DIGEST="$(cat target/site.digest)"
export SITE_DIGEST
cargo bench --package concierge-server --features embed --bench soak --no-run
echo "[1/3] every property with $cases cases"
PROPTEST_CASES="$cases" cargo test --workspace --quiet
echo "[2/3] the key stores"
scripts/stores.sh
echo "[3/3] mixed load for $minutes minutes"
cargo bench --quiet --package concierge-server --features embed --bench soak -- "$minutes"
