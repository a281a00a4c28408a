#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# coverage.sh [FILE...]: runs the KUnit suites and the selftests on a kernel that
# counts lines, prints for each file of the module how many of its lines ran, and
# with FILEs (mpool/client.c) the lines of these that did not. TESTS="uapi/lease
# ..." in the environment runs these instead; "kunit" is one as well.
#
# Fails when a test does, and, unless TESTS chose some, when less than LEAST percent
# (95) of a file in $must ran.

. "$(dirname "$0")/lib.sh"

bed=gcov-6.1
# What stands between any process and memory. Nothing in it is for a kernel that the
# suites do not boot, and each allocation in it can be made to fail, so a line that
# does not run lacks a test. 5 % are for what no setting leads to (a window that is
# too long for a file), and for what only a failing load comes by.
must="mpool/chardev.c mpool/client.c mpool/window.c"
least=${LEAST:-95}
bash "$VM_DIR/packages.sh" base debug tools
out=$BUILD/coverage
rm -rf "$out"
mkdir -p "$out"
read -r -a tests <<<"${TESTS:-}"
runs=(kunit tests)
if [ ${#tests[@]} -gt 0 ]; then
	runs=()
	must=
	[[ " ${tests[*]} " != *" kunit "* ]] || runs+=(kunit)
	[ "${tests[*]}" = kunit ] || runs+=(tests)
fi

# lines VARIANT: gcov's own listing of what the machines counted, one file of
# the module each. A header's lines come once for each that includes it.
lines() {
	local src=$BUILD/$bed/$1 data
	for data in "$BUILD/run"/*/gcov.tgz; do
		[ -e "$data" ] || continue
		tar -xzf "$data" -C "$out"
		# the counts lie at the object's own path
		[ -d "$out$src" ] || continue
		mkdir -p "$out/$1"
		(
			cd "$out/$1"
			find "$out$src" -name '*.gcda' | while read -r counts; do
				object=${counts#"$out"}
				cp "${object%.gcda}.gcno" "${counts%.gcda}.gcno"
				# <name>##<hash>: sources of one name stay apart
				gcov -p -l -s "$src" "$counts" >/dev/null 2>&1 || true
			done
		)
	done
}

status=0
for run in "${runs[@]}"; do
	rm -f "$BUILD/run"/*/gcov.tgz
	if [ "$run" = kunit ]; then
		GCOV=1 bash "$VM_DIR/run.sh" $bed kunit || status=1
		lines kunit
	else
		mapfile -t some < <(printf '%s\n' "${tests[@]}" | grep -vx 'kunit\|')
		GCOV=1 bash "$VM_DIR/run.sh" $bed "${some[@]}" || status=1
		lines plain
	fi
done
rm -f "$BUILD/run"/*/gcov.tgz

find "$out" -name '*.gcov' -exec cat {} + |
	awk -v build="$BUILD/$bed/" -v wanted="$*" -v must="$must" -v least="$least" \
		-f "$VM_DIR/coverage.awk" || status=1
exit $status
