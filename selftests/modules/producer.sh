#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: round trips through a pool from tasks and hardirq, see mpool_producer.c.

modules=${MODULES:-/modules}
pools=/sys/kernel/debug/mpool
n=0

result() {
	n=$((n + 1))
	echo "$1 $n $2"
}

check() {
	name=$1
	shift
	if "$@"; then
		result ok "$name"
	else
		result "not ok" "$name"
	fi
}

not() {
	! "$@"
}

load() {
	insmod "$modules/mpool_producer.ko" "$@"
}

# spoiled: the load fails for that alone
spoiled() {
	said=$(load "$@" 2>&1) && return 1
	[ "${said%Input/output error}" != "$said" ]
}

echo "TAP version 13"
echo "1..6"
check "records come back as they were" load "count=${COUNT:-2000}"
check "the pool stands in debugfs" test -d "$pools/producer"
check "mpool cannot go while a module uses it" not rmmod mpool
check "the pool goes with its module" sh -c "rmmod mpool_producer &&
	! test -d $pools/producer"
check "a spoiled record is noticed" spoiled count=200 corrupt=1
check "a failed load leaves no pool" not test -d "$pools/producer"
