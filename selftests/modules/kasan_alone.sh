#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: a use after mpool_free() is reported by KASAN.  In a machine of its own,
# since KASAN reports once, and its report puts the lock checker to sleep.

modules=${MODULES:-/modules}

echo "TAP version 13"
if ! grep -q ' kasan_report$' /proc/kallsyms; then
	echo "1..0 # SKIP this kernel has no KASAN"
	exit 4
fi
echo "1..2"
if insmod "$modules/mpool_misuse.ko" debugged=0 && rmmod mpool_misuse; then
	echo "ok 1 nothing is said of a use before it"
else
	echo "not ok 1 nothing is said of a use before it"
fi
echo "mpool-test: expect BUG: KASAN: (slab-)?use-after-free in misuse_uses" >/dev/kmsg
insmod "$modules/mpool_misuse.ko" debugged=0 fault=use_after_free && rmmod mpool_misuse
status=$?
echo "mpool-test: expected" >/dev/kmsg
if [ $status -eq 0 ] && dmesg | grep -q 'KASAN: .*use-after-free in misuse_uses'; then
	echo "ok 2 a use after it is reported"
else
	echo "not ok 2 a use after it is reported"
fi
