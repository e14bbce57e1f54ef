#!/usr/bin/env bash
# Runs every check, the cheap ones first, and stops at the first that fails. Prints the time of each stage,
# keeps each stage's output in target/test-logs/, and closes with the number of tests: N passed, N failed.
#
#   scripts/test.sh            everything
#   VERBOSE=1 scripts/test.sh  with the output of the stages as they run
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

logs="$ROOT/target/test-logs"
rm -rf "$logs"
mkdir -p "$logs"
summary=()
number=0
stages=11

# Adds up what `cargo test` and Playwright count in their closing lines.
count() {
  cat "$logs"/*.log 2>/dev/null | sed 's/\x1b\[[0-9;]*m//g' | awk '
    /^test result:/ { passed += $4; failed += $6 }
    /^ +[0-9]+ passed( \(.*\))?$/ { passed += $1 }
    /^ +[0-9]+ (failed|flaky|interrupted|did not run)$/ { failed += $1 }
    END { printf "%d passed, %d failed\n", passed, failed }'
}

report() {
  printf '\n'
  printf '  %-42s %6s\n' "${summary[@]}"
  printf '  %-42s %5ds\n\n' "all together" "$SECONDS"
  count
}

# stage NAME COMMAND...: runs it and notes its time; a failure shows the end of its output and ends the run.
stage() {
  local name=$1 begun=$SECONDS log
  shift
  number=$((number + 1))
  log="$logs/$number-${name//[^a-zA-Z0-9]/-}.log"
  printf '[%d/%d] %4ds  %s\n' "$number" "$stages" "$SECONDS" "$name"
  if [ -n "${VERBOSE:-}" ]; then
    "$@" </dev/null 2>&1 | tee "$log" && result=0 || result=$?
  else
    "$@" </dev/null >"$log" 2>&1 && result=0 || result=$?
  fi
  summary+=("$name" "$((SECONDS - begun))s")
  [ "$result" = 0 ] && return
  printf '\n----- the end of %s -----\n' "${log#"$ROOT/"}"
  tail -n 80 "$log"
  printf -- '----- "%s" failed -----\n' "$name"
  report
  exit 1
}

# What Debian's packages give: the browsers, PostgreSQL, a mail server, what makes certificates, another TOTP,
# another reader of tokens, the age tool, and promtool.
packages() { scripts/debian.sh chromium firefox-esr postgresql openssl python3-aiosmtpd oathtool python3-jwt python3-cryptography age && scripts/promtool.sh; }

app_clippy() {
  cargo clippy --package concierge-app --no-default-features --features "$1" "${@:2}" \
    --target wasm32-unknown-unknown -- -D warnings
}
app_for_browsers() { app_clippy hydrate --lib && app_clippy csr --lib --bins; }

# The lock file is the one that is judged. Advisories need a database from elsewhere: `cargo deny check advisories`.
dependencies() { cargo deny --locked check --hide-inclusion-graph bans licenses sources; }

# A test that hangs fails the run with its name in the log, while there is time left to read it.
rust_tests() { scripts/postgres.sh --no-fsync timeout --verbose --kill-after=10 2400 cargo test --workspace; }

journeys() { npm test --prefix end2end; }

stage "tools" scripts/tools.sh deny
stage "browsers and servers are installed" packages
stage "formatting" cargo fmt --all --check
stage "licences and bans of dependencies" dependencies
stage "clippy, native" cargo clippy --workspace --all-targets -- -D warnings
stage "clippy, wasm: hydrate and csr" app_for_browsers
stage "Rust tests are built" cargo test --workspace --no-run
stage "Rust tests on SQLite and PostgreSQL" rust_tests
stage "release build" scripts/build.sh
stage "size budget" node scripts/size.mjs target/site
stage "journeys in Chromium and Firefox" journeys
cat "$logs"/*size-budget.log
report
