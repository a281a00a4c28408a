#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: everything at once for a few seconds, see mpool_torture.c; while it
# runs, CPUs go and come back. SECONDS_EACH sets the length of each case.

modules=${MODULES:-/modules}
seconds=${SECONDS_EACH:-4}
cpu=/sys/devices/system/cpu/cpu1/online
n=0

hotplug() {
	while :; do
		echo 0 >$cpu
		sleep 0.3
		echo 1 >$cpu
		sleep 0.3
	done 2>/dev/null
}

torture() {
	name=$1
	shift
	n=$((n + 1))
	if insmod "$modules/mpool_torture.ko" seconds="$seconds" "$@"; then
		rmmod mpool_torture
		echo "ok $n $name"
	else
		echo "not ok $n $name"
	fi
}

echo "TAP version 13"
echo "1..4"
torture "with room"
torture "at the limit" max=16 tasks=12
torture "with a reserve" max=24 reserve=8
if [ -w $cpu ]; then
	hotplug &
	pid=$!
	torture "while CPUs go and come"
	kill $pid
	wait $pid 2>/dev/null
	echo 1 >$cpu 2>/dev/null
else
	echo "ok 4 while CPUs go and come # SKIP no CPU can go offline here"
fi
