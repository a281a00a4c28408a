#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: everything at once, see torture/. While it runs, CPUs go and come
# back, all shrinkers are called, and the views are read. TORTURE_SECONDS is the
# length of all cases together.

modules=${MODULES:-/modules}
total=${TORTURE_SECONDS:-24}
cpus=/sys/devices/system/cpu
gone=/tmp/torture.gone
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
		cat /sys/kernel/debug/mpool/summary /sys/kernel/debug/mpool/torture/*
		sleep 0.1
	done >/dev/null 2>&1
}

disturb() {
	for what in "$@"; do
		$what &
		disturbers="$disturbers $!"
	done
}

peace() {
	# shellcheck disable=SC2086
	kill $disturbers
	wait 2>/dev/null
	for cpu in "$cpus"/cpu[1-9]*/online; do
		[ ! -w "$cpu" ] || echo 1 >"$cpu" 2>/dev/null
	done
}

torture() {
	name=$1
	shift
	n=$((n + 1))
	if insmod "$modules/mpool_torture.ko" seconds=$((total / 3)) "$@"; then
		rmmod mpool_torture
		echo "ok $n $name"
	else
		echo "not ok $n $name"
	fi
	dmesg | sed -n 's/.*mpool_torture: /# /p' | tail -n 6
}

echo "TAP version 13"
echo "1..4"
[ -z "$TORTURE_SECONDS" ] || echo "# $total s on $(nproc) CPUs"
: >"$gone"
disturb shrink look
[ ! -w $cpus/cpu1/online ] || disturb hotplug
torture "with room"
torture "at the limit" max=64 tasks=24
torture "with a reserve" max=64 reserve=8
peace
if [ ! -w $cpus/cpu1/online ]; then
	echo "ok 4 CPUs went # SKIP no CPU can go offline here"
elif [ -s "$gone" ]; then
	echo "ok 4 CPUs went # $(wc -l <"$gone") times"
else
	echo "not ok 4 CPUs went"
fi
