#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: perf and bpftrace see the steps of mpool_observed.c, by the very lines that
# Documentation/tracing.rst gives to users; vm/observers.sh brings all three.
#
# Only what they have to be pointed at is changed: "sleep 10" becomes the steps, and
# "video" the steps' pool.  What is new in the document fails here until it is checked.
#
# Cases are called by their names in a list.
# shellcheck disable=SC2317

modules=${MODULES:-/modules}
# What perf calls insmod; by its number, where the machine was so busy that it lost the
# event that tells the name.
who='(busybox|:[0-9]+)'
doc=/tests/modules/tracing.rst
steps="/bin/busybox insmod $modules/mpool_observed.ko"
lines=/tmp/.lines
out=/tmp/.out
script=/tmp/.script
n=0

# lines_of SECTION: its commands, each on a line
lines_of() {
	awk -v section="$1" '
	/^[=-]+$/ { part = before }
	{ before = $0 }
	part != section { next }
	/^\t\t/ { sub(/^\t+/, " "); line = line $0; next }
	line != "" { print line; line = "" }
	/^\t/ { line = substr($0, 2) }
	END { if (line != "") print line }' $doc
}

# line PATTERN: the one that the document has
line() {
	grep -e "$1" $lines && return
	echo "# $doc has no line with $1" >&2
	return 1
}

# run LINE: as it stands, while the steps are taken; what it says is in $out
run() {
	# for perf from a pipe is "write there"; bpftrace ends with the command
	command=$(echo "$1" | sed "s|sleep 10|$steps|; s|\"video\"|\"observed\"|
		s|^bpftrace |&-c '$steps' |; s|^perf trace .*|& $steps|")
	echo "# $command"
	eval "$command" >$out 2>&1 </dev/null
	status=$?
	rmmod mpool_observed && [ $status -eq 0 ] && return
	echo "# status $status"
	return 1
}

# seen COUNT PATTERN [FILE]: on so many lines
seen() {
	found=$(grep -cE -e "$2" "${3:-$out}")
	[ "$found" -eq "$1" ] && return
	echo "# seen on $found lines, wanted on $1: $2"
	return 1
}

# recorded: perf script of what was recorded
recorded() {
	eval "$(line '^perf script$' | head -n 1)" >$script 2>&1 </dev/null
}

perf_stat() {
	run "$(line '^perf stat ')" || return 1
	for event in alloc:9 free:2 exhaust:2 wait_begin:1 wait:1 leak:2 lease:0 release:0; do
		seen 1 "^ +${event#*:} +mpool:mpool_${event%:*} *$" || return 1
	done
	[ "$(grep -c ' mpool:' $out)" -eq "$(echo /sys/kernel/tracing/events/mpool/*/ | wc -w)" ]
}

perf_record_alloc() {
	said='mpool:mpool_alloc: pool=observed'
	rest='buf=0x[0-9a-f]+ node=[0-9]+ gfp=GFP_'
	run "$(line '^perf record -e mpool:mpool_alloc ')" && recorded &&
		seen 9 "$who .* $said size=" $script &&
		seen 1 "$said size=128 asked=100 ${rest}KERNEL caller=" $script &&
		seen 1 "$said size=128 asked=90 ${rest}NOWAIT caller=" $script &&
		seen 5 "$said size=128 asked=120 ${rest}KERNEL caller=" $script &&
		seen 2 "$said size=4096 asked=4096 ${rest}KERNEL caller=" $script
}

# by_ns LIMIT: the line with its limit replaced; nothing below it is recorded
by_ns() {
	command=$(line '^perf record -e mpool:mpool_miss ' | sed "s/ns > [0-9]*/ns > $1/")
	run "$command" && recorded || return 1
	awk -v limit="$1" '/ mpool:mpool_miss: / && match($0, /ns=[0-9]+/) {
		if (substr($0, RSTART + 3, RLENGTH - 3) <= limit + 0)
			below++
	} END { exit below > 0 }' $script
}

perf_record_miss() {
	limit=$(line '^perf record -e mpool:mpool_miss ' | sed 's/.*ns > \([0-9]*\).*/\1/')
	by_ns "$limit" && by_ns 0 &&
		seen 2 'mpool:mpool_miss: pool=observed size=4096 err=0 ns=[1-9]' $script || return 1
	# and where from: each has a stack
	misses=$(grep -c ' mpool:mpool_miss: ' $script)
	seen "$misses" '^	.* do_init_module\+' $script &&
		seen "$misses" '^	.* mpool_alloc_slow\+.*mpool' $script
}

perf_trace() {
	run "$(line '^perf trace ')" &&
		seen 1 "$who/[0-9]+ mpool:mpool_wait\(pool: \"observed\", size: 4096, " &&
		seen 1 'mpool:mpool_wait'
}

bpftrace_by_pool() {
	run "$(line 'mpool_alloc .*args->pool. = count')" &&
		seen 1 '^@\[observed\]: 9$' && seen 1 '^@'
}

# Of 4 KiB there are two.
bpftrace_miss() {
	run "$(line 'mpool_miss .*hist(args->ns)')" && seen 1 '^@ns\[128\]:' || return 1
	awk '/^@/ { pages = /^@ns\[4096\]:/ }
		pages && match($0, /\) +[0-9]+ +\|/) { sub(/.*\) +/, ""); sum += $1 }
		END { exit sum != 2 }' $out
}

bpftrace_leak() {
	run "$(line 'mpool_free .*delete')" && seen 7 '^@at\[0x[0-9a-f]+\]:' &&
		seen 7 ' do_init_module\+'
}

bpftrace_wait() {
	run "$(line 'mpool_wait .*sum(args->ns')" && seen 1 '^@' || return 1
	awk '/^@ms\[busybox\]: / && $2 >= 20 && $2 < 10000 { found = 1 } END { exit !found }' $out
}

# tell RESULT NAME
tell() {
	n=$((n + 1))
	echo "$1 $n $2"
}

# of PROGRAM CASE...
of() {
	program=$1
	shift
	if ! command -v "$program" >/dev/null; then
		for name in "$@"; do
			tell ok "$name # SKIP $(cat "/etc/no-$program")"
		done
		return
	fi
	for name in "$@"; do
		if $name; then
			tell ok "$name"
		else
			tell "not ok" "$name"
			head -n 40 $out | sed 's/^/# /'
		fi
	done
}

echo "TAP version 13"
if [ ! -r $doc ] || [ ! -d /sys/kernel/tracing/events/mpool ]; then
	echo "1..0 # SKIP no tracefs here, or no $doc"
	exit 4
fi
{
	lines_of perf
	lines_of bpftrace
} >$lines
echo "1..9"
of perf perf_stat perf_record_alloc perf_record_miss perf_trace
of bpftrace bpftrace_by_pool bpftrace_miss bpftrace_leak bpftrace_wait
# perf script comes twice
if [ "$(sort -u $lines | wc -l)" -eq 9 ]; then
	tell ok "all lines of the document"
else
	tell "not ok" "all lines of the document"
	sed 's/^/# /' $lines
fi
