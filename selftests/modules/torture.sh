#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: everything at once, see torture/. While it runs, CPUs go and come
# back, all shrinkers are called, the views are read, processes lease from the pool
# and are killed at it; where the kernel can do that, allocations fail in all but one
# case. TORTURE_SECONDS is the length of all cases together.

modules=${MODULES:-/modules}
total=${TORTURE_SECONDS:-24}
cases=4
cpus=/sys/devices/system/cpu
debug=/sys/kernel/debug
events=/sys/kernel/tracing/events/mpool/enable
nodes=/sys/devices/system/node
# Apart from the other events, which are traced only in one case.
shrinks=/sys/kernel/tracing/instances/torture
short=/tmp/torture.short
address=
min_free=/proc/sys/vm/min_free_kbytes
kept=
running=/sys/module/mpool_torture/parameters/running
gone=/tmp/torture.gone
leased=/tmp/torture.leased
began=/tmp/torture.began
spoiled=/tmp/torture.spoiled
# More than can fail: the kernel counts down from it.
times=1000000000
disturbers=
n=0

hotplug() {
	while :; do
		for cpu in "$cpus"/cpu[1-9]*/online; do
			echo 0 >"$cpu" && echo "$cpu" >>"$gone"
			sleep 0.3
			echo 1 >"$cpu"
			sleep 0.2
		done
	done 2>/dev/null
}

shrink() {
	# from now on it says nothing in the log
	echo 4 >/proc/sys/vm/drop_caches
	while :; do
		echo 2 >/proc/sys/vm/drop_caches
		sleep 0.1
	done
}

look() {
	while :; do
		cat $debug/mpool/summary $debug/mpool/torture/*
		sleep 0.1
	done >/dev/null 2>&1
}

# Who leases stops when the module says so, which then waits for what is leased;
# before, it is killed again and again.
lease() {
	seed=0
	while :; do
		seed=$((seed + 1))
		rm -f $began
		/tests/tools/lessee torture $seed $running $began &
		lessee=$!
		echo $lessee >$leased
		# who takes long to come so far has leased something, too
		while [ ! -e $began ]; do
			sleep 0.2
		done
		sleep $((seed % 3))
		kill -KILL $lessee 2>/dev/null
		wait $lessee
		# killed, as it should be, or ended by itself
		[ $? -ne 2 ] || echo $lessee >>$spoiled
	done 2>/dev/null
}

# The calls of mpool's shrinker for a node that memory is short on, not those of
# drop_caches, whose priority is 0.
watch_shrinks() {
	[ -d ${shrinks%/*} ] || return
	address=$(awk '$3 == "shrink_scan" && $4 == "[mpool]" { print $1 }' /proc/kallsyms)
	[ -n "$address" ] && mkdir $shrinks || return
	event=$shrinks/events/vmscan/mm_shrink_slab_start
	echo "shrink == 0x$address && priority > 0" >$event/filter
	echo 1 >$event/enable
}

note_shrinks() {
	[ -d $shrinks ] || return
	sed -n 's/.* mm_shrink_slab_start: .* nid: \([0-9]*\) .*/\1/p' $shrinks/trace >>$short
	echo >$shrinks/trace
}

# nodes that have memory
with_memory() {
	awk '/ MemTotal:/ && $4 > 0 { print $2 }' $nodes/node[0-9]*/meminfo
}

# Of what is free on the nodes the kernel keeps back all but 64 MiB of each: so little
# is taken in a second even where all processors are busy, and all of it is not.
keep_back() {
	[ "$(with_memory | wc -l)" -gt 1 ] || return
	kept=$(cat $min_free)
	awk '/ MemTotal:/ && $4 > 0 { total[$2] = $4; sum += $4 }
	/ MemFree:/ { free[$2] = $4 }
	END {
		for (node in total) {
			share = (free[node] - 65536) / total[node]
			least = least == "" || share < least ? share : least
		}
		if (least > 0)
			printf "%d\n", least * sum
	}' $nodes/node[0-9]*/meminfo >$short
	[ ! -s $short ] || cat $short >$min_free
	echo "# $(cat $min_free) KiB are kept back instead of $kept"
	: >$short
}

can_fail() {
	[ -d $debug/failslab ] && [ -d $debug/fail_page_alloc ]
}

# failing NAME VALUE: for both kinds
failing() {
	echo "$2" >$debug/failslab/"$1"
	echo "$2" >$debug/fail_page_alloc/"$1"
}

# By turns any of those who torture the pool, and anybody's that cannot wait, in
# interrupts too; never all of everybody's. Not the latter while the module loads: the
# loader itself allocates so.
fail() {
	failing task-filter Y
	failing ignore-gfp-wait N
	failing probability 5
	until [ "$(cat $running 2>/dev/null)" = Y ]; do
		sleep 0.1
	done
	while :; do
		sleep 1
		failing ignore-gfp-wait Y
		failing task-filter N
		sleep 1
		failing task-filter Y
		failing ignore-gfp-wait N
	done
}

