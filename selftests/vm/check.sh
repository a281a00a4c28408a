#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh [kunit] [selftests]: the test suites on their beds, all of them when
# none is named; static checks go with the kselftests. BEDS="..." replaces the
# kernels of the kselftests, MORE_BEDS="..." adds some, KUNIT_BEDS="..." are those of
# KUnit; JOBS= says how many machines run at a time.

. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- kunit selftests
kunit='' selftests=''
for part in "$@"; do
	case $part in
	kunit)		kunit=1 ;;
	selftests)	selftests=1 ;;
	*)		die "unknown part $part" ;;
	esac
done
# some kernels alone do not have each test
whole=1
[ -z "${BEDS:-}" ] || whole=0
read -r -a beds <<<"${BEDS:-stock-6.1 debug-6.1 ${MORE_BEDS:-}}"
kunit_beds=()
[ -z "$kunit" ] || read -r -a kunit_beds <<<"${KUNIT_BEDS:-debug-6.1}"
bash "$VM_DIR/packages.sh" base debug tools ${selftests:+lint}
. "$VM_DIR/lanes.sh"

sh "$TOP/selftests/readme.sh" ||
	printf 'fail\tREADME.md\treadme.sh\texamples\tthey differ\n' >"$work/00"
sh "$TOP/selftests/errnos.sh" >&2 ||
	printf 'fail\terrors.rst\terrnos.sh\ttests\tan errno has none\n' >>"$work/00"
sh "$TOP/selftests/tracing.sh" >&2 ||
	printf 'fail\ttracing.rst\ttracing.sh\tfields\tthey differ\n' >>"$work/00"

# static NUMBER: attack 21 in brief; "make static" has compilers and checks more
static() {
	local check result
	say "== static checks"
	for check in gcc checkpatch shellcheck; do
		result=pass
		bash "$VM_DIR/static.sh" "$check" >&2 || result=fail
		printf '%s\tstatic\tstatic\t%s\t\n' "$result" "$check" >>"$work/$1"
	done
}

[ -z "$kunit" ] || build_before kunit "${kunit_beds[@]}"
[ -z "$selftests" ] || build_before plain "${beds[@]}"

# The longest first, that nothing is left to wait for at the end.
for ((i = ${#beds[@]} - 1; i >= 0 && selftests; i--)); do
	case ${beds[i]} in
	stock-*)
		room
		run "$started" "${beds[i]}" & ;;
	*)
		# too long for one lane
		for part in 1/2 2/2; do
			room
			PART=$part run "$started" "${beds[i]}" &
		done ;;
	esac
done
for bed in "${kunit_beds[@]}"; do
	room
	run "$started" "$bed" kunit &
done
if [ -n "$selftests" ]; then
	# where it costs least: for 32-bit processes, too, in random order,
	# and disturbed
	room
	SHUFFLE=$RANDOM run "$started" "${beds[0]}" uapi/ uapi32/ &
	room
	SIGNALS=1 run "$started" "${beds[0]}" uapi/ &
	room
	static "$started" &
fi
for bed in "${kunit_beds[@]}"; do
	# user-mode Linux has one node
	[[ $bed != native-* ]] || continue
	# what two nodes cannot show, and CPUs of a node without memory; seats, of
	# which two CPUs have one
	room
	SUITES="mpool_[ns][ue][am]*" SMP=8 NUMA=4 MEM=2048 run "$started" "$bed" kunit &
	room
	SUITES=mpool_numa SMP=8 NUMA=4 MEM=2048 MEMLESS=1 run "$started" "$bed" kunit &
done
all_done "$BUILD/check.tsv"

# What failed, once more and together, then the table.
status=0
[ -z "$selftests" ] ||
	awk -v whole="$whole" -f "$VM_DIR/attack.awk" \
		"$TOP/selftests/attack/list" "$BUILD/check.tsv" || status=1
bash "$VM_DIR/report.sh" "$BUILD/check.tsv" || status=$?
exit "$status"
