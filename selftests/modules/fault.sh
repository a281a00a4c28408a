#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: every allocation below the in-kernel interface fails once, see mpool_fault.c;
# in brief, each fourth.

modules=${MODULES:-/modules}
debug=/sys/kernel/debug
step=4
[ "$ATTACK" != full ] || step=1

echo "TAP version 13"
if [ ! -d $debug/failslab ] || [ ! -d $debug/fail_page_alloc ]; then
	echo "1..0 # SKIP this kernel lets no allocation fail"
	exit 4
fi
echo "1..1"
# Those that may wait can fail as well, and those of a single page.
echo N >$debug/failslab/ignore-gfp-wait
echo N >$debug/fail_page_alloc/ignore-gfp-wait
echo 0 >$debug/fail_page_alloc/min-order
# The traces of thousands would fill the log.
echo 0 >$debug/failslab/verbose
echo 0 >$debug/fail_page_alloc/verbose
if insmod "$modules/mpool_fault.ko" step=$step; then
	rmmod mpool_fault
	echo "ok 1 what could not be allocated was an error and no more"
else
	echo "not ok 1 what could not be allocated was an error and no more"
fi
dmesg | sed -n 's/.*mpool_fault: /# /p' | tail -n 30
echo 2 >$debug/failslab/verbose
echo 2 >$debug/fail_page_alloc/verbose
echo 1 >$debug/fail_page_alloc/min-order
echo Y >$debug/failslab/ignore-gfp-wait
echo Y >$debug/fail_page_alloc/ignore-gfp-wait