fail_never() {
	can_fail || return
	failing probability 0
	failing ignore-gfp-wait Y
	failing task-filter N
}

failed() {
	echo $((times - $(cat $debug/"$1"/times)))
}

disturb() {
	for what in "$@"; do
		$what &
		disturbers="$disturbers $!"
		# Among so many who never sleep, processes would come to nothing
		# before they are killed.
		case $what in
		lease | fail)	renice -n -10 -p $! ;;
		esac
	done
}

peace() {
	# shellcheck disable=SC2086
	kill $disturbers
	# shellcheck disable=SC2086
	wait $disturbers 2>/dev/null
	disturbers=
	# The last one, if its keeper went first.
	kill -KILL "$(cat $leased)" 2>/dev/null
	fail_never
	for cpu in "$cpus"/cpu[1-9]*/online; do
		[ ! -w "$cpu" ] || echo 1 >"$cpu" 2>/dev/null
	done
	# Who still has the file open keeps the pool: and its name.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -d $debug/mpool/torture ] || return
		sleep 0.5
	done
	echo "# the pool is still there"
}

torture() {
	name=$1
	shift
	n=$((n + 1))
	disturb shrink look lease
	[ ! -w $cpus/cpu1/online ] || disturb hotplug
	case $* in
	*scarce=1*)	! can_fail || disturb fail ;;
	esac
	if insmod "$modules/mpool_torture.ko" seconds=$((total / cases)) \
			press_first=$((n - 1)) "$@"; then
		rmmod mpool_torture
		echo "ok $n $name"
	else
		echo "not ok $n $name"
	fi
	dmesg | sed -n 's/.*mpool_torture: /# /p' | tail -n 6
	note_shrinks
	peace
}

# Where nobody uses mpool: see init.
trace() {
	[ ! -w $events ] || echo "$1" >$events
}

# seen NAME TIMES
seen() {
	n=$((n + 1))
	if [ "$2" -gt 0 ]; then
		echo "ok $n $1 # $2 times"
	else
		echo "not ok $n $1"
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n $1 # SKIP $2"
}

last=$(sed 's/.*[,-]//' $nodes/has_memory 2>/dev/null)

echo "TAP version 13"
echo "1..$((cases + 5))"
[ -z "$TORTURE_SECONDS" ] || echo "# $total s on $(nproc) CPUs"
: >"$gone"
: >"$spoiled"
: >"$short"
if can_fail; then
	# whatever a test before this left: nothing of everybody's may fail
	fail_never
	trap fail_never EXIT
	failing verbose 0
	failing times $times
	echo 0 >$debug/fail_page_alloc/min-order
fi
watch_shrinks
keep_back
torture "with room, on the last node" node=$((${last:-0} + 1)) scarce=1
torture "at the limit" max=64 tasks=24
trace 1
torture "with a reserve, traced" max=64 reserve=8 scarce=1
trace 0
torture "debugged, on the first node" debug=1 scarce=1 node=1
[ ! -d $shrinks ] || rmdir $shrinks
[ -z "$kept" ] || echo "$kept" >$min_free
if [ ! -w $cpus/cpu1/online ]; then
	skip "CPUs went" "no CPU can go offline here"
else
	seen "CPUs went" "$(wc -l <$gone)"
fi
if [ "$(with_memory | wc -l)" -lt 2 ]; then
	skip "the shrinker was called for each node" "there is one node"
elif [ -z "$address" ]; then
	skip "the shrinker was called for each node" "nothing can be traced here"
else
	n=$((n + 1))
	result=ok
	for node in $(with_memory); do
		grep -qx "$node" $short || result="not ok"
	done
	echo "$result $n the shrinker was called for each node #$(sort -n $short |
		uniq -c | awk '{ printf " %d times for node %d", $1, $2 }')"
fi
seen "processes leased" "$(dmesg | awk '/mpool_torture: / && / leases, / {
	sub(/ leases, .*/, "")
	sum += $NF
} END { print sum + 0 }')"
n=$((n + 1))
if [ -s "$spoiled" ]; then
	echo "not ok $n leases had nobody else's bytes"
else
	echo "ok $n leases had nobody else's bytes"
fi
if can_fail; then
	n=$((n + 1))
	slabs=$(failed failslab)
	pages=$(failed fail_page_alloc)
	if [ "$slabs" -gt 0 ] && [ "$pages" -gt 0 ]; then
		echo "ok $n allocations failed # $slabs of slabs, $pages of pages"
	else
		echo "not ok $n allocations failed # $slabs of slabs, $pages of pages"
	fi
	failing times 1
	failing verbose 2
	echo 1 >$debug/fail_page_alloc/min-order
else
	skip "allocations failed" "this kernel lets none fail"
fi
