#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh [kunit] [selftests]: the test suites on their beds; all of them when
# none is named. BEDS="..." replaces the kernels of the kselftests.

. "$(dirname "$0")/lib.sh"

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(kunit selftests)
read -r -a beds <<<"${BEDS:-stock-6.1 debug-6.1}"

bash "$VM_DIR/packages.sh" base debug tools
mkdir -p "$BUILD"
RESULTS=$(mktemp "$BUILD/results.XXXXXX")
trap 'rm -f "$RESULTS"' EXIT
export RESULTS

sh "$TOP/selftests/readme.sh" ||
	printf 'fail\tREADME.md\treadme.sh\texamples\tthey differ\n' >>"$RESULTS"
sh "$TOP/selftests/errnos.sh" >&2 ||
	printf 'fail\terrors.rst\terrnos.sh\ttests\tan errno has none\n' >>"$RESULTS"

# run NAME ARG...: a run that could not even report is one failure
run() {
	local before after
	say "== $*"
	before=$(wc -l <"$RESULTS")
	bash "$VM_DIR/run.sh" "$@" >/dev/null || true
	after=$(wc -l <"$RESULTS")
	if [ "$before" -eq "$after" ]; then
		printf 'fail\t%s\t%s\t%s\t%s\n' "$1" "${2:-selftests}" build \
			"it could not be built or started" >>"$RESULTS"
	fi
}

for part in "${parts[@]}"; do
	case $part in
	kunit)
		run debug-6.1 kunit
		# what two nodes cannot show, and CPUs of a node without memory
		SUITES=mpool_numa SMP=8 NUMA=4 MEM=2048 run debug-6.1 kunit
		SUITES=mpool_numa SMP=8 NUMA=4 MEM=2048 MEMLESS=1 run debug-6.1 kunit ;;
	selftests)
		for bed in "${beds[@]}"; do
			run "$bed"
		done
		# where it costs least: for 32-bit processes, too, in random order,
		# and disturbed
		bed=${beds[0]}
		SHUFFLE=$RANDOM run "$bed" uapi/ uapi32/
		SIGNALS=1 run "$bed" uapi/ ;;
	*)
		die "unknown part $part" ;;
	esac
done

# What failed, once more and together, then the table.
status=0
case " ${parts[*]} " in
*" selftests "*)
	awk -f "$VM_DIR/attack.awk" "$TOP/selftests/attack/list" "$RESULTS" || status=1 ;;
esac
bash "$VM_DIR/report.sh" "$RESULTS" || status=$?
cp "$RESULTS" "$BUILD/check.tsv"
exit "$status"
