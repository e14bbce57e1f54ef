#!/usr/bin/env bash
# Installs the Debian packages named, when root or sudo allows it; says what to do when not.
#
#   scripts/debian.sh PACKAGE...
set -euo pipefail
. "$(dirname "$0")/env.sh"

missing=()
for package in "$@"; do
  dpkg-query -W -f '${Status}' "${package%%=*}" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

has apt-get || fail "these are needed, by whatever means your system has: ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
  root=(env)
elif has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  root=(sudo)
else
  fail "please run as root: apt-get install ${missing[*]}"
fi
"${root[@]}" apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
