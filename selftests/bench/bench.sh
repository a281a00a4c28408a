#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench.sh full|quick: measures on each bed, and makes of it in build/bench
# report.json, report.csv, report.txt and the plots. Fails when a bed cannot be
# measured; a target that is missed is only said. BENCH_BEDS="..." takes some of
# the beds.

. "$(dirname "$0")/../vm/lib.sh"

here=$TOP/selftests/bench
out=$BUILD/bench
mode=${1:-full}
read -r -a beds <<<"${BENCH_BEDS:-insn-6.1 insn-7.2 native-7.2}"
case $mode in
full)	quick=0 limit=900 ;;
quick)	quick=1 limit=180 ;;
*)	die "full or quick, not $mode" ;;
esac
bash "$VM_DIR/packages.sh" base bench
began=$SECONDS
rm -rf "$out"
mkdir -p "$out/raw"

mkdir -p "$BUILD/bench-programs"
logged "$BUILD/bench-programs/.log" "building the benchmark of leases" \
	make -C "$here" OUT="$BUILD/bench-programs" CC=gcc

# measure BED INIT GROUP...: one machine; its lines go to raw/BED-INIT
measure() {
	local bed=$1 init=$2 tree kernel insn=2 icount=1
	shift 2
	case $bed in
	insn-*)		kernel=stock-${bed#insn-} ;;
	native-*)	kernel=$bed insn=0 icount=0 ;;
	*)		die "unknown bed $bed" ;;
	esac
	tree=$(mktemp -d)
	mkdir -p "$tree/tests/bench"
	cp "$here/guest.sh" "$tree/tests/bench/"
	printf '%s=%q\n' INSN_NS $insn QUICK $quick GROUPS_TO_RUN "$*" \
		>"$tree/tests/bench/run"
	if [ "$insn" != 0 ]; then
		cp "$BUILD/bench-programs/lease" "$tree/tests/bench/"
	fi
	# caches of one size would be one cache
	ICOUNT=$icount MPOOL_ACCEL=tcg MEM=2048 \
		APPEND="slab_nomerge init_on_alloc=$init" \
		bash "$VM_DIR/script.sh" "$kernel" "bench-$bed" "$tree" \
		/tests/bench/guest.sh >"$out/raw/$bed-$init"
	# each record that the machine made, or the report would have a gap
	if [ "$(grep -c '^= ' "$out/raw/$bed-$init")" != \
		"$(sed -n 's/^lines: //p' "$out/raw/$bed-$init")" ]; then
		cat "$out/raw/$bed-$init" >&2
		die "of $bed's figures some did not arrive"
	fi
}

# Counted ones side by side: a busy machine does not change them. Their clock
# runs ahead while they sleep, so the bursts are waited for there.
start=$SECONDS jobs=()
for bed in "${beds[@]}"; do
	case $bed in
	insn-*)
		(measure "$bed" 0 single softirq bulk matrix many waste burst) &
		jobs+=($!) ;;
	esac
done
for job in "${jobs[@]}"; do
	wait "$job" || die "a bed could not be measured: see $out/raw"
done
say "instructions: $((SECONDS - start)) s"
start=$SECONDS
for bed in "${beds[@]}"; do
	case $bed in
	native-*)
		measure "$bed" 0 single softirq bulk matrix threads cross many waste
		if [ "$quick" = 1 ]; then
			measure "$bed" 1 single bulk
		else
			measure "$bed" 1 single bulk threads cross
		fi ;;
	esac
done
say "time: $((SECONDS - start)) s"

for f in "$out"/raw/*; do
	name=$(basename "$f")
	jq -Rn --arg bed "${name%-*}" --argjson init "${name##*-}" \
		-f "$here/records.jq" "$f"
done | jq -s add >"$out/report.json"
jq -r '["bed", "shape", "size", "batch", "threads", "subject", "unit", "median",
	"min", "max", "runs", "init_on_alloc", "put", "keep", "pages"] as $keys |
	($keys | @csv), (.[] | [.[$keys[]]] | @csv)' \
	"$out/report.json" >"$out/report.csv"
jq -f "$here/targets.jq" "$out/report.json" | jq -s . >"$out/targets.json"

# tables MATRIX: what was measured, then what was aimed at
tables() {
	jq -r --argjson matrix "$1" -f "$here/table.jq" "$out/report.json" |
		column -t -s $'\t' -e
	printf '\nTargets and promises\n'
	jq -r '(["bed", "what", "measured", "target", "verdict"] | @tsv),
		(.[] | [.bed, .what, (.value // "-" | tostring), .target, .verdict] | @tsv)' \
		"$out/targets.json" | column -t -s $'\t'
	jq -r 'group_by(.verdict) | map("\(length) \(.[0].verdict)") | join(", ")' \
		"$out/targets.json"
}
tables true >"$out/report.txt"
tables false
bash "$here/plot.sh"
took=$((SECONDS - began))
say "all together: $took s"
[ "$took" -le "$limit" ] || say "that is more than the $limit s that \"$mode\" may take"
say "all of it is in ${out#"$TOP/"}: report.json, .csv, .txt, plots"
