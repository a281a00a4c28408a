#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: a pool that ends without one of its buffers says so, and its user's
# memory stays; a debugged one names who took it.  In a machine of its own, since what is lost stays lost.

modules=${MODULES:-/modules}

echo "TAP version 13"
if [ -e /sys/kernel/debug/kmemleak ]; then
	echo "1..0 # SKIP kmemleak would find what is lost on purpose"
	exit 4
fi
echo "1..3"
insmod "$modules/mpool_observed.ko" leak=1 && dmesg -c >/dev/null && rmmod mpool_observed
if dmesg | grep -q "mpool: observed: 1 of 128 bytes unreturned$"; then
	echo "ok 1 the end of the pool says what is missing"
else
	echo "not ok 1 the end of the pool says what is missing"
fi
if insmod "$modules/mpool_observed.ko" && rmmod mpool_observed; then
	echo "ok 2 a pool of that name can be made again"
else
	echo "not ok 2 a pool of that name can be made again"
fi
# The stack follows, from the site on, where the kernel keeps stacks.
site='mpool: observed: 1 of 128 bytes unreturned, oldest [0-9]* s, by steps+0x[^ ]* \[mpool_observed\], pid [1-9][0-9]* (insmod)$'
debug=/sys/module/mpool/parameters/debug
echo Y >$debug
insmod "$modules/mpool_observed.ko" leak=1 && dmesg -c >/dev/null && rmmod mpool_observed
echo N >$debug
if dmesg | grep -q "$site"; then
	echo "ok 3 the end of a debugged pool says who took it"
else
	echo "not ok 3 the end of a debugged pool says who took it"
	dmesg | sed -n 's/.*mpool: observed/# &/p'
fi
