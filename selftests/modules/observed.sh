#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: what tracefs and debugfs show of the steps of mpool_observed.c.
#
# Cases are called by their names in a list.
# shellcheck disable=SC2317

modules=${MODULES:-/modules}
views=/sys/kernel/debug/mpool/observed
tracing=/sys/kernel/tracing
log=/tmp/.observed
n=0

# case NAME COMMAND...
case_of() {
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n $name"
	else
		echo "not ok $n $name"
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n $1 # SKIP this kernel has no tracefs"
}

# seen COUNT EVENT PATTERN: so many events whose fields match, or "some"
seen() {
	found=$(grep -cE " $2: pool=observed .*$3" $log)
	case $1 in
	some)	[ "$found" -gt 0 ] && return ;;
	*)	[ "$found" -eq "$1" ] && return ;;
	esac
	echo "# $2 with $3: seen $found times, wanted $1"
	grep " $2: " $log | head -n 4 | sed 's/^/# /'
	return 1
}

# field EVENT NAME NR: of the NR-th such event
field() {
	grep -E " $1: pool=observed" $log | sed -n "$3p" |
		sed "s/.* $2=\([^ ]*\).*/\1/"
}

alloc_says() {
	seen 1 mpool_alloc "size=128 asked=100 .*node=[0-9]+ gfp=GFP_KERNEL caller=[a-z_.]+\+.*\[mpool_observed\]" &&
		seen 1 mpool_alloc "size=128 asked=90 .*gfp=GFP_NOWAIT" &&
		seen 5 mpool_alloc "size=128 asked=120 .*\[mpool_observed\]" &&
		seen 2 mpool_alloc "size=4096 asked=4096 " &&
		seen 9 mpool_alloc ""
}

free_says() {
	seen 2 mpool_free "size=128 .*node=[0-9]+ caller=[a-z_.]+\+.*\[mpool_observed\]" &&
		seen 2 mpool_free "" &&
		[ "$(field mpool_free buf 1)" = "$(field mpool_alloc buf 1)" ] &&
		[ "$(field mpool_free buf 2)" = "$(field mpool_alloc buf 2)" ] &&
		[ -n "$(field mpool_free buf 1)" ]
}

miss_says() {
	seen some mpool_miss "size=128 err=0 ns=[1-9][0-9]* gfp=GFP_KERNEL" &&
		seen 2 mpool_miss "size=4096 err=0 " &&
		seen some mpool_miss "size=4096 err=-28 "
}

grow_says() {
	seen some mpool_grow "size=128 nr=1 backed=1 max=64 node=[0-9]+ gfp=GFP_KERNEL" &&
		seen 1 mpool_grow "size=4096 nr=1 backed=2 max=2 "
}

shrink_says() {
	seen some mpool_shrink "size=128 nr=[1-9][0-9]* backed=0"
}

exhaust_says() {
	seen 1 mpool_exhaust "size=4096 max=2 bytes=[1-9][0-9]* max_bytes=[1-9][0-9]* err=-28 waits=0 gfp=GFP_NOWAIT" &&
		seen 1 mpool_exhaust "size=4096 max=2 .*err=-28 waits=1 gfp=GFP_KERNEL" &&
		seen 2 mpool_exhaust ""
}

wait_says() {
	seen 1 mpool_wait_begin "size=4096" && seen 1 mpool_wait "size=4096 err=-110" &&
		[ "$(field mpool_wait ns 1)" -ge 20000000 ]
}

leak_says() {
	seen 1 mpool_leak "size=128 nr=5 age_ms=0 leased=0 pid=0" &&
		seen 1 mpool_leak "size=4096 nr=2 "
}

# As anybody would: only large buffers, by an expression over fields.
filter_works() {
	echo 'pool == "observed" && size > 128' >$tracing/events/mpool/mpool_alloc/filter &&
		echo >$tracing/trace &&
		echo 1 >$tracing/events/mpool/mpool_alloc/enable &&
		insmod "$modules/mpool_observed.ko" || return 1
	rmmod mpool_observed
	echo 0 >$tracing/events/mpool/mpool_alloc/enable
	echo 0 >$tracing/events/mpool/mpool_alloc/filter
	grep ' mpool_alloc: ' $tracing/trace >$log
	seen 2 mpool_alloc "size=4096" && [ "$(wc -l <$log)" -eq 2 ]
}

