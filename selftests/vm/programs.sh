#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# programs.sh: builds the kselftest programs, statically, each directory of
# selftests/ in one of $BUILD: uapi, attack, and uapi32, which is uapi for 32-bit
# processes; and libmpool, mpoolctl and their tests, whose tree lies in
# $BUILD/test-tools. Prints $BUILD. PREBUILT=1: what is there is up to date.

. "$(dirname "$0")/lib.sh"

out=$BUILD/programs
if [ "${PREBUILT:-0}" = 1 ] && [ -e "$out/.built" ]; then
	echo "$BUILD"
	exit 0
fi
mkdir -p "$out" "$BUILD"/{uapi,uapi32,attack}
harness=$(bash "$VM_DIR/kernel-source.sh" 6.1)/tools/testing/selftests

exec {fd}>"$out/.lock"
flock "$fd"
rm -f "$out/.built"
unset MAKEFLAGS MFLAGS MAKELEVEL
# build DIR OUT [CFLAGS]
build() {
	logged "$out/.log-$2" "building the test programs of $1" \
		make -C "$TOP/selftests/$1" -j"$(nproc)" OUT="$BUILD/$2" \
		KSELFTEST="$harness" CC=gcc CFLAGS="${3:-}"
}
build uapi uapi
build uapi uapi32 "-m32 -D_FILE_OFFSET_BITS=64"
build attack attack
logged "$out/.log-tools" "building libmpool, mpoolctl and their tests" \
	make -C "$TOP/selftests/tools" OUT="$BUILD/test-tools" KSELFTEST="$harness"
grep -hE 'warning:' "$out"/.log-* >&2 || true
touch "$out/.built"
echo "$BUILD"
