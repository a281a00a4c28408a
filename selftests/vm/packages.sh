#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# packages.sh SECTION...: installs what is missing of these sections of the list.

. "$(dirname "$0")/lib.sh"

missing=()
for section in "$@"; do
	while read -r p; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
		[ "$state" = installed ] || missing+=("$p")
	done < <(awk -v s="[$section]" '
		/^#/ || !NF { next }
		/^\[/ { on = $1 == s; next }
		on { print $1 }' "$VM_DIR/packages")
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null ||
	die "not a Debian system; install by hand what corresponds to: ${missing[*]}"
[ "$(id -u)" -eq 0 ] ||
	die "run as root (or with sudo): apt-get install --no-install-recommends ${missing[*]}"

say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
logged "$CACHE/log/apt-update" "apt-get update" apt-get -q update
logged "$CACHE/log/apt-install" "apt-get install" \
	apt-get -q -y --no-install-recommends install "${missing[@]}"
