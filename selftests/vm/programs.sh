#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# programs.sh: builds the kselftest programs, statically, prints where they are;
# and libmpool, mpoolctl and their tests, whose tree lies in $BUILD/test-tools.

. "$(dirname "$0")/lib.sh"

out=$BUILD/uapi
mkdir -p "$out"
[ -e "$TOP/selftests/uapi/Makefile" ] || { echo "$out"; exit 0; }
harness=$(bash "$VM_DIR/kernel-source.sh" 6.1)/tools/testing/selftests

exec {fd}>"$out/.lock"
flock "$fd"
unset MAKEFLAGS MFLAGS MAKELEVEL
logged "$out/.log" "building the test programs" \
	make -C "$TOP/selftests/uapi" -j"$(nproc)" OUT="$out" KSELFTEST="$harness" CC=gcc
logged "$out/.log-tools" "building libmpool, mpoolctl and their tests" \
	make -C "$TOP/selftests/tools" OUT="$BUILD/test-tools" KSELFTEST="$harness"
grep -hE 'warning:' "$out/.log" "$out/.log-tools" >&2 || true
echo "$out"
