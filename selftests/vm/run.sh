#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh BED [kunit | TEST...]: builds, boots and tests. A TEST is uapi/NAME or
# modules/NAME.sh or tools/NAME, or attack/NAME, or uapi32/NAME for a 32-bit process;
# uapi/ stands for all programs of that name; without any, all of them but uapi32/. Prints what failed or was skipped
# and a count; with RESULTS=FILE the cases are added to that file, as tap.awk
# prints them. Where the logs are is said when something failed.
#
# A test whose name has "_alone" in it gets a machine of its own.
#
# In the environment: ATTACK=full runs the attacks in full length, SHUFFLE=NUMBER
# everything twice and in random order, SIGNALS=1 everything under 1,000 signals a
# second, TORTURE_SECONDS=NUMBER modules/torture.sh that long; SUITES=PATTERN
# (mpool_numa) runs these KUnit suites only; PART=K/N of all tests each N-th, from
# the K-th.

. "$(dirname "$0")/lib.sh"

bed=${1:?bed}
shift
case $bed in
stock-*)	: "${TEST_TIMEOUT:=300}" ;;
*)		: "${TEST_TIMEOUT:=600}" "${NUMA:=2}" ;;
esac
export NUMA

# programs_of DIR: the compiled tests of a directory of selftests/
programs_of() {
	local f
	for f in "$programs/$1"/*; do
		if [ -f "$f" ] && [ -x "$f" ]; then
			echo "$1/$(basename "$f")"
		fi
	done
}

# scripts_of DIR: the scripts of a directory of selftests/
scripts_of() {
	local f
	for f in "$TOP/selftests/$1"/*.sh; do
		[ ! -e "$f" ] || echo "$1/$(basename "$f")"
	done
}

# named TEST: itself, or with a slash at its end the programs of a directory, and of
# one that has none its scripts
named() {
	case $1 in
	tools/)		printf 'tools/%s\n' libmpool mpoolctl.sh example_lease.sh ;;
	modules/)	scripts_of modules ;;
	*/)		programs_of "${1%/}" ;;
	*)		echo "$1" ;;
	esac
}

# all_tests: what is there to run
all_tests() {
	programs_of uapi
	programs_of attack
	scripts_of uapi
	scripts_of attack
	scripts_of modules
	named tools/
}

# shuffle NUMBER: the lines of stdin in random order, the same for a number
shuffle() {
	awk -v seed="$1" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' | sort -n | cut -f 2-
}

# machine NAME MODE TEST...: one VM; its cases are added to $cases
machine() {
	local name=$1 mode=$2 dir why=
	shift 2
	mkdir -p "$BUILD/run"
	# logs of yesterday
	find "$BUILD/run" -mindepth 1 -maxdepth 1 -mmin +600 -exec rm -rf {} +
	dir=$(mktemp -d "$BUILD/run/$name.XXXXXX")
	mkdir -p "$dir/tree"/{modules,tests/uapi,tests/uapi32,tests/attack,tests/modules}
	find "$modules" -name '*.ko' -exec cp {} "$dir/tree/modules/" \;
	if [ "$mode" = tests ]; then
		cp -a "$BUILD/test-tools/tree/." "$dir/tree/"
		local d f
		for d in uapi uapi32 attack; do
			case " $*" in
			*" $d/"*)
				find "$programs/$d" -maxdepth 1 -type f -perm -100 ! -name '.*' \
					-exec cp {} "$dir/tree/tests/$d/" \; ;;
			esac
		done
		cp "$TOP/selftests/uapi/settings" "$dir/tree/tests/uapi32/"
		for f in "$TOP"/selftests/{uapi,attack,modules}/{*.sh,settings}; do
			[ ! -e "$f" ] || cp "$f" "$dir/tree/tests/$(basename "$(dirname "$f")")/"
		done
		case " $* " in
		*" modules/observers_alone.sh "*)
			bash "$VM_DIR/observers.sh" "$bed" "$dir/tree" ;;
		esac
	fi
	printf '%s=%q\n' MODE "$mode" TESTS "$*" TEST_TIMEOUT "$TEST_TIMEOUT" \
		ATTACK "${ATTACK:-}" SHUFFLE "${SHUFFLE:-}" SIGNALS "${SIGNALS:-}" \
		TORTURE_SECONDS "${TORTURE_SECONDS:-}" SUITES "${SUITES:-}" >"$dir/run"

	bash "$VM_DIR/initramfs.sh" "$bed" "$dir/initrd" "$dir/tree" "$dir/run"
	if ! bash "$VM_DIR/boot.sh" "$bed" "$dir/initrd" "$dir"; then
		why=$(cat "$dir/why" 2>/dev/null || echo "the machine did not start")
		if [ "$mode" = kunit ]; then
			why+=", after \"$(grep -aoE '(# Subtest: |ok [0-9]+ ).*' "$dir/console" |
				tail -n 1 | tr -d '\r')\""
		fi
	fi
	rm -rf "$dir/tree"
	touch "$dir/results"
	if [ "${GCOV:-0}" = 1 ]; then
		sed -n 's/\r$//; s/^gcov //p' "$dir/results" | base64 -d >"$dir/gcov.tgz"
	fi
	# before and after those that were asked for
	[ "$mode" != tests ] || set -- load "$@" unload
	awk -v bed="${label:-$bed}" -v tests="$*" -v why="$why" -f "$VM_DIR/tap.awk" \
		"$dir/results" >"$dir/cases"
	cat "$dir/cases" >>"$cases"
	if grep -q '^fail' "$dir/cases"; then
		say "logs: ${dir#"$TOP/"}/console, results"
	else
		rm -f "$dir/initrd"
	fi
}

cases=$(mktemp)
trap 'rm -f "$cases"' EXIT

if [ "${1:-}" = kunit ]; then
	modules=$(bash "$VM_DIR/module.sh" "$bed" kunit)
	label=$bed${SUITES:+-$SUITES}
	machine "$bed-kunit" kunit kunit unload
else
	modules=$(bash "$VM_DIR/module.sh" "$bed" plain)
	programs=$(bash "$VM_DIR/programs.sh")
	if [ $# -eq 0 ]; then
		mapfile -t tests < <(all_tests | awk -v part="${PART:-1/1}" '
			BEGIN { split(part, p, "/") }
			NR % p[2] == p[1] % p[2]')
	else
		mapfile -t tests < <(for t in "$@"; do named "$t"; done)
	fi
	set -- "${tests[@]}"
	label=$bed
	if [ -n "${SIGNALS:-}" ]; then
		label+=-signals
	fi
	if [ -n "${SHUFFLE:-}" ]; then
		label+=-twice
		say "everything twice, in the order of SHUFFLE=$SHUFFLE"
		mapfile -t tests < <(
			for turn in 1 2; do
				printf '%s\n' "$@" | shuffle "$turn$SHUFFLE"
			done)
		set -- "${tests[@]}"
	fi
	together=() alone=()
	for t in "$@"; do
		case $t in
		*_alone*)	alone+=("$t") ;;
		*)		together+=("$t") ;;
		esac
	done
	if [ ${#together[@]} -gt 0 ] || [ ${#alone[@]} -eq 0 ]; then
		machine "$label" tests "${together[@]}"
	fi
	for t in "${alone[@]}"; do
		machine "$label-$(basename "$t")" tests "$t"
	done
fi

[ -z "${RESULTS:-}" ] || cat "$cases" >>"$RESULTS"
bash "$VM_DIR/report.sh" "$cases"
