# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the scripts beside it: places, messages, locks.

set -euo pipefail

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$VM_DIR/../.." && pwd)
BUILD=$TOP/build
CACHE=${MPOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mpool}
export VM_DIR TOP BUILD CACHE

say() {
	printf '%s\n' "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Says what is being done, and how long it took when that was long.
# The output goes to a log, which is shown only when the command fails.
logged() {
	local log=$1 what=$2 start=$SECONDS
	shift 2

	mkdir -p "$(dirname "$log")"
	if ! "$@" </dev/null >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		die "$what failed, the whole log is in $log"
	fi
	if [ $((SECONDS - start)) -ge 20 ]; then
		say "$what: $((SECONDS - start)) s"
	fi
}

# One maker at a time for each name; the lock goes with the process.
lock() {
	mkdir -p "$CACHE"
	exec {LOCK_FD}>"$CACHE/.lock.$1"
	if ! flock -n "$LOCK_FD"; then
		say "waiting for another build of $1"
		flock "$LOCK_FD"
	fi
}

hash_of() {
	cat "$@" | sha256sum | cut -c1-12
}
