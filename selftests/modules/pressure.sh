#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: memory runs short in the whole machine. What lies idle in a pool goes to who
# needs it, before anybody is killed; what is in use stays.

modules=${MODULES:-/modules}
fill=/tmp/pressure

meminfo() {
	awk -v what="$1:" '$1 == what { print int($2 / 1024) }' /proc/meminfo
}

# MiB that the pool has from the system
backed() {
	awk '$1 == "pressure" { print int($NF / 1024) }' /sys/kernel/debug/mpool/summary
}

check() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
	fi
}

echo "TAP version 13"
# Most of what is free, lest filling the rest takes long.
mib=$(($(meminfo MemFree) - 96))
if [ $mib -lt 64 ]; then
	echo "1..0 # SKIP $mib MiB are too little to leave idle"
	exit 4
fi
echo "1..5"
insmod "$modules/mpool_pressure.ko" mib=$mib
loaded=$?
check $loaded "$mib MiB were left idle"
[ $loaded = 0 ] || exit 1
before=$(backed)
# All that is free, and a share of what the pool could spare.
want=$(($(meminfo MemFree) + mib / 8))
mkdir $fill
mount -t tmpfs -o "size=$((want + 16))m" fill $fill
echo "# $before MiB in the pool, $(meminfo MemFree) free, $want wanted"
fallocate -l $((want << 20)) $fill/file
check $? "who needed memory got it"
after=$(backed)
echo "# $after MiB in the pool, $(meminfo MemFree) free"
[ "$after" -lt $((before - mib / 16)) ]
check $? "the pool gave what was idle"
! dmesg | grep -q 'invoked oom-killer\|Out of memory'
check $? "nobody was killed"
umount $fill
rmdir $fill
rmmod mpool_pressure
dmesg | tail -n 20 | grep -q 'mpool_pressure: what was held is intact'
check $? "what was in use stayed"
