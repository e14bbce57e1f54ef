#!/usr/bin/env bash
# Sends alerts over TLS to a receiver that checks them with the `standardwebhooks` library. Everything stays on
# 127.0.0.1 and ends with its test.
set -euo pipefail
. "$(dirname "$0")/env.sh"
cd "$ROOT"

package=standardwebhooks==1.1.0
python="$CACHE/webhooks"

has python3 && has openssl || fail "python3 and openssl are needed"
if [ "$(cat "$python/package" 2>/dev/null)" != "$package" ]; then
  rm -rf "$python"
  python3 -m venv "$python" || fail "python3 can't make a virtual environment; Debian's package is python3-venv"
  "$python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$package"
  printf '%s' "$package" >"$python/package"
fi

folder="$(mktemp -d "${TMPDIR:-/tmp}/concierge-webhooks.XXXXXX")"
trap 'rm -rf "$folder"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
  -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
# The program trusts what the system trusts; here that is this one certificate.
export SSL_CERT_FILE="$folder/certificate.pem"
export WEBHOOKS_PYTHON="$python/bin/python" WEBHOOKS_CERTIFICATE="$folder/certificate.pem" WEBHOOKS_KEY="$folder/key.pem"
cargo test --package concierge-server --test webhooks "$@"
