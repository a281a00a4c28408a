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
			svg)	echo "set terminal svg size 960,${height:-600} font 'DejaVu Sans,13' background '#ffffff'" ;;
			png)	echo "set terminal pngcairo size 960,${height:-600} font 'DejaVu Sans,11'" ;;
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

# labelled NAME TITLE YLABEL COMMANDS: $tmp/labelled has LABEL, SUBJECT, VALUE; a
# group for each label, in the order in which they come
labelled() {
	local name=$1 plot="" subject n=2 names
	[ -s "$tmp/labelled" ] || return 0
	names=$(cut -f 2 "$tmp/labelled" | awk '!seen[$0]++')
	awk -F "\t" -v names="$(tr '\n' ' ' <<<"$names")" '
		BEGIN { nr = split(names, name, " ") }
		!($1 in seen) { seen[$1] = 1; order[++labels] = $1 }
		{ value[$1, $2] = $3 }
		END {
			for (l = 1; l <= labels; l++) {
				printf "%s", order[l]
				for (n = 1; n <= nr; n++)
					printf "\t%s", (order[l], name[n]) in value ? value[order[l], name[n]] : "nan"
				print ""
			}
		}' "$tmp/labelled" >"$tmp/bars"
	for subject in $names; do
		plot+="${plot:+, }'$tmp/bars' using $n:xtic(1) $(style "$subject" | sed 's/pt .*//') title '$subject'"
		n=$((n + 1))
	done
	render "$name" "$2" "" "$3" \
		"set datafile separator '\t'
		set xtics rotate by -30 noenhanced
		set style data histogram
		set style histogram clustered gap 1
		set style fill solid 0.9 noborder
		$4" "$plot"
}

# memory NAME TITLE SHAPES: percents of $bed
memory() {
	jq -r --arg bed "$bed" --arg shapes "$3" '
		def bytes: if . >= 1048576 then " \(. / 1048576)M"
			elif . >= 1024 then " \(. / 1024)K"
			elif . == 0 then "" else " \(.)" end;
		($shapes | split(" "))[] as $shape | .[] |
		select(.bed == $bed and .shape == $shape and .unit == "percent") |
		[.shape + (.size | bytes), .subject, .median] | @tsv' \
		"$out/report.json" >"$tmp/labelled"
	labelled "$1-$bed" "$2 ($bed)" "percent" "set yrange [0:*]"
}

# target_bars VERDICT COLOUR: a bar for each of these
target_bars() {
	printf "'%s' using (0.01):1:(0.01):(strcol(3) eq '%s' ? (\$4 > 0.011 ? \$4 : 0.011) : NaN):(\$1 - 0.35):(\$1 + 0.35)" \
		"$tmp/bars" "$1"
	printf " with boxxyerror lc '%s' title '%s'" "$2" "$1"
}

# targets: of $bed, so that up to 1 is met: measured by target for what shall be
# small, target by measured for what shall be large
targets() {
	local rows
	jq -r --arg bed "$bed" '
		.[] | select(.bed == $bed and .value != null) |
		(.target | split(" ")) as $t | ($t[1] | tonumber) as $limit |
		[.what, (if .verdict == "met" then "met" else "missed" end),
		 (if $t[0] == ">=" then
			if .value > 0 then $limit / .value else 10 end
		  elif $limit == 0 then (if .value == 0 then 1 else 10 end)
		  else .value / $limit end | [., 10] | min)] | @tsv' \
		"$out/targets.json" | nl -w 1 >"$tmp/bars"
	[ -s "$tmp/bars" ] || return 0
	rows=$(wc -l <"$tmp/bars")
	height=$((150 + 22 * rows)) render "targets-$bed" \
		"Measured against the target: up to 1 is met ($bed)" \
		"share of the target; 10: or more" "" \
		"set datafile separator '\t'
		set key outside center bottom horizontal noenhanced
		set style fill solid 0.9 noborder
		set logscale x
		set xrange [0.01:11]
		set yrange [$rows.6:0.4]
		set ytics noenhanced
		unset grid
		set arrow from 1, graph 0 to 1, graph 1 nohead lc '#000000' lw 2 front" \
		"$(target_bars met '#1e8449'), $(target_bars missed '#c0392b'), '$tmp/bars' using (0.01):1:ytic(2) with points pt 0 notitle"
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
	select_records ".bed == \"$bed\" and .shape == \"cross-used\" and .threads == 2" | series size
	bars "cross-used-$bed" "The same, written on the one and read on the other ($said)" "$unit a buffer" "set yrange [0:*]"
	select_records ".bed == \"$bed\" and .shape == \"softirq-pair\"" | series size
	bars "softirq-$bed" "An allocation and its free in a softirq ($said)" "$unit a pair" "set yrange [0:*]"
	memory waste "Memory that nobody asked for" \
		"waste-uniform waste-uniform-cost waste-trace waste-trace-cost footprint"
	memory overhead "Memory beside the buffers" overhead
	memory burst "Memory back after 10,000 buffers" burst-returned
	targets "$bed"
done
