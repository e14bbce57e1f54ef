#!/usr/bin/env bash
# What takes minutes: the property tests with many more cases, a million keys, a long history searched for a key, a kill
# at each step at which a command writes keys or a server tells an alert, two processes under traffic while keys are
# rotated, the key stores, the webhooks of alerts, then mixed load on target/release/concierge.
# Everything stays on this machine and ends by itself; exit code 1 when a promise breaks.
#
#   SOAK_MINUTES=5 SOAK_CASES=20000 SOAK_KEYS=1000000 SOAK_ROTATIONS=5 scripts/soak.sh
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

cases="${SOAK_CASES:-20000}"
minutes="${SOAK_MINUTES:-5}"
keys="${SOAK_KEYS:-1000000}"
rotations="${SOAK_ROTATIONS:-5}"

"$ROOT/scripts/debian.sh" strace postgresql openssl

# history COMMITS: for git fast-import, 2 of 500 text files change with each commit; the key stands in one of them for
# the length of one commit in the middle.
history() {
  awk -v commits="$1" 'BEGIN {
    srand(1)
    for (n = 0; n < 400; n++) word[n] = sprintf("%c%x", 97 + n % 26, rand() * 1e9)
    for (commit = 1; commit <= commits; commit++) {
      printf "commit refs/heads/main\ncommitter a <a@example.org> %d +0000\ndata 2\nc\n", 1700000000 + commit * 60
      for (file = 0; file < 2; file++) {
        text = ""
        for (line = 0; line < 40; line++) text = text word[int(rand() * 400)] " " word[int(rand() * 400)] " " commit "\n"
        if (file == 0 && commit == int(commits / 2)) text = text ENVIRON["JWT_SECRET"] "\n"
        printf "M 100644 inline dir%d/file%d\ndata %d\n%s\n", file, int(rand() * 250), length(text), text
      }
    }
  }'
}

# Finds a key in 10,000 commits within 10 seconds.
search_history() {
  local folder begun took status=0
  folder="$(mktemp -d "${TMPDIR:-/tmp}/concierge-history.XXXXXX")"
  export JWT_SECRET
  JWT_SECRET="$(openssl rand -hex 32)"
  git init --quiet "$folder"
  history 10000 | git -C "$folder" fast-import --quiet
  begun="$(date +%s%N)"
  target/release/concierge --data "$folder/none" key scan-git "$folder" >"$folder/said" || status=$?
  took=$((($(date +%s%N) - begun) / 1000000))
  tail -n 1 "$folder/said"
  echo "10,000 commits in $took ms (at most 10000)"
  grep -q "^✗ key in git: JWT_SECRET" "$folder/said" || status=3
  rm -rf "$folder"
  unset JWT_SECRET
  [ "$status" = 1 ] && [ "$took" -le 10000 ]
}

# As `make build` builds it: cargo makes the program along with a bench, and would put one without a site in its place.
SITE_DIGEST="$(cat target/site.digest)"
export SITE_DIGEST
cargo bench --package concierge-server --features embed --bench soak --bench pair --no-run
echo "[1/8] every property with $cases cases"
PROPTEST_CASES="$cases" cargo test --workspace --quiet
echo "[2/8] $keys keys of each kind"
cargo bench --quiet --package concierge-server --bench keys -- "$keys"
echo "[3/8] a key in a long history"
search_history
echo "[4/8] kill -9 at each step at which keys are written and alerts are told"
scripts/postgres.sh cargo test --quiet --package concierge-server --test crash -- --nocapture
echo "[5/8] two processes under traffic, $rotations rotations"
scripts/postgres.sh cargo bench --quiet --package concierge-server --features embed --bench pair -- "$rotations"
echo "[6/8] the key stores"
scripts/stores.sh
echo "[7/8] webhooks of alerts, checked by a receiver's library"
scripts/webhooks.sh
echo "[8/8] mixed load for $minutes minutes"
cargo bench --quiet --package concierge-server --features embed --bench soak -- "$minutes"
