#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# packages.sh [--check] SECTION...: installs what is missing of these sections of
# the list; with --check only prints what hinders that, if something does.

. "$(dirname "$0")/lib.sh"

check=0
if [ "${1:-}" = --check ]; then
	check=1
	shift
fi

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

hindrance=
if ! command -v apt-get >/dev/null; then
	hindrance="not a Debian system: install what corresponds to ${missing[*]}"
elif [ "$(id -u)" -ne 0 ]; then
	hindrance="as root: apt-get install --no-install-recommends ${missing[*]}"
fi
if [ "$check" -eq 1 ]; then
	[ -z "$hindrance" ] || echo "$hindrance"
	exit 0
fi
[ -z "$hindrance" ] || die "$hindrance"

say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
logged "$CACHE/log/apt-update" "apt-get update" apt-get -q update
logged "$CACHE/log/apt-install" "apt-get install" \
	apt-get -q -y --no-install-recommends install "${missing[@]}"
