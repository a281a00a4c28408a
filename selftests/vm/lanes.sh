# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced behind lib.sh: several machines side by side, JOBS= of them:
#
#	build_before plain|kunit BED...
#	room
#	VARIABLE=... run "$started" BED TEST... &
#	all_done FILE
#
# What they print is about their beginning and end; their cases are in $work/NUMBER,
# one file for each, until all_done.

# Emulated, a machine with its two CPUs keeps less than one of ours busy. More than
# four at a time have nothing left to do but to wait for the longest.
jobs=${JOBS:-$(nproc)}
[ "$jobs" -le 4 ] || jobs=4
started=10
mkdir -p "$BUILD"
work=$(mktemp -d "$BUILD/work.XXXXXX")

# Each run is a group of processes, to be ended with its machine.
set -m
# shellcheck disable=SC2317 # by the trap
end() {
	local group
	for group in $(jobs -p); do
		kill -- "-$group" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM

# build_before VARIANT BED...: what their machines share; should that fail, the run
# that needs it says so
build_before() {
	local variant=$1 bed
	shift
	for bed in "$@"; do
		PREBUILT=0 bash "$VM_DIR/module.sh" "$bed" "$variant" >/dev/null || true
	done
	[ "$variant" = kunit ] || PREBUILT=0 bash "$VM_DIR/programs.sh" >/dev/null || true
	export PREBUILT=1
}

# room: waits until one more can run beside the others, and numbers it
room() {
	while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do
		wait -n || true
	done
	started=$((started + 1))
}

# lost BED TEST WHY: the line of a run that has no cases to show for it
lost() {
	printf 'fail\t%s\t%s\t%s\t%s\n' "$1" "$2" run "$3"
}

# run NUMBER NAME ARG...: a run that could not even report is one failure
run() {
	local results=$work/$1 what status=0
	shift
	what="$*${PART:+, part $PART}"
	say "== $what"
	RESULTS=$results bash "$VM_DIR/run.sh" "$@" >/dev/null || status=$?
	if [ ! -s "$results" ]; then
		lost "$1" "${2:-selftests}" "it could not be built or started" >"$results"
	elif [ $status -ne 0 ] && ! grep -q '^fail' "$results"; then
		# behind a line that may be half a one
		{
			echo
			lost "$1" "${2:-selftests}" "the run ended with status $status"
		} >>"$results"
	fi
	say "== $what: $(bash "$VM_DIR/report.sh" "$results" | tail -n 1) ($SECONDS s from the start)"
}

# all_done FILE: waits, and puts the cases of all into FILE
all_done() {
	local n
	wait
	for ((n = 11; n <= started; n++)); do
		[ -s "$work/$n" ] || lost selftests "run $n" "it left nothing" >"$work/$n"
	done
	cat "$work"/* >"$1"
}
