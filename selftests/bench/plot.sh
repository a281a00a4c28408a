#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# plot.sh: draws what build/bench/report.json has, each plot as SVG and as PNG.

. "$(dirname "$0")/../vm/lib.sh"

out=$BUILD/bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# select FILTER: the medians that FILTER takes, as an array
select_records() {
	jq -c "map(select(.unit != \"tsc\" and .init_on_alloc == ${init:-0} and ($1)))" \
		"$out/report.json"
}

# series X <RECORDS: what each subject has at X, its file in $tmp/by-SUBJECT, all of
# it in $tmp/all; the subjects in $tmp/names
series() {
	jq -r --arg x "$1" '
		["mpool", "mpool-size", "kmem_cache", "kmalloc", "mempool",
		 "alloc_pages", "alloc_pages_bulk", "page_pool", "bare", "bare-irq"] as $order |
		[$order[] as $s | map(select(.subject == $s)) | select(length > 0)] |
		(map(.[0].subject) | join(" ")),
		(.[] | sort_by(.[$x])[] |
			"\(.subject)\t\(.[$x])\t\(.median)\t\(.min)\t\(.max)")' >"$tmp/all"
	head -n 1 "$tmp/all" >"$tmp/names"
	sed -i 1d "$tmp/all"
	rm -f "$tmp"/by-*
	awk -F "\t" -v dir="$tmp/by-" '{ print $2, $3, $4, $5 >(dir $1) }' "$tmp/all"
}

# A subject looks the same everywhere.
style() {
	case $1 in
	mpool)		echo 'lc "#c0392b" pt 7 lw 3' ;;
	mpool-size)	echo 'lc "#e67e22" pt 5 lw 2' ;;
	kmem_cache)	echo 'lc "#2471a3" pt 9 lw 2' ;;
	kmalloc)	echo 'lc "#5dade2" pt 11 lw 2' ;;
	mempool)	echo 'lc "#7d3c98" pt 13 lw 2' ;;
	alloc_pages)	echo 'lc "#1e8449" pt 4 lw 2' ;;
	page_pool)	echo 'lc "#58d68d" pt 6 lw 2' ;;
	bare-irq)	echo 'lc "#bfc9ca" pt 3 lw 2 dt 4' ;;
	*)		echo 'lc "#7f8c8d" pt 3 lw 2 dt 2' ;;
	esac
}

# draw NAME TITLE XLABEL YLABEL COMMANDS [USING]: x
draw() {
	local name=$1 title=$2 xlabel=$3 ylabel=$4 commands=$5 using=${6:-1:2}
	local subject plot="" names
	names=$(cat "$tmp/names")
	[ -s "$tmp/all" ] || return 0
	for subject in $names; do
		plot+="${plot:+, }'$tmp/by-$subject' using $using"
		plot+=" with linespoints $(style "$subject") title '$subject'"
	done
	render "$name" "$title" "$xlabel" "$ylabel" "$commands" "$plot"
}

render() {
	local name=$1 term
	for term in svg png; do
		{
			case $term in
			svg)	echo "set terminal svg size 960,600 font 'DejaVu Sans,13' background '#ffffff'" ;;
			png)	echo "set terminal pngcairo size 960,600 font 'DejaVu Sans,11'" ;;
			esac
			cat <<-GNUPLOT
				set output '$out/$name.$term'
				set title "$2" noenhanced
				set xlabel "$3" noenhanced
				set ylabel "$4" noenhanced
				set key outside right top noenhanced
				set grid ytics lc '#dddddd'
				set border 3
				set tics nomirror
				$5
				plot $6
			GNUPLOT
		} | gnuplot
	done
}

# bars NAME TITLE YLABEL COMMANDS: $tmp/all by size, a group for each size
bars() {
	local name=$1 plot="" subject n size sizes names
	names=$(cat "$tmp/names")
	[ -s "$tmp/all" ] || return 0
	sizes=$(cut -f 2 "$tmp/all" | sort -nu)
	for size in $sizes; do
		printf '%s' "$(numfmt --to=iec "$size" | sed "s/\.0//")"
		for subject in $names; do
			printf '\t%s' "$(awk -v s="$subject" -v z="$size" \
				'$1 == s && $2 == z { v = $3 } END { print v == "" ? "nan" : v }' "$tmp/all")"
		done
		echo
	done >"$tmp/bars"
	n=2
	for subject in $names; do
		plot+="${plot:+, }'$tmp/bars' using $n:xtic(1) $(style "$subject" | sed 's/pt .*//') title '$subject'"
		n=$((n + 1))
	done
	render "$name" "$2" "size of a buffer" "$3" \
		"set style data histogram
		set style histogram clustered gap 1
		set style fill solid 0.9 noborder
		$4" "$plot"
}

unit_of() {
	case $1 in
	insn-*)	echo instructions ;;
	*)	echo ns ;;
	esac
}

for bed in $(jq -r 'map(.bed) | unique[]' "$out/report.json"); do
	unit=$(unit_of "$bed")
	for init in $(jq -r --arg b "$bed" 'map(select(.bed == $b).init_on_alloc) | unique[]' "$out/report.json"); do
		name=$bed said="$bed, init_on_alloc=$init"
		[ "$init" = 0 ] || name+=-init
		select_records ".bed == \"$bed\" and .shape == \"pair\"" | series size
		bars "pair-$name" "An allocation and its free ($said)" "$unit a pair" "set logscale y"
		select_records ".bed == \"$bed\" and .shape == \"held\" and .size == 256" | series batch
		draw "held-256-$name" "256 bytes, so many held ($said)" "held at a time" "$unit a pair" "set logscale x 2; set yrange [0:*]"
		select_records ".bed == \"$bed\" and .shape == \"held\" and .size == 4096" | series batch
		draw "held-4096-$name" "4 KiB, so many held ($said)" "held at a time" "$unit a pair" "set logscale x 2; set yrange [0:*]"
		select_records ".bed == \"$bed\" and .shape == \"bulk\" and .size == 256" | series batch
		draw "bulk-256-$name" "256 bytes, so many by one call ($said)" "buffers a call" "$unit an object" "set logscale x 2; set logscale y"
	done
	init=0
	said="$bed, init_on_alloc=0"
	select_records ".bed == \"$bed\" and .shape == \"many\"" | series batch
	draw "many-$bed" "Pairs in so many pools in turn ($said)" "pools, or caches" "$unit a pair" "set logscale x; set yrange [0:*]"
	select_records ".bed == \"$bed\" and .shape == \"mempool_perf\" and .batch == 32 and .put == 32" | series keep
	draw "keep-$bed" "mempool_perf: get 32, put 32, so many kept ($said)" "kept" "$unit an object" "set logscale x 2; set yrange [0:*]"
	for size in 256 4096; do
		select_records ".bed == \"$bed\" and .shape == \"threads\" and .size == $size" | series threads
		draw "threads-$size-$bed" "Threads, $size bytes, 2 CPUs ($said)" "threads" "million pairs a second, all together" \
			"set yrange [0:*]; set xtics 1" "1:(1000/\$2)"
		select_records ".bed == \"$bed\" and .shape == \"cross\" and .threads == 2 and .batch == 1" | series size
	done
	bars "cross-$bed" "Allocated on one CPU, freed on another ($said)" "$unit a buffer" "set yrange [0:*]"
done
