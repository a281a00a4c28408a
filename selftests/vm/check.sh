#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh [kunit] [selftests]: the test suites on their beds, all of them when
# none is named; static checks go with the kselftests. BEDS="..." replaces the
# kernels of the kselftests, JOBS= says how many machines run at a time.

. "$(dirname "$0")/lib.sh"

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(kunit selftests)
read -r -a beds <<<"${BEDS:-stock-6.1 debug-6.1}"
bash "$VM_DIR/packages.sh" base debug tools lint
. "$VM_DIR/lanes.sh"

sh "$TOP/selftests/readme.sh" ||
	printf 'fail\tREADME.md\treadme.sh\texamples\tthey differ\n' >"$work/00"
sh "$TOP/selftests/errnos.sh" >&2 ||
	printf 'fail\terrors.rst\terrnos.sh\ttests\tan errno has none\n' >>"$work/00"

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

# What several runs use is built before any of them; should that fail, the run
# that needs it says so.
for part in "${parts[@]}"; do
	case $part in
	kunit)
		bash "$VM_DIR/module.sh" debug-6.1 kunit >/dev/null || true ;;
	selftests)
		for bed in "${beds[@]}"; do
			bash "$VM_DIR/module.sh" "$bed" plain >/dev/null || true
		done
		bash "$VM_DIR/programs.sh" >/dev/null || true ;;
	*)
		die "unknown part $part" ;;
	esac
done
export PREBUILT=1

# The longest first, that nothing is left to wait for at the end.
case " ${parts[*]} " in
*" selftests "*)
	for ((i = ${#beds[@]} - 1; i >= 0; i--)); do
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
	done ;;
esac
case " ${parts[*]} " in
*" kunit "*)
	room
	run "$started" debug-6.1 kunit & ;;
esac
case " ${parts[*]} " in
*" selftests "*)
	# where it costs least: for 32-bit processes, too, in random order,
	# and disturbed
	room
	SHUFFLE=$RANDOM run "$started" "${beds[0]}" uapi/ uapi32/ &
	room
	SIGNALS=1 run "$started" "${beds[0]}" uapi/ &
	room
	static "$started" & ;;
esac
case " ${parts[*]} " in
*" kunit "*)
	# what two nodes cannot show, and CPUs of a node without memory
	room
	SUITES=mpool_numa SMP=8 NUMA=4 MEM=2048 run "$started" debug-6.1 kunit &
	room
	SUITES=mpool_numa SMP=8 NUMA=4 MEM=2048 MEMLESS=1 run "$started" debug-6.1 kunit & ;;
esac
all_done "$BUILD/check.tsv"

# What failed, once more and together, then the table.
status=0
case " ${parts[*]} " in
*" selftests "*)
	awk -f "$VM_DIR/attack.awk" "$TOP/selftests/attack/list" "$BUILD/check.tsv" || status=1 ;;
esac
bash "$VM_DIR/report.sh" "$BUILD/check.tsv" || status=$?
exit "$status"
