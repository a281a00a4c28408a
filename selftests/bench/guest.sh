#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guest.sh: runs in the machine, runs the groups that /tests/bench/run names and
# prints their lines, "=" before each, and what they took; at last how many lines
# there were.

. /tests/bench/run
modules=${MODULES:-/modules}

[ -d /sys/module/mpool ] || insmod "$modules/mpool.ko" || exit 1
insmod "$modules/mpool_bench.ko" insn_ns="$INSN_NS" quick="$QUICK" || exit 1

bad=0 lines=0

# show: the lines of a group, counted
show() {
	sed 's/^/= /' /tmp/lines
	lines=$((lines + $(grep -c '' /tmp/lines)))
}

for group in $GROUPS_TO_RUN; do
	start=$(cut -d ' ' -f 1 /proc/uptime)
	if ! cat "/sys/kernel/debug/mpool_bench/$group" >/tmp/lines; then
		echo "group $group failed"
		bad=1
	fi
	show
	echo "$group: $(cut -d ' ' -f 1 /proc/uptime) - $start s of the machine's time"
done
# a process that leases: system calls are not what they cost elsewhere, when time
# is time
if [ -x /tests/bench/lease ]; then
	/tests/bench/lease "$INSN_NS" >/tmp/lines || bad=1
	show
fi
rmmod mpool_bench || bad=1
echo "lines: $lines"
exit $bad
