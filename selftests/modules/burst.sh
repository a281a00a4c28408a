#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: after a burst of 10,000 buffers and two cleanup intervals at least 95 %
# of the memory is the system's again, see mpool_burst.c.

modules=${MODULES:-/modules}
n=0

result() {
	n=$((n + 1))
	echo "$1 $n $2"
}

# burst NAME PARAMETER...
burst() {
	name=$1
	shift
	if insmod "$modules/mpool_burst.ko" "$@"; then
		rmmod mpool_burst
		result ok "$name"
	else
		result "not ok" "$name"
	fi
	dmesg | grep 'mpool_burst: ' | tail -n 1 | sed 's/^/# /'
}

echo "TAP version 13"
# It keeps what a cache gets back for a while, and takes a millisecond a buffer.
if grep -q ' kasan_report$' /proc/kallsyms; then
	echo "1..0 # SKIP KASAN has memory of its own, and makes cleanups slow"
	exit 4
fi
echo "1..5"
burst "1 KiB, last in first out" size=1024
burst "1 KiB, in no order" size=1024 shuffle=1
burst "64 bytes, in no order" size=64 shuffle=1 count=40000
burst "16 KiB, in no order" size=16384 shuffle=1
said=$(insmod "$modules/mpool_burst.ko" size=16384 keep=1 2>&1) && rmmod mpool_burst
case $said in
*"Input/output error")	result ok "memory that is kept is noticed" ;;
*)			result "not ok" "memory that is kept is noticed: $said" ;;
esac
