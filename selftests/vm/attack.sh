#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# attack.sh: the attacks of selftests/attack/list in full length, some hours on two
# CPUs. BEDS="..." replaces the kernels, "static" among them (debug-6.1 kcsan-6.1
# stock-6.1 static).

. "$(dirname "$0")/lib.sh"

read -r -a beds <<<"${BEDS:-static stock-6.1 debug-6.1 kcsan-6.1}"
bash "$VM_DIR/packages.sh" base debug tools
mkdir -p "$BUILD"
RESULTS=$BUILD/attack.tsv
: >"$RESULTS"
export RESULTS ATTACK=full SECONDS_EACH=60
# of a machine; the longest are 10,000 kills under KASAN
export VM_TIMEOUT=${VM_TIMEOUT:-36000}
seed=${SEED:-$RANDOM}

# run NAME ARG...: a run that could not even report is one failure
run() {
	local before
	say "== $*"
	before=$(wc -l <"$RESULTS")
	bash "$VM_DIR/run.sh" "$@" >/dev/null || true
	[ "$before" -ne "$(wc -l <"$RESULTS")" ] ||
		printf 'fail\t%s\t%s\tbuild\tit could not be built or started\n' "$1" "$2" >>"$RESULTS"
}

for bed in "${beds[@]}"; do
	case $bed in
	static)
		if bash "$VM_DIR/static.sh" >&2; then
			printf 'pass\tstatic\tstatic\tno finding\t\n' >>"$RESULTS"
		else
			printf 'fail\tstatic\tstatic\tno finding\tthere are some\n' >>"$RESULTS"
		fi ;;
	kcsan-*)
		# what is concurrent
		run "$bed" uapi/{race,life,turns,release} modules/torture.sh \
			attack/{mapping,arguments,racing,holding,dying,loading} ;;
	*)
		run "$bed" uapi/ uapi/load.sh modules/torture.sh attack/
		SHUFFLE=$seed run "$bed" uapi/ uapi32/
		SIGNALS=1 run "$bed" uapi/ ;;
	esac
done

status=0
bash "$VM_DIR/report.sh" "$RESULTS" || status=$?
awk -v full=1 -f "$VM_DIR/attack.awk" "$TOP/selftests/attack/list" "$RESULTS" || status=$?
exit "$status"