stat_of() {
	awk -v name="$1" '$1 == name { print $2; exit }' $views/stats
}

# sum VIEW ROW COLUMN: over the lines whose second word is ROW
sum() {
	awk -v row="$2" -v column="$3" '$1 != "total" && $2 == row { s += $column }
		END { print s + 0 }' "$views/$1"
}

# parts VIEW COLUMN: all the single lines of CPUs or nodes
parts() {
	awk -v column="$2" 'NR > 1 && $1 != "total" && $2 != "all" { s += $column }
		END { print s + 0 }' "$views/$1"
}

# totals VIEW COLUMN: the lines of CPUs or nodes over all classes
totals() {
	awk -v column="$2" '$1 == "total" { s += $column } END { print s + 0 }' "$views/$1"
}

# same WHAT A B
same() {
	[ "$2" -eq "$3" ] && return
	echo "# $1: $2 and $3"
	return 1
}

cpus_add_up() {
	same hits "$(sum cpus all 4)" "$(stat_of hits)" &&
		same "hits by CPU" "$(totals cpus 4)" "$(stat_of hits)" &&
		same "hits of CPUs" "$(parts cpus 4)" "$(stat_of hits)" &&
		[ "$(stat_of hits)" -gt 0 ]
}

nodes_add_up() {
	same backed "$(sum nodes all 3)" "$(stat_of backed)" &&
		same "backed of nodes" "$(parts nodes 3)" "$(stat_of backed)" &&
		same "backed by node" "$(totals nodes 3)" "$(stat_of backed)" &&
		same depot_hits $(($(sum cpus all 5) + $(sum nodes all 6))) \
			"$(stat_of depot_hits)" &&
		same frees $(($(sum cpus all 6) + $(sum nodes all 7))) \
			"$(stat_of frees)" &&
		[ "$(stat_of backed)" -gt 6 ]
}

latency_adds_up() {
	for what in miss:misses wait:waits; do
		same "${what#*:}" "$(awk -v w="${what%:*}" '$1 == w && $2 == "total" &&
			$3 != "mean" { s += $5 } END { print s + 0 }' $views/latency)" \
			"$(stat_of "${what#*:}")" || return 1
	done
	# The one that waited, for 20 ms or more.
	awk '$1 == "wait" && $2 == 4096 && $3 == "mean" && $4 >= 20000000 && $5 == 1 { ok = 1 }
		END { exit !ok }' $views/latency
}

fragmentation_says() {
	# 128 bytes for 100, 90 and five times 120.
	awk '$1 == 128 && $2 == 7 && $3 == 896 && $4 == 790 && $5 == "11.8" { small = 1 }
		$1 == 4096 && $2 == 2 && $3 == $4 && $5 == "0.0" && $6 == 8 && $7 == 8 { page = 1 }
		$1 == "total" && $2 == 9 && $3 == 9088 && $4 == 8982 { total = 1 }
		END { exit !(small && page && total) }' $views/fragmentation && return
	sed 's/^/# /' $views/fragmentation
	return 1
}

leaks_say() {
	awk '$1 == "kernel" && $2 == 128 && $3 == 5 { small = 1 }
		$1 == "kernel" && $2 == 4096 && $3 == 2 { page = 1 }
		END { exit !(small && page && NR == 3) }' $views/leaks && return
	sed 's/^/# /' $views/leaks
	return 1
}

events="alloc free miss grow shrink exhaust wait leak"

echo "TAP version 13"
echo "1..15"
traced=
if [ -d $tracing/events/mpool ]; then
	traced=1
	echo >$tracing/trace
	echo 1 >$tracing/events/mpool/enable
fi
case_of "the steps are taken" insmod "$modules/mpool_observed.ko"
if [ $traced ]; then
	echo 0 >$tracing/events/mpool/enable
	cat $tracing/trace >$log
fi
for event in $events; do
	if [ $traced ]; then
		case_of "mpool_$event" "${event}_says"
	else
		skip "mpool_$event"
	fi
done
for view in cpus_add_up nodes_add_up latency_adds_up fragmentation_says leaks_say; do
	case_of $view $view
done
rmmod mpool_observed
if [ $traced ]; then
	case_of "a filter over fields" filter_works
else
	skip "a filter over fields"
fi
