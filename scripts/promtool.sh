#!/usr/bin/env bash
# Puts promtool on the scripts' PATH, out of Debian's package `prometheus`. The package itself stays out: it would
# start a server on this machine.
set -euo pipefail
. "$(dirname "$0")/env.sh"

has promtool && exit 0
has apt-get || fail "promtool is needed: it comes with Prometheus, by whatever means your system has"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb unpacked)
mkdir -p "$CACHE/tools/bin"
cp "$folder/unpacked/usr/bin/promtool" "$CACHE/tools/bin/promtool"
