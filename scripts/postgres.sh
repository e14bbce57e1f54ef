#!/usr/bin/env bash
# Runs a command beside a PostgreSQL cluster of its own: a free port, a temporary folder, TLS with its own
# authority, and nothing left when the command ends.
#
#   scripts/postgres.sh COMMAND...             durable, as in production: what is measured
#   scripts/postgres.sh --no-fsync COMMAND...  for tests: they kill processes, never the machine, and what a
#                                              killed process wrote is in the machine's memory. Each test makes
#                                              and drops a database; with fsync each drop waits for a checkpoint
#                                              of all of them, seconds on a slow disk.
#
# The command finds TEST_DATABASE_URL (sslmode=require) and TEST_DATABASE_CA (the authority's certificate,
# for sslmode=verify-full&sslrootcert=...).
set -euo pipefail
. "$(dirname "$0")/env.sh"

fsync=on
if [ "${1:-}" = --no-fsync ]; then
  fsync=off
  shift
fi
[ $# -gt 0 ] || fail "usage: scripts/postgres.sh [--no-fsync] COMMAND..."
"$ROOT/scripts/debian.sh" postgresql openssl

programs="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
[ -n "$programs" ] || programs="$(dirname "$(command -v initdb)")"
folder="$(mktemp -d "${TMPDIR:-/tmp}/concierge-postgres.XXXXXX")"
password="$(openssl rand -hex 16)"
port="$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')"

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then
    (cd "$folder" && runuser -u postgres -- "$@")
  else
    (cd "$folder" && "$@")
  fi
}

stop() {
  if [ -e "$folder/data/postmaster.pid" ]; then
    as_owner "$programs/pg_ctl" stop --pgdata="$folder/data" --mode=immediate --silent >/dev/null || true
  fi
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# An authority and a certificate for localhost, both gone with the folder.
make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Concierge test authority" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout "$folder/ca.key" -out "$folder/ca.crt"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
    -keyout "$folder/server.key" -out "$folder/server.csr"
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
    -extfile <(printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1' 'basicConstraints=CA:FALSE' 'extendedKeyUsage=serverAuth') \
    -out "$folder/server.crt"
}

write_settings() {
  printf 'hostssl all all %s scram-sha-256\n' 127.0.0.1/32 ::1/128 >"$folder/data/pg_hba.conf"
  cat >>"$folder/data/postgresql.conf" <<SETTINGS
port = $port
listen_addresses = 'localhost'
unix_socket_directories = ''
max_connections = 200
fsync = $fsync
ssl = on
ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
ssl_min_protocol_version = 'TLSv1.2'
SETTINGS
}

make_certificates >"$folder/openssl.log" 2>&1 || fail "the certificates could not be made: $(cat "$folder/openssl.log")"
printf '%s' "$password" >"$folder/password"
chmod 0600 "$folder"/*.key "$folder/password"
[ "$(id -u)" != 0 ] || chown -R postgres: "$folder"
as_owner "$programs/initdb" --pgdata="$folder/data" --username=concierge --pwfile="$folder/password" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions >"$folder/initdb.log" 2>&1 ||
  fail "initdb failed: $(cat "$folder/initdb.log")"
write_settings
as_owner "$programs/pg_ctl" start --pgdata="$folder/data" --log="$folder/server.log" --wait --silent >/dev/null ||
  fail "PostgreSQL did not start: $(cat "$folder/server.log")"

# The authority's certificate is read by whoever runs the tests.
chmod 0755 "$folder"
export TEST_DATABASE_URL="postgres://concierge:$password@localhost:$port/postgres?sslmode=require"
export TEST_DATABASE_CA="$folder/ca.crt"
"$@"
