#!/usr/bin/env bash
# Tests the key stores with what stands in for them on this machine: moto for AWS, servers of our own for Vault and
# Azure, which the official clients are held against. Everything listens on 127.0.0.1 and ends with its test.
#
#   scripts/stores.sh                    all three
#   FEATURES=vault scripts/stores.sh     one of them
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

# The emulator and the official clients, from PyPI.
packages=(moto[server]==5.2.5 hvac==2.4.0 azure-identity==1.27.0 azure-keyvault-secrets==4.12.0)
folder="$CACHE/emulators"

has python3 && has openssl || fail "python3 and openssl are needed"
if [ "$(cat "$folder/packages" 2>/dev/null)" != "${packages[*]}" ]; then
  echo "installing the emulators, about a minute"
  rm -rf "$folder"
  python3 -m venv "$folder" || fail "python3 can't make a virtual environment; Debian's package is python3-venv"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "${packages[@]}"
  printf '%s' "${packages[*]}" >"$folder/packages"
fi
features="${FEATURES:-vault,aws,azure}"
# What `make test` does not judge, because AWS and Azure are not in the usual build.
cargo clippy --package concierge-server --features "$features" --all-targets -- -D warnings
EMULATORS_PYTHON="$folder/bin/python" cargo test --package concierge-server --features "$features" --test stores "$@"
