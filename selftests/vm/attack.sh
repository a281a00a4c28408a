#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# attack.sh: the attacks of selftests/attack/list in full length, some hours on two
# CPUs. BEDS="..." replaces the kernels, "static" among them (debug-6.1 kcsan-6.1
# stock-6.1 static), JOBS= says how many machines run at a time.

. "$(dirname "$0")/lib.sh"

read -r -a beds <<<"${BEDS:-static stock-6.1 debug-6.1 kcsan-6.1}"
bash "$VM_DIR/packages.sh" base debug tools
# A processor for each CPU of a machine: on two processors the debug kernel bears 500
# kills a minute alone, and 125 beside another machine.
JOBS=${JOBS:-$((($(nproc) + 1) / 2))}
. "$VM_DIR/lanes.sh"
results=$BUILD/attack.tsv
export ATTACK=full
# of a machine; the longest are 10,000 kills under KASAN
export VM_TIMEOUT=${VM_TIMEOUT:-36000}
seed=${SEED:-$RANDOM}

machines=()
for bed in "${beds[@]}"; do
	[ "$bed" = static ] || machines+=("$bed")
done
build_before plain "${machines[@]}"

# Those of an hour have a machine each, and begin.
concurrent=(attack/loading attack/dying attack/killing attack/racing)
long=("${concurrent[@]}" attack/failing_load)
short=()
for f in "$BUILD"/attack/*; do
	if [ -f "$f" ] && [ -x "$f" ]; then
		case " ${long[*]} " in
		*" attack/${f##*/} "*)	;;
		*)	short+=("attack/${f##*/}") ;;
		esac
	fi
done

# as "make torture" does
torture() {
	TORTURE_SECONDS=600 SMP=${SMP:-4} NUMA=${NUMA:-2} run "$@" modules/torture.sh
}

# static NUMBER: as one case
static() {
	local result=pass
	say "== static checks"
	bash "$VM_DIR/static.sh" >&2 || result=fail
	printf '%s\tstatic\tstatic\tno finding\t\n' "$result" >"$work/$1"
}

for bed in "${beds[@]}"; do
	case $bed in
	static)
		room
		static "$started" & ;;
	kcsan-*)
		for test in "${concurrent[@]}"; do
			room
			run "$started" "$bed" "$test" &
		done
		room
		run "$started" "$bed" \
			uapi/{race,life,turns,pieces,release,keep,revoke,carve,quota,groups,memcg} \
			uapi/{pin,ends,inflight,direct,huge,window,lease} \
			attack/{mapping,arguments,fetching,holding,starving,content,pinned} \
			modules/pressure.sh uapi/load.sh &
		room
		torture "$started" "$bed" & ;;
	*)
		# every suite where it costs least, that of the calls everywhere
		twice=(uapi/ uapi/load.sh uapi32/)
		[[ $bed != stock-* ]] || twice+=(attack/ modules/ tools/)
		for test in "${long[@]}"; do
			room
			run "$started" "$bed" "$test" &
		done
		room
		run "$started" "$bed" "${short[@]}" modules/{fault,pressure}.sh &
		room
		torture "$started" "$bed" &
		room
		ATTACK=brief SHUFFLE=$seed run "$started" "$bed" "${twice[@]}" &
		room
		SIGNALS=1 run "$started" "$bed" uapi/ & ;;
	esac
done
all_done "$results"

status=0
bash "$VM_DIR/report.sh" "$results" || status=$?
awk -v whole=1 -v full=1 -f "$VM_DIR/attack.awk" "$TOP/selftests/attack/list" "$results" || status=$?
exit "$status"
