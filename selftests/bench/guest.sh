#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guest.sh: runs in the machine, runs the groups that /tests/bench/run names and
# prints their lines, "=" before each, and what they took; at last how many lines
# there were.

. /tests/bench/run
modules=${MODULES:-/modules}

[ -d /sys/module/mpool ] || insmod "$modules/mpool.ko" || exit 1
insmod "$modules/mpool_bench.ko" insn_ns="$INSN_NS" quick="$QUICK" || exit 1

# idle: was nine tenths of the last second nobody's; fields as in proc(5)
idle() {
	read -r _ user nice system free _ </proc/stat
	sleep 1
	read -r _ user2 nice2 system2 free2 _ </proc/stat
	busy=$((user2 + nice2 + system2 - user - nice - system))
	[ $((free2 - free)) -gt $((9 * busy)) ]
}

# A kernel may test its ciphers for some seconds after it has booted.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	idle && break
done

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
